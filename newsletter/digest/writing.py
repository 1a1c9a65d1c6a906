"""An issue's items written out as its content: which block says what, and how long it is to read.

The blocks themselves are written in their own modules; a monthly issue in monthly.py.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import permutations

from newsletter.config import Settings
from newsletter.content.records import Comparison
from newsletter.content.store import ContentStore
from newsletter.db.statuses import ItemKind, Room
from newsletter.digest.changes import (
    CHANGES,
    Change,
    changes_block,
    find_changes,
    heading_change,
    heading_of,
    subjects_of,
)
from newsletter.digest.content import (
    Figure,
    IssueContent,
    Lead,
    Link,
    Masthead,
    Sources,
    TableRow,
    figures_for_everybody,
)
from newsletter.digest.findings import findings
from newsletter.digest.issues import Issue, Item
from newsletter.digest.items import answer_block, brief_block, card_block, changed_tools, followed_block
from newsletter.digest.lead import lead_block, line_beside_splits, versus
from newsletter.digest.links import affiliate_notice, footer_of, link_or_words, site_link
from newsletter.digest.material import Dossier, Material, RulingsOn, gather
from newsletter.digest.panel import score_key
from newsletter.digest.sources import sources_block
from newsletter.digest.store import ChosenQuote
from newsletter.digest.subject import (
    NOTHING_PROPOSED,
    Proposals,
    compute_preheader,
    compute_subject,
    propose_preheaders,
    propose_subjects,
    subject_with_splits,
)
from newsletter.digest.wording import count_words, plain
from newsletter.language import Language
from newsletter.schedule.slots import local_time, wall_time


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenIssue:
    """An issue written out, and what its editor might call it."""

    content: IssueContent
    proposals: Proposals = NOTHING_PROPOSED


def write_issue(
    issue: Issue,
    items: Sequence[Item],
    content: ContentStore,
    settings: Settings,
    *,
    number: int,
    rulings: RulingsOn,
    since: datetime | None = None,
    published: Collection[str] = (),
    followed: Collection[str] = (),
    overflow: int | None = None,
    chosen: Iterable[ChosenQuote] = (),
) -> WrittenIssue:
    """Write the whole issue as it reads now. `number` is the one it has, or would get if it were approved now.

    Changes are those since the cutoff of the issue before, `since` (None for the first issue); `published` are the
    comparisons in earlier issues, `followed` the tools that readers follow. `overflow` counts the items of the overflow
    line, where `items` has only the first of them; `chosen` are the sentences that an editor has it quote.
    """
    changes = find_changes(content, since, issue.cutoff_at, published, settings.language)
    own = content.tools(followed) if followed else {}
    if own:
        # Of a tool that the site has no longer, "no change" would not be true.
        gone = content.gone_tools()
        own = {key: each for key, each in own.items() if each.id not in gone}
    in_order = sorted(items, key=lambda item: item.position)
    shown = [item for item in in_order if item.room is not Room.OVERFLOW]
    rest = [item for item in in_order if item.room is Room.OVERFLOW]
    named = rest[: max(1, settings.digest.item_limit - sum(1 for item in items if _counts(item)))]
    compared, changed = subjects_of(changes)
    printed = (*shown, *named)
    material = gather(
        content,
        comparison_ids=[*(item.key for item in printed if item.kind is ItemKind.COMPARISON), *compared],
        tool_ids=[
            *(item.key for item in printed if item.kind in (ItemKind.VERDICT, ItemKind.MODEL)),
            *changed,
            *changed_tools(changes, own),
        ],
        source_order=settings.digest.source_order,
        rulings=rulings,
        language=settings.language,
    )

    leads, others = _comparisons(shown, Room.LEAD, material), _comparisons(shown, Room.MORE, material)
    pairs = [material.sides(each) for _, each in (*leads[:1], *others)]
    carded = [item for item in shown if item.room is Room.CARD and item.key in material.dossiers]
    singles = [material.dossiers[item.key] for item in carded]
    lead = _lead(issue, leads[0], material, settings, chosen) if leads else None
    more = tuple(brief_block(each, material, settings, item.note) for item, each in others)
    cards = tuple(
        card_block(item.kind, dossier, settings, material.sources, item.note)
        for item, dossier in zip(carded, singles, strict=True)
    )
    found = findings(pairs, singles, settings.digest, material.sources)
    asked = {item.key for item in shown if item.room is Room.QUESTION}
    question = next((each for each in material.questions if each.id in asked), None)

    sides = pairs[0] if leads else None
    largest = heading_change(changes, sides)
    heading = heading_of(largest, material) if largest is not None else ()
    subject = issue.subject or compute_subject(settings.site.name, number, sides, cards, heading)
    lead_lines = _lead_lines(issue, subject, lead, sides, settings)
    preheader = issue.preheader or compute_preheader(
        subject, lead_lines, found, more, cards, settings.language
    )
    written = IssueContent(
        subject=plain(subject),
        preheader=plain(preheader),
        masthead=masthead(issue, number, settings),
        note=issue.note,
        findings=found,
        lead=lead,
        changes=changes_block(changes, material, settings),
        followed=followed_block(own, changes, _places(pairs, singles, settings.language), material, settings),
        more=more,
        cards=cards,
        rest=_rest(named, len(rest) if overflow is None else overflow, material, settings),
        answer=answer_block(question, material, settings) if question is not None else None,
        sources=Sources(origins=(), disputes=()),
        footer=footer_of(settings),
        asks_votes=bool(settings.digest.vote_for),
        key=score_key(
            (each.panel for each in (*(side for pair in pairs for side in pair), *singles)),
            settings.language,
        ),
        is_first=since is None,
    )
    written = replace(written, sources=sources_block(figures_for_everybody(written), material, settings))
    return WrittenIssue(
        content=finished(written, settings.language),
        proposals=_proposals(issue, written, sides, changes, material, settings),
    )


def masthead(issue: Issue, number: int, settings: Settings) -> Masthead:
    """Return the masthead of an issue that is not finished: how long it is to read shows in the end.

    Its date is the day of the time that it goes out at, whether that is its slot's or its own.
    """
    own = issue.send_at and wall_time(issue.send_at, settings.zone)
    return Masthead(
        name=settings.site.name,
        edition=issue.edition,
        number=number,
        date_on=(own or local_time(issue.slot)).date(),
        minutes=1,
    )


def finished(written: IssueContent, language: Language) -> IssueContent:
    """Return the issue with what only the whole of it shows: what its labels mean, and its length."""
    written = replace(
        written, footer=replace(written.footer, affiliate_notice=affiliate_notice(written, language))
    )
    length = minutes(count_issue_words(written))
    return replace(written, masthead=replace(written.masthead, minutes=length))


def _counts(item: Item) -> bool:
    """Return whether it is one of the issue's items: verdicts that a comparison shows come with it."""
    return item.room is not Room.OVERFLOW and not item.is_told


