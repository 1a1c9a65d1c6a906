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
    HEADING,
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
    Opening,
    Quote,
    Sources,
    TableRow,
    figures_for_everybody,
    figures_in,
)
from newsletter.digest.findings import findings
from newsletter.digest.issues import Issue, Item
from newsletter.digest.items import answer_block, brief_blocks, card_block, changed_tools, followed_block
from newsletter.digest.lead import lead_block, versus
from newsletter.digest.links import affiliate_notice, archive_url, footer_of, link_or_words, site_link
from newsletter.digest.material import Dossier, Material, RulingsOn, gather
from newsletter.digest.opening import write_opening
from newsletter.digest.panel import score_key
from newsletter.digest.sources import sources_block, statements_by_id
from newsletter.digest.store import ChosenQuote
from newsletter.digest.subject import (
    NOTHING_PROPOSED,
    Proposals,
    compute_preheader,
    compute_subject,
    propose_preheaders,
    propose_subjects,
)
from newsletter.digest.wording import count_words, plain, split_sentences
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
    more = brief_blocks([(each, item.note) for item, each in others], material, settings)
    cards = tuple(
        card_block(item.kind, dossier, settings, material.sources, item.note)
        for item, dossier in zip(carded, singles, strict=True)
    )
    asked = {item.key for item in shown if item.room is Room.QUESTION}
    question = next((each for each in material.questions if each.id in asked), None)

    margin = settings.digest.clear_margin
    sides = pairs[0] if leads else None
    heading = heading_change(changes, sides)
    known = heading_of(heading, material) if heading is not None else ()
    subject = issue.subject or compute_subject(
        settings.site.name, number, sides, cards, known, margin=None if issue.bottom_line else margin
    )
    if heading is not None and issue.subject and material.dossiers[heading.key].name not in issue.subject:
        # The editor leads with something else.
        heading = None
    tools = [each for each in changes if each.is_about_tool and each.key in material.dossiers]
    largest = next((each for each in tools if each.size >= HEADING), None)
    opening = write_opening(lead, pairs, heading, largest, material, margin, written=bool(issue.bottom_line))
    quoted = {each.review_id for each in lead.quotes} if lead is not None else set[str]()
    if opening is not None and opening.quote is not None:
        quoted.add(opening.quote.review_id)
    places = _places(pairs, singles, settings.language)
    led = [each.tool.id for each in sides or ()]
    told = changes_block(changes, material, settings, quoted=quoted, shown=places, led=led)
    found = findings(pairs, singles, settings.digest, material.sources)
    found = _news(found, (opening, lead, more, cards, told), material, since)
    story = _story(issue, lead, opening, heading)
    preheader = issue.preheader or compute_preheader(subject, story, found, more, cards, settings.language)
    written = IssueContent(
        subject=plain(subject),
        preheader=plain(preheader),
        masthead=masthead(issue, number, settings),
        note=issue.note,
        findings=found,
        lead=lead,
        changes=told,
        followed=followed_block(own, changes, places, material, settings),
        more=more,
        cards=cards,
        rest=_rest(
            named,
            len(rest) if overflow is None else overflow,
            material,
            settings,
            _page_of(issue, number, settings),
        ),
        answer=answer_block(question, material, settings, {item.key for item in shown})
        if question is not None
        else None,
        sources=Sources(origins=(), disputes=()),
        footer=footer_of(settings),
        asks_votes=bool(settings.digest.vote_for),
        key=score_key(
            (each.panel for each in (*(side for pair in pairs for side in pair), *singles)),
            settings.language,
        ),
        is_first=since is None,
        opening=opening,
    )
    sources = sources_block(figures_for_everybody(written), material, settings)
    if issue.archived:
        sources = replace(sources, url=f"{archive_url(settings)}/{issue.edition}-{number}#sources")
    written = replace(written, sources=sources)
    return WrittenIssue(
        content=finished(written, settings.language),
        proposals=_proposals(written, sides, tools, story, material, settings),
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


def _news(
    found: Iterable[Figure], printed: object, material: Material, since: datetime | None
) -> tuple[Figure, ...]:
    """Return the findings that are news: recorded since the issue before, and printed nowhere else in this one.

    To whoever reads a first issue all of it is new, and a record among six tools is no news.
    """
    if since is None:
        return ()
    known = {claim for each in figures_in(printed) for claim in each.claims}
    said = statements_by_id(material)
    return tuple(
        each
        for each in found
        if not known.issuperset(each.claims)
        and any(said[key].seen_at >= since for key in each.claims if key in said)
    )


def _story(
    issue: Issue, lead: Lead | None, opening: Opening | None, heading: Change | None
) -> tuple[Figure, ...]:
    """Return ways to go on with the story of the subject, the fullest first: why it is so, then what it comes down to."""
    if heading is not None and opening is not None:
        quote = opening.quote
        said = (
            (Figure(text=f"“{quote.words}” ({quote.reviewer})"), Figure(text=f"“{quote.words}”"))
            if quote
            else ()
        )
        return (*said, *opening.sentences[:1])
    if lead is None:
        return ()
    if issue.bottom_line:
        return (lead.bottom_line,)
    return (
        *_starts(lead.why),
        lead.conclusion,
        lead.reason,
        *(replace(lead.conclusion, text=each.text) for each in _starts(lead.conclusion.text)),
    )


def _starts(text: str) -> Iterator[Figure]:
    """Yield the whole sentences of a text, then all but the last of them, to the first one."""
    sentences = split_sentences(text)
    return (Figure(text=" ".join(sentences[:count])) for count in range(len(sentences), 0, -1))


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


def _page_of(issue: Issue, number: int, settings: Settings) -> str:
    """Return the address of the issue's own page in the archive; empty where it has none."""
    is_there = issue.archived and settings.site.public_url
    return f"{archive_url(settings)}/{issue.edition}-{number}" if is_there else ""


def _rest(
    named: Iterable[Item], overflow: int, material: Material, settings: Settings, page: str
) -> tuple[Link, ...]:
    """Return the overflow line: links to what is named, and how many more there are, which the issue's `page` names."""
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
    if not more:
        return tuple(links)
    return (*links, Link(label=label, url=page) if page else site_link(label, settings))


def _proposals(
    written: IssueContent,
    sides: tuple[Dossier, Dossier] | None,
    changes: Sequence[Change],
    story: Sequence[Figure],
    material: Material,
    settings: Settings,
) -> Proposals:
    """Return what the subject and the preheader might be, whatever they are."""
    headings = (heading_of(each, material) for each in changes[:CHANGES])
    subjects = propose_subjects(
        settings.site.name,
        written.masthead.number,
        sides,
        written.cards,
        headings,
        margin=settings.digest.clear_margin,
    )
    preheaders = [
        compute_preheader(subject, story, written.findings, written.more, written.cards, settings.language)
        for subject in subjects[:1]
    ]
    preheaders += [each.text for each in story[:2]]
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
    if issue.opening is not None:
        yield from (each.text for each in issue.opening.sentences)
        yield _quoted(issue.opening.quote)
    if issue.lead is not None:
        yield from _lead_texts(issue.lead)
    for change in issue.changes:
        yield from (change.words.text, _quoted(change.because))
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
    yield from (
        each.name if issue.sources.url else f"{each.name} {each.dated}" for each in issue.sources.named
    )
    yield from (each.words for each in issue.sources.disputes)
    footer = issue.footer
    yield from (footer.why, footer.postal_address, footer.controller, footer.affiliate_notice)


def _lead_texts(lead: Lead) -> Iterator[str]:
    yield from (lead.headline, lead.conclusion.text, lead.left.name, lead.right.name)
    yield from (f"{each.maker} {each.tagline}" for each in (lead.left, lead.right))
    yield from (lead.why, lead.pick_left_if.text, lead.pick_right_if.text, lead.note, lead.link.label)
    yield from _rows(lead.decision)
    for row in lead.scorecard.rows if lead.scorecard is not None else ():
        yield row.reviewer
        yield from (f"{each.score} {each.decision}" for each in (row.left, row.right) if each is not None)
    yield from map(_quoted, lead.quotes)
    if lead.costs is not None:
        yield from _rows((*lead.costs.volumes, *((lead.costs.team,) if lead.costs.team is not None else ())))
        yield from (lead.costs.basis, lead.costs.dated)
    if lead.benchmarks is not None:
        yield from (*_rows(lead.benchmarks.rows), lead.benchmarks.untested, lead.benchmarks.origin)


def _quoted(quote: Quote | None) -> str:
    return "" if quote is None else f"{quote.words} {quote.reviewer} {quote.tool}"


def _rows(rows: tuple[TableRow, ...]) -> Iterator[str]:
    return (f"{row.label} {row.left.text} {row.right.text}" for row in rows)
