"""An issue's items written out as a `IssueContent`: which block says what. The blocks are written in their own modules."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import permutations

from newsletter.config import Settings
from newsletter.content.records import Comparison, Tool
from newsletter.content.store import ContentStore
from newsletter.db.statuses import ItemKind, Room
from newsletter.digest.changes import (
    CHANGES,
    Change,
    Span,
    changes_block,
    find_changes,
    heading_change,
    heading_of,
    subjects_of,
)
from newsletter.digest.content import (
    AnsweredQuestion,
    Benchmarks,
    Brief,
    Card,
    ChangeLine,
    Costs,
    Figure,
    Followed,
    Footer,
    Grounds,
    IssueContent,
    Lead,
    Link,
    Masthead,
    Scorecard,
    Sources,
    TableRow,
)
from newsletter.digest.findings import findings
from newsletter.digest.issues import Issue, Item
from newsletter.digest.items import answer_block, brief_block, card_block, changed_tools, followed_block
from newsletter.digest.lead import lead_block, line_beside_splits
from newsletter.digest.links import affiliate_notice, footer_of, link_or_words, site_link
from newsletter.digest.material import Dossier, Material, RulingsOn, gather
from newsletter.digest.panel import Panel, score_key
from newsletter.digest.sources import sources_block
from newsletter.digest.store import ChosenQuote
from newsletter.digest.subject import (
    NOTHING_PROPOSED,
    Proposals,
    compute_preheader,
    compute_subject,
    propose_preheaders,
    propose_subjects,
)
from newsletter.digest.wording import count_words, figures_in, plain

# How long an issue is to read: the words that its blocks bring, and its minutes.
#
# What the templates add (headings, names over tables) counts too: `read_words` counts a finished text part.

#: Of a finished issue, of which 600 to 750 are usual.
MOST_WORDS = 800
WORDS_A_MINUTE = 200


def count_issue_words(letter: IssueContent) -> int:
    """How many words of the issue a reader reads; addresses, ids and the templates' own words not counted."""
    return sum(count_words(each) for each in _texts(letter))


def read_words(text: str) -> int:
    """How many words a finished text part has; addresses are not read."""
    return count_words(" ".join(word for word in text.split() if "://" not in word))