def _comparisons(items: Iterable[Item], room: Room, material: Material) -> list[tuple[Item, Comparison]]:
    """Return the comparisons of a room that the store still has."""
    return [
        (item, material.comparisons[item.key])
        for item in items
        if item.room is room and item.kind is ItemKind.COMPARISON and item.key in material.comparisons
    ]


def _lead(
    issue: Issue,
    led: tuple[Item, Comparison],
    material: Material,
    settings: Settings,
    chosen: Iterable[ChosenQuote],
) -> Lead:
    item, comparison = led
    return lead_block(
        comparison,
        material,
        settings,
        written_line=issue.bottom_line,
        note=item.note,
        chosen={each.review_id: each.words for each in chosen if each.comparison_id == item.key},
    )


def _lead_lines(
    issue: Issue, subject: str, lead: Lead | None, sides: tuple[Dossier, Dossier] | None, settings: Settings
) -> tuple[Figure, ...]:
    """Return what the lead comes down to, beside what the subject says of it already; an editor's line stands alone."""
    if lead is None or sides is None:
        return ()
    if issue.bottom_line:
        return (lead.bottom_line,)
    beside = line_beside_splits(*sides, settings.digest.clear_margin)
    return (beside,) if subject == subject_with_splits(sides) else (lead.bottom_line, beside)


def _places(
    pairs: Iterable[tuple[Dossier, Dossier]], singles: Iterable[Dossier], language: Language
) -> Mapping[str, str]:
    """Return where this issue shows tools, by their ids."""
    shown: dict[str, str] = {}
    for pair in pairs:
        for side, other in permutations(pair):
            shown.setdefault(
                side.tool.id, language.gettext("compared with %(tool)s in this issue", tool=other.name)
            )
    for each in singles:
        shown.setdefault(each.tool.id, language.gettext("new in this issue"))
    return shown


def _rest(named: Iterable[Item], overflow: int, material: Material, settings: Settings) -> tuple[Link, ...]:
    """Return the overflow line: links to what is named, and how many more there are."""
    links = []
    for item in named:
        if item.key in material.comparisons:
            comparison = material.comparisons[item.key]
            label = versus(*material.sides(comparison))
            links.append(link_or_words(label, comparison.url, settings))
        elif item.key in material.dossiers:
            dossier = material.dossiers[item.key]
            links.append(link_or_words(dossier.name, dossier.tool.url, settings))
    more = overflow - len(links)
    label = settings.language.gettext("and %(count)s more", count=settings.language.count(more))
    return (*links, site_link(label, settings)) if more else tuple(links)


def _proposals(
    issue: Issue,
    written: IssueContent,
    sides: tuple[Dossier, Dossier] | None,
    changes: Sequence[Change],
    material: Material,
    settings: Settings,
) -> Proposals:
    """Return what the subject and the preheader might be, whatever they are."""
    told = [each for each in changes[:CHANGES] if each.is_about_tool and each.key in material.dossiers]
    headings = (heading_of(each, material) for each in told)
    subjects = propose_subjects(settings.site.name, written.masthead.number, sides, written.cards, headings)
    preheaders = [
        compute_preheader(
            subject,
            _lead_lines(issue, subject, written.lead, sides, settings),
            written.findings,
            written.more,
            written.cards,
            settings.language,
        )
        for subject in subjects[:1]
    ]
    preheaders += [each.words.text for each in written.changes[:2]]
    preheaders += [written.lead.bottom_line.text] if written.lead is not None else []
    preheaders += [each.text for each in written.findings]
    return Proposals(subjects=subjects, preheaders=propose_preheaders(preheaders))


# How long an issue is to read: the words that its blocks bring, and its minutes.
#
# What the templates add (headings, names over tables) counts too: `read_words` counts a finished text part.

#: Of a finished issue, of which 600 to 750 are usual.
MOST_WORDS = 800
WORDS_A_MINUTE = 200


def count_issue_words(issue: IssueContent) -> int:
    """Count the words of the issue that a reader reads; addresses, ids and the templates' own words not counted."""
    return sum(count_words(each) for each in _texts(issue))


def read_words(text: str) -> int:
    """Count the words of a finished text part; addresses are not read."""
    return count_words(" ".join(word for word in text.split() if "://" not in word))


def minutes(words: int) -> int:
    return max(1, -(-words // WORDS_A_MINUTE))


def lead_words(lead: Lead) -> int:
    return sum(count_words(each) for each in _lead_texts(lead))


def _texts(issue: IssueContent) -> Iterator[str]:
    yield from (issue.masthead.name, issue.note, issue.key, *(each.text for each in issue.findings))
    if issue.lead is not None:
        yield from _lead_texts(issue.lead)
    yield from (each.words.text for each in issue.changes)
    for brief in issue.more:
        yield from (brief.topic, brief.headline, brief.words.text, brief.note)
    for card in issue.cards:
        yield from (card.topic, card.kicker, card.name, card.split.text, card.line, card.note)
        yield from (f"{label} {value.text}" for label, value in card.facts)
    for week in issue.weeks:
        yield week.headline
        yield from (each.text for each in (week.bottom_line, week.pick_left_if, week.pick_right_if))
    yield from (f"{each.link.label} {each.split.text}" for each in issue.lines)
    yield from (each.label for each in issue.rest)
    if issue.answer is not None:
        yield from (issue.answer.question, issue.answer.answer)
    yield from (f"{each.name} {each.dated}" for each in issue.sources.origins)
    yield from (each.words for each in issue.sources.disputes)
    footer = issue.footer
    yield from (footer.why, footer.postal_address, footer.controller, footer.affiliate_notice)


def _lead_texts(lead: Lead) -> Iterator[str]:
    yield from (lead.headline, lead.bottom_line.text, lead.left.name, lead.right.name)
    yield from (lead.why, lead.pick_left_if.text, lead.pick_right_if.text, lead.note, lead.link.label)
    yield from _rows(lead.decision)
    for row in lead.scorecard.rows if lead.scorecard is not None else ():
        yield row.reviewer
        yield from (f"{each.score} {each.decision}" for each in (row.left, row.right) if each is not None)
    yield from (f"{each.words} {each.reviewer} {each.tool}" for each in lead.quotes)
    if lead.costs is not None:
        yield from _rows((*lead.costs.volumes, *((lead.costs.team,) if lead.costs.team is not None else ())))
        yield from (lead.costs.basis, lead.costs.dated)
    if lead.benchmarks is not None:
        yield from (*_rows(lead.benchmarks.rows), lead.benchmarks.untested, lead.benchmarks.origin)


def _rows(rows: tuple[TableRow, ...]) -> Iterator[str]:
    return (f"{row.label} {row.left.text} {row.right.text}" for row in rows)