def minutes(words: int) -> int:
    return max(1, -(-words // WORDS_A_MINUTE))


def lead_words(lead: Lead) -> int:
    return sum(count_words(each) for each in _lead(lead))


def _texts(letter: IssueContent) -> Iterator[str]:
    yield from (letter.masthead.name, letter.note, letter.key, *letter.findings)
    if letter.lead is not None:
        yield from _lead(letter.lead)
    yield from (each.words for each in letter.changes)
    for brief in letter.more:
        yield from (brief.topic, brief.headline, brief.words, brief.note)
    for card in letter.cards:
        yield from (card.topic, card.kicker, card.name, card.split.text, card.line, card.note)
        yield from (f"{label} {value.text}" for label, value in card.facts)
    for week in letter.weeks:
        yield from (week.headline, week.bottom_line, week.pick_left_if, week.pick_right_if)
    yield from (f"{each.link.label} {each.split.text}" for each in letter.lines)
    yield from (each.label for each in letter.rest)
    if letter.answer is not None:
        yield from (letter.answer.question, letter.answer.answer)
    yield from (f"{each.name} {each.dated}" for each in letter.sources.origins)
    yield from (each.words for each in letter.sources.disputes)
    yield from _footer(letter.footer)


def _lead(lead: Lead) -> Iterator[str]:
    yield from (lead.headline, lead.bottom_line, lead.left.name, lead.right.name)
    yield from (lead.why, lead.pick_left_if, lead.pick_right_if, lead.note, lead.link.label)
    yield from _rows(lead.decision)
    yield from _scorecard(lead.scorecard)
    yield from (f"{each.words} {each.reviewer} {each.tool}" for each in lead.quotes)
    yield from _costs(lead.costs)
    yield from _benchmarks(lead.benchmarks)


def _rows(rows: tuple[TableRow, ...]) -> Iterator[str]:
    return (f"{row.label} {row.left.text} {row.right.text}" for row in rows)


def _scorecard(scorecard: Scorecard | None) -> Iterator[str]:
    for row in scorecard.rows if scorecard is not None else ():
        yield row.reviewer
        yield from (f"{each.score} {each.decision}" for each in (row.left, row.right) if each is not None)


def _costs(costs: Costs | None) -> Iterator[str]:
    if costs is not None:
        yield from _rows((*costs.volumes, costs.team) if costs.team is not None else costs.volumes)
        yield from (costs.basis, costs.dated)


def _benchmarks(benchmarks: Benchmarks | None) -> Iterator[str]:
    if benchmarks is not None:
        yield from (*_rows(benchmarks.rows), benchmarks.untested, benchmarks.origin)


def _footer(footer: Footer) -> tuple[str, ...]:
    return footer.why, footer.postal_address, footer.controller, footer.affiliate_notice


#: Points from a finding to where sources differ.
DAGGER = "†"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenIssue:
    """An issue written out, and what its editor might call it."""

    letter: IssueContent
    proposals: Proposals = NOTHING_PROPOSED


def write_issue(
    issue: Issue,
    items: Sequence[Item],
    content: ContentStore,
    settings: Settings,
    *,
    number: int,
    rulings: RulingsOn,
    span: Span | None = None,
    published: Collection[str] = (),
    followed: Collection[str] = (),
    overflow: int | None = None,
    chosen: Iterable[ChosenQuote] = (),
) -> WrittenIssue:
    """The whole issue as it reads now. `number` is the one it has, or would get if it were approved now.

    Changes are those of `span` (None for the first issue); `published` are the comparisons in earlier issues,
    `followed` the tools that readers follow. `overflow` counts the items of the overflow line, where `items` has only
    the first of them; `chosen` are the sentences that an editor has it quote.
    """
    named = _named_rest(items, settings.digest.item_limit)
    shown = [item for item in items if item.room is not Room.OVERFLOW] + named
    moves = find_changes(content, span, published)
    own = content.tools(followed) if followed else {}
    changed, moved = subjects_of(moves)
    compared = [item.key for item in shown if item.kind is ItemKind.COMPARISON]
    tools = [item.key for item in shown if item.kind in (ItemKind.VERDICT, ItemKind.MODEL)]
    material = gather(
        content,
        comparison_ids=[*compared, *changed],
        tool_ids=[*tools, *moved, *changed_tools(moves, own)],
        source_order=settings.digest.source_order,
        rulings=rulings,
    )
    writer = _Writer(issue, items, material, settings, moves, own, overflow, chosen, span is None)
    letter = writer.letter(number, named)
    return WrittenIssue(letter=letter, proposals=writer.proposals(letter))


def _named_rest(items: Sequence[Item], limit: int) -> list[Item]:
    """The items of the overflow line that are named: as many as the issue's limit leaves room for."""
    rest = sorted((item for item in items if item.room is Room.OVERFLOW), key=lambda item: item.position)
    return rest[: max(1, limit - sum(1 for item in items if _counts(item)))]


def _counts(item: Item) -> bool:
    """Whether it is one of the issue's items: verdicts that a comparison shows come with it."""
    covered = item.kind is not ItemKind.COMPARISON and item.room in (Room.LEAD, Room.MORE)
    return item.room is not Room.OVERFLOW and not covered


def _bare(findings: Iterable[str]) -> tuple[str, ...]:
    """As they stand where nothing is below that a dagger could point to."""
    return tuple(each.removesuffix(DAGGER) for each in findings)


class _Writer:
    """Writes one issue's blocks from its material, keeping what its lines of prose stand on."""

    def __init__(
        self,
        issue: Issue,
        items: Sequence[Item],
        material: Material,
        settings: Settings,
        moves: Sequence[Change],
        own: Mapping[str, Tool],
        overflow: int | None,
        chosen: Iterable[ChosenQuote],
        is_first: bool,
    ) -> None:
        self.issue, self.material, self.settings, self.moves = issue, material, settings, moves
        self.own = own
        self.items = sorted(items, key=lambda item: item.position)
        self.overflow = sum(1 for _ in self._in(Room.OVERFLOW)) if overflow is None else overflow
        self.chosen = tuple(chosen)
        self.is_first = is_first
        self.grounds: dict[str, tuple[str, ...]] = {}

    def letter(self, number: int, named: Sequence[Item]) -> IssueContent:
        lead, more, cards = self._lead(), self._more(), self._cards()
        changes, found = self._changes(), self._findings()
        subject = self.issue.subject or self._subject(number, cards)
        preheader = self.issue.preheader or compute_preheader(
            subject, self._lead_lines(subject, lead), _bare(found), more, cards
        )
        letter = IssueContent(
            subject=plain(subject),
            preheader=plain(preheader),
            masthead=self._masthead(number),
            note=self.issue.note,
            findings=found,
            lead=lead,
            changes=changes,
            followed=self._followed(),
            more=more,
            cards=cards,
            rest=self._rest(named),
            answer=self._answer(),
            sources=Sources(origins=(), disputes=()),
            footer=footer_of(self.settings),
            asks_votes=bool(self.settings.digest.vote_for),
            key=score_key(self._panels()),
            is_first=self.is_first,
        )
        return self._finished(letter)

    def proposals(self, letter: IssueContent) -> Proposals:
        """What the subject and the preheader might be, whatever they are."""
        number, sides = letter.masthead.number, self._lead_sides()
        told = [
            each for each in self.moves[:CHANGES] if each.is_about_tool and each.key in self.material.dossiers
        ]
        headings = (heading_of(each, self.material) for each in told)
        subjects = propose_subjects(self.settings.site.name, number, sides, letter.cards, headings)
        found = _bare(letter.findings)
        computed = [
            compute_preheader(
                subject, self._lead_lines(subject, letter.lead), found, letter.more, letter.cards
            )
            for subject in subjects[:1]
        ]
        lead = [letter.lead.bottom_line] if letter.lead is not None else []
        changes = [each.words for each in letter.changes[:2]]
        return Proposals(
            subjects=subjects, preheaders=propose_preheaders((*computed, *changes, *lead, *found))
        )

    def _finished(self, letter: IssueContent) -> IssueContent:
        """The letter with what only the whole of it shows: its sources, labels and length."""
        printed = [claim for each in figures_in((letter.lead, letter.cards)) for claim in each.claims]
        # What stands in a few readers' copies is no ground of everybody's.
        common = (claims for where, claims in self.grounds.items() if not where.startswith("followed."))
        printed += [claim for claims in common for claim in claims]
        letter = replace(
            letter,
            sources=sources_block(printed, self.material, self.settings),
            grounds=tuple(Grounds(where=where, claims=claims) for where, claims in self.grounds.items()),
            footer=replace(letter.footer, affiliate_notice=affiliate_notice(letter)),
        )
        length = minutes(count_issue_words(letter))
        return replace(letter, masthead=replace(letter.masthead, minutes=length))

    def _in(self, *rooms: Room) -> Iterable[Item]:
        return (item for item in self.items if item.room in rooms)

    def _comparisons(self, *rooms: Room) -> list[tuple[Item, Comparison]]:
        """The comparisons of these rooms that the store still has."""
        found = self.material.comparisons
        return [
            (item, found[item.key])
            for room in rooms
            for item in self._in(room)
            if item.kind is ItemKind.COMPARISON and item.key in found
        ]

    def _note_grounds(self, where: str, line: Figure) -> None:
        if line.claims:
            self.grounds[where] = tuple(dict.fromkeys(line.claims))

    def _masthead(self, number: int) -> Masthead:
        return Masthead(
            name=self.settings.site.name,
            edition=self.issue.edition,
            number=number,
            date_on=date.fromisoformat(self.issue.slot[:10]),
            minutes=1,
        )

    def _lead(self) -> Lead | None:
        for item, comparison in self._comparisons(Room.LEAD):
            lead, line = lead_block(
                comparison,
                self.material,
                self.settings,
                written_line=self.issue.bottom_line,
                note=item.note,
                chosen={each.review_id: each.words for each in self.chosen if each.comparison_id == item.key},
            )
            self._note_grounds("lead", line)
            return lead
        return None

    def _more(self) -> tuple[Brief, ...]:
        briefs = []
        for place, (item, comparison) in enumerate(self._comparisons(Room.MORE)):
            brief, line = brief_block(comparison, self.material, self.settings, item.note)
            self._note_grounds(f"more.{place}", line)
            briefs.append(brief)
        return tuple(briefs)

    def _cards(self) -> tuple[Card, ...]:
        return tuple(
            card_block(
                item.kind, self.material.dossiers[item.key], self.settings, self.material.sources, item.note
            )
            for item in self._in(Room.CARD)
            if item.key in self.material.dossiers
        )

    def _findings(self) -> tuple[str, ...]:
        found = findings(
            [self.material.sides(each) for _, each in self._comparisons(Room.LEAD, Room.MORE)],
            [self.material.dossiers[item.key] for item in self._in(Room.CARD)],
            self.settings.digest.clear_margin,
            self.material.sources,
        )
        for place, line in enumerate(found):
            self._note_grounds(f"findings.{place}", line)
        return tuple(f"{line.text}{DAGGER}" if line.disputed else line.text for line in found)

    def _changes(self) -> tuple[ChangeLine, ...]:
        block = changes_block(self.moves, self.material, self.settings)
        for place, (_, stands_on) in enumerate(block):
            self._note_grounds(f"changes.{place}", stands_on)
        return tuple(change for change, _ in block)

    def _followed(self) -> tuple[Followed, ...]:
        block = followed_block(self.own, self.moves, self._shown(), self.material, self.settings)
        for place, (_, stands_on) in enumerate(block):
            self._note_grounds(f"followed.{place}", stands_on)
        return tuple(followed for followed, _ in block)

    def _shown(self) -> dict[str, str]:
        """Where this issue shows tools, by their ids."""
        shown: dict[str, str] = {}
        for _, comparison in self._comparisons(Room.LEAD, Room.MORE):
            for side, other in permutations(self.material.sides(comparison)):
                shown.setdefault(side.tool.id, f"compared with {other.name} in this issue")
        for item in self._in(Room.CARD):
            shown.setdefault(item.key, "new in this issue")
        return shown

    def _panels(self) -> Iterator[Panel]:
        """The panels whose outcome this issue prints."""
        for _, comparison in self._comparisons(Room.LEAD, Room.MORE):
            yield from (side.panel for side in self.material.sides(comparison))
        for item in self._in(Room.CARD):
            if item.key in self.material.dossiers:
                yield self.material.dossiers[item.key].panel

    def _lead_sides(self) -> tuple[Dossier, Dossier] | None:
        sides = [self.material.sides(each) for _, each in self._comparisons(Room.LEAD)]
        return sides[0] if sides else None

    def _lead_lines(self, subject: str, lead: Lead | None) -> tuple[str, ...]:
        """What the lead comes down to, beside what the subject says of it already; an editor's line stands alone."""
        sides = self._lead_sides()
        if lead is None or sides is None:
            return ()
        if self.issue.bottom_line:
            return (lead.bottom_line,)
        beside = line_beside_splits(*sides, self.settings.digest.clear_margin)
        return (beside,) if " against " in subject else (lead.bottom_line, beside)

    def _subject(self, number: int, cards: Sequence[Card]) -> str:
        sides = self._lead_sides()
        largest = heading_change(self.moves, sides)
        heading = heading_of(largest, self.material) if largest is not None else ()
        return compute_subject(self.settings.site.name, number, sides, cards, heading)

    def _rest(self, named: Sequence[Item]) -> tuple[Link, ...]:
        known = [
            item
            for item in named
            if item.key in self.material.comparisons or item.key in self.material.dossiers
        ]
        links = [link_or_words(self._rest_label(item), self._rest_url(item), self.settings) for item in known]
        more = self.overflow - len(known)
        if more:
            links.append(site_link(f"and {more:,} more", self.settings))
        return tuple(links)

    def _rest_label(self, item: Item) -> str:
        if item.kind is ItemKind.COMPARISON:
            left, right = self.material.sides(self.material.comparisons[item.key])
            return f"{left.name} vs {right.name}"
        return self._dossier(item).name

    def _rest_url(self, item: Item) -> str:
        if item.kind is ItemKind.COMPARISON:
            return self.material.comparisons[item.key].url
        return self._dossier(item).tool.url

    def _dossier(self, item: Item) -> Dossier:
        return self.material.dossiers[item.key]

    def _answer(self) -> AnsweredQuestion | None:
        asked = {item.key for item in self._in(Room.QUESTION)}
        for question in self.material.questions:
            if question.id in asked:
                return answer_block(question, self.material, self.settings)
        return None
