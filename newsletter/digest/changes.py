"""What changed since the issue before: how it is found in the history of `content.db`, and the lines that say so."""

import re
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from newsletter.config import Settings
from newsletter.content.facts import differs
from newsletter.content.records import (
    Claim,
    Decision,
    Offer,
    ReaderVotes,
    Review,
    Revision,
    Verdict,
    Votes,
    is_given_up,
)
from newsletter.content.store import ContentStore
from newsletter.digest.content import ChangeLine, Figure, Link, Quote
from newsletter.digest.figures import offer_key, whole
from newsletter.digest.lead import headline_of
from newsletter.digest.links import link_to
from newsletter.digest.material import Dossier, Material
from newsletter.digest.panel import VOTES_FOR_SHARE, Panel, panel_of
from newsletter.digest.quotes import AGAINST, FOR, most_telling
from newsletter.digest.wording import clip, count_words, plain, start_with_capital
from newsletter.errors import N_
from newsletter.language import ENGLISH, Language


class ChangeKind(StrEnum):
    """What changed."""

    DECISION = "decision"
    SHARE = "share"
    SCORE = "score"
    PRICE = "price"
    STATUS = "status"
    RELEASE = "release"
    COMPARISON = "comparison"
    VOTES = "votes"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChange:
    """A price before and after. `tail` is what it is for, in its source's words: "a seat and month"."""

    label: str
    before: str
    after: str
    #: Signed percentage; None from or to nothing.
    percent: int | None
    rises: bool
    tail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something about a tool (or a comparison) that was so before, and is otherwise now."""

    kind: ChangeKind
    #: The tool's or the comparison's id.
    key: str
    size: Decimal
    #: The same as texts, where it is no price: "2–0", "beta".
    before: str = ""
    after: str = ""
    #: When each of them was said, where that is known.
    before_on: date | None = None
    after_on: date | None = None
    prices: tuple[PriceChange, ...] = ()
    #: Whose statement it is, and at which provider, of prices.
    source_id: str = ""
    provider: str = ""
    panel: Panel | None = None
    panel_before: Panel | None = None
    #: The reviews that it changed by.
    voices: tuple[str, ...] = ()
    votes: Votes | None = None
    totals: tuple[ReaderVotes, ...] = ()
    #: Claims, verdicts and reviews that it stands on, those before and those after.
    claims: tuple[str, ...] = ()

    @property
    def is_about_tool(self) -> bool:
        """Whether `key` is a tool's; else it is a comparison's."""
        return self.kind not in (ChangeKind.COMPARISON, ChangeKind.VOTES)

    @property
    def direction(self) -> str:
        """ "up" or "down": the panel's opinion, or the price; empty for what has neither."""
        if self.kind is ChangeKind.PRICE:
            rises: bool | None = self.largest_price.rises
        elif self.panel is not None and self.panel_before is not None:
            before, after = self.panel_before, self.panel
            pair = (before.mean, after.mean) if self.kind is ChangeKind.SCORE else (before.share, after.share)
            rises = (pair[1] or 0) > (pair[0] or 0)
        else:
            rises = False if self.kind is ChangeKind.STATUS and self.size == GIVEN_UP else None
        return "" if rises is None else "up" if rises else "down"

    @property
    def largest_price(self) -> PriceChange:
        return max(self.prices, key=lambda each: 1_000_000 if each.percent is None else abs(each.percent))


@dataclass(frozen=True, slots=True)
class Recorded:
    """What held of some tools before a moment."""

    verdicts: Mapping[str, tuple[Verdict, ...]]
    reviews: Mapping[str, tuple[Review, ...]]
    claims: Mapping[str, tuple[Claim, ...]]
    offers: Mapping[str, tuple[Offer, ...]]
    votes: Mapping[str, Votes]
    ours: frozenset[str]
    #: What is said of them is written in.
    language: Language = ENGLISH

    @classmethod
    def read(
        cls, content: ContentStore, ids: Collection[str], moment: datetime, language: Language = ENGLISH
    ) -> "Recorded":
        return cls(
            content.verdicts(ids, before=moment),
            content.reviews(ids, before=moment),
            content.claims(ids, before=moment),
            content.offers(ids, before=moment),
            content.votes(ids, before=moment),
            frozenset(each.id for each in content.all_sources() if each.ours),
            language,
        )

    def panel(self, key: str) -> Panel:
        return panel_of(self.verdicts.get(key, ()), self.reviews.get(key, ()), self.language)

    def judged_on(self, key: str, panel: Panel) -> date | None:
        """Return the day of the verdict that the panel's split stands on; None where it is added up from reviews."""
        known = (each for each in self.verdicts.get(key, ()) if each.id in panel.split_grounds)
        return next((each.as_of or each.seen_at.date() for each in known), None)

    def stated(self, key: str) -> dict[tuple[str, str], list[Claim]]:
        """Return the claims on each attribute, by source and attribute, the last one last."""
        found: dict[tuple[str, str], list[Claim]] = {}
        for claim in self.claims.get(key, ()):
            found.setdefault((claim.source_id, claim.attribute), []).append(claim)
        return found

    def offered(self, key: str) -> dict[tuple[str, str], Offer]:
        return {(each.source_id, each.provider): each for each in self.offers.get(key, ())}


def pair_if_moved(before: list[Claim], after: list[Claim]) -> tuple[Claim, Claim] | None:
    """Return the last statement before and after, unless the later one was there before too."""
    last = after[-1]
    return (before[-1], last) if all(differs(each, last) for each in before) else None


# Prices that changed: of tokens, in words, and at providers.

PRICES = {"input_price": N_("input"), "output_price": N_("output")}
#: The size of the largest change of a price, and of one from or to nothing.
MOST = Decimal(100)

_AMOUNT = re.compile(r"[$€£]\s?(\d[\d,]*(?:\.\d+)?)")
_FREE = re.compile(r"free", re.IGNORECASE)


def price_changes(key: str, was: Recorded, now: Recorded) -> Iterator[Change]:
    """Yield one change for each source, or source and provider, with all its prices; alike in several, once."""
    seen: dict[tuple[tuple[PriceChange, ...], str], Change] = {}
    for change in _of_prices(key, was, now):
        seen.setdefault((change.prices, change.provider), change)
    yield from seen.values()


def _of_prices(key: str, was: Recorded, now: Recorded) -> Iterator[Change]:
    before, after = was.stated(key), now.stated(key)
    ours = dict(_across_our_pages(was.claims.get(key, ()), now.claims.get(key, ()), now.ours))
    by_source: dict[str, list[tuple[PriceChange, Claim, Claim]]] = {}
    for where in sorted(after, key=_place):
        pair = pair_if_moved(before[where], after[where]) if where in before else ours.get(where)
        priced = _priced(*pair, now.language) if pair is not None else None
        if pair is not None and priced is not None:
            by_source.setdefault(where[0], []).append((priced, *pair))
    for source_id, parts in by_source.items():
        claims = tuple(claim.id for _, *pair in parts for claim in pair)
        yield _price_move(key, [priced for priced, *_ in parts], claims, source_id)
    offered = was.offered(key)
    for (source_id, provider), offer in now.offered(key).items():
        if (source_id, provider) in offered:
            parts_ = list(_offer_prices(offered[source_id, provider], offer, now.language))
            if parts_:
                yield _price_move(key, parts_, (offer_key(offer),), source_id, provider)


def _place(where: tuple[str, str]) -> tuple[str, bool, str]:
    """Return a sort key: by source, and of one source input before output, before prices in words."""
    return where[0], where[1] not in PRICES, where[1]


def _across_our_pages(
    before: Iterable[Claim], after: Iterable[Claim], ours: frozenset[str]
) -> Iterator[tuple[tuple[str, str], tuple[Claim, Claim]]]:
    """Yield what a new page of ours says otherwise than our last page on it, where both say when that was so."""
    last, newest = (
        {
            each.attribute: each
            for each in sorted(claims, key=_said_on)
            if each.source_id in ours and _said_on(each) != date.min
        }
        for claims in (before, after)
    )
    for attribute, claim in newest.items():
        old = last.get(attribute)
        if old is not None and _said_on(old) < _said_on(claim) and differs(old, claim):
            yield (claim.source_id, attribute), (old, claim)


def _said_on(claim: Claim) -> date:
    return claim.verified_on or claim.as_of or date.min


def _price_move(
    key: str, prices: list[PriceChange], claims: tuple[str, ...], source_id: str, provider: str = ""
) -> Change:
    return Change(
        kind=ChangeKind.PRICE,
        key=key,
        size=max(MOST if each.percent is None else min(MOST, Decimal(abs(each.percent))) for each in prices),
        prices=tuple(prices),
        source_id=source_id,
        provider=provider,
        claims=claims,
    )


def _priced(before: Claim, after: Claim, language: Language) -> PriceChange | None:
    """Return the prices of two claims; None where they are not about one thing that has a price."""
    if after.attribute in PRICES and before.number is not None and after.number is not None:
        return _of_tokens(PRICES[after.attribute], before.number, after.number, language)
    return _of_words(before.value, after.value, language) if after.attribute == "price" else None


def _of_tokens(label: str, before: Decimal, after: Decimal, language: Language) -> PriceChange:
    return PriceChange(
        label=language.gettext(label),
        before=language.price(before),
        after=language.price(after),
        percent=_percent(before, after),
        rises=after > before,
    )


def _of_words(before: str, after: str, language: Language) -> PriceChange | None:
    """Compare prices in words: the same words around one sum, or free on one side and one sum on the other."""
    sums = [_AMOUNT.findall(text) for text in (before, after)]
    around = [" ".join(_AMOUNT.sub(" ", text).split()).casefold() for text in (before, after)]
    counts = tuple(map(len, sums))
    if counts == (1, 1) and around[0] == around[1]:
        old, new = (Decimal(found[0].replace(",", "")) for found in sums)
        tail = _AMOUNT.split(after)[-1].strip()
        return PriceChange(
            label="",
            before=_sum(before),
            after=_sum(after),
            percent=_percent(old, new),
            rises=new > old,
            tail=tail,
        )
    if counts == (0, 1) and _FREE.fullmatch(before.strip()):
        return PriceChange(
            label="",
            before=language.gettext("free"),
            after=_sum(after),
            percent=None,
            rises=True,
            tail=_AMOUNT.split(after)[-1].strip(),
        )
    if counts == (1, 0) and _FREE.fullmatch(after.strip()):
        return PriceChange(
            label="", before=_sum(before), after=language.gettext("free"), percent=None, rises=False
        )
    return None


def _sum(text: str) -> str:
    found = _AMOUNT.search(text)
    return "" if found is None else found[0].replace(" ", "")


def _percent(before: Decimal, after: Decimal) -> int | None:
    """Return whole percent, never 0 for a price that changed; None from or to nothing."""
    if before == 0 or after == 0:
        return None
    exact = (after - before) * 100 / before
    return whole(exact) or (1 if exact > 0 else -1)


def _offer_prices(before: Offer, after: Offer, language: Language) -> Iterator[PriceChange]:
    sides = (
        ("input", before.input_price, after.input_price),
        ("output", before.output_price, after.output_price),
    )
    for label, old, new in sides:
        if old is not None and new is not None and old != new:
            yield _of_tokens(label, old, new, language)


# Everything that changed: panels, scores, prices, releases, statuses, comparisons, votes of readers.
#
# Two states are compared: what held before the cutoff of the issue before, and what held before this issue's. So a
# change is found in one issue only, and what was first seen between the two is none. Its size is in points:
#
# - the panel's **decision** turned: 200 and the points by which the share that ships changed; from or to a tie, 100 and
#   those points;
# - a **price**: the percentage it changed by, at most 100; 100 from or to nothing;
# - the **share** that ships: the points it changed by;
# - the **mean score**: twice the points it changed by, counted only where a reviewer's own score changed;
# - a tool is being given up (its status says so): 150; any other new **status** or **release**: 20;
# - a **comparison** published before and described otherwise since: 5;
# - **votes** of our readers on a comparison, counted since: as many as voted.

RELEASED = ("released", "version")
TURNED, TIED, GIVEN_UP, RELEASE, UPDATE = Decimal(200), Decimal(100), Decimal(150), Decimal(20), Decimal(5)


def find_changes(
    content: ContentStore,
    since: datetime | None,
    until: datetime,
    published: Collection[str],
    language: Language = ENGLISH,
) -> tuple[Change, ...]:
    """Return all that changed of what is not gone, the largest first. `published` are the comparisons in earlier issues.

    Counted is what was seen from one issue's cutoff, `since` (None: nothing has changed), to the next one's, exclusive.
    """
    if since is None or since >= until:
        return ()
    gone_tools, gone_comparisons = content.gone_tools(), content.gone_comparisons()
    ids = [each for each in content.stated_between(since, until) if each not in gone_tools]
    was, now = (Recorded.read(content, ids, moment, language) for moment in (since, until))
    rules = (_of_panel, _of_score, price_changes, _of_releases)
    found = [change for key in ids for rule in rules for change in rule(key, was, now)]
    found += _of_descriptions(content.revisions(since, until), published)
    found += _of_votes(content.reader_votes(since=since, before=until))
    found = [
        each for each in found if each.key not in (gone_tools if each.is_about_tool else gone_comparisons)
    ]
    return tuple(
        sorted(found, key=lambda each: (-each.size, each.kind, each.key, each.source_id, each.provider))
    )


def _of_panel(key: str, was: Recorded, now: Recorded) -> Iterator[Change]:
    before, after = was.panel(key), now.panel(key)
    if before.share is None or after.share is None or before.split == after.split:
        return
    points = abs(after.share - before.share)
    if whole(before.share) == whole(after.share):
        return
    turned = before.ships_it is not after.ships_it
    tie = None in (before.ships_it, after.ships_it)
    yield Change(
        kind=ChangeKind.DECISION if turned else ChangeKind.SHARE,
        key=key,
        size=points + ((TIED if tie else TURNED) if turned else 0),
        before=before.split,
        after=after.split,
        before_on=was.judged_on(key, before),
        after_on=now.judged_on(key, after),
        panel=after,
        panel_before=before,
        voices=_voices(key, was, now, ships=after.share > before.share),
        votes=now.votes.get(key),
        claims=(*before.split_grounds, *after.split_grounds),
    )


def _voices(key: str, was: Recorded, now: Recorded, *, ships: bool) -> tuple[str, ...]:
    """Return the reviews that the panel changed by: of those who said something else before, or else of who is new."""
    before = {_who(each): each.decision for each in was.reviews.get(key, ())}
    turned_to = Decision.SHIP if ships else Decision.SKIP
    heard = [each for each in now.reviews.get(key, ()) if each.decision is turned_to]
    changed = [each for each in heard if before.get(_who(each)) is not turned_to]
    turned = [each for each in changed if _who(each) in before]
    return tuple(each.id for each in turned or changed)


def _of_score(key: str, was: Recorded, now: Recorded) -> Iterator[Change]:
    before, after = was.panel(key).rounded_mean, now.panel(key).rounded_mean
    scored = {_who(each): each.score for each in was.reviews.get(key, ()) if each.score is not None}
    changed = [
        each.id
        for each in now.reviews.get(key, ())
        if each.score is not None and scored.get(_who(each), each.score) != each.score
    ]
    if before is None or after is None or before == after or not changed:
        return
    yield Change(
        kind=ChangeKind.SCORE,
        key=key,
        size=Decimal(2 * abs(after - before)),
        before=str(before),
        after=str(after),
        panel=now.panel(key),
        panel_before=was.panel(key),
        votes=now.votes.get(key),
        claims=tuple(dict.fromkeys((*was.panel(key).mean_grounds, *now.panel(key).mean_grounds))),
    )


def _who(review: Review) -> str:
    """Return whose review it is: its reviewer's, else its own."""
    return review.reviewer or review.id


def _of_releases(key: str, was: Recorded, now: Recorded) -> Iterator[Change]:
    before, after = was.stated(key), now.stated(key)
    for where in sorted(after.keys() & before.keys()):
        pair = pair_if_moved(before[where], after[where]) if where[1] in RELEASED else None
        if pair is not None:
            yield Change(
                kind=ChangeKind.RELEASE,
                key=key,
                size=RELEASE,
                before=pair[0].value,
                after=pair[1].value,
                source_id=where[0],
                claims=(pair[0].id, pair[1].id),
            )


def _of_descriptions(revisions: Iterable[Revision], published: Collection[str]) -> Iterator[Change]:
    """Yield new statuses of tools, and comparisons of earlier issues that say something else now."""
    by_subject: dict[tuple[str, str], list[Revision]] = {}
    for each in revisions:
        field = "status" if (each.kind, each.field) == ("tools", "status") else str(each.kind)
        by_subject.setdefault((each.key, field), []).append(each)
    for (key, field), found in by_subject.items():
        ids = tuple(each.id for each in found)
        if field == "status":
            before, after = found[0].before, found[-1].after
            if before.casefold() != after.casefold() and after:
                size = GIVEN_UP if is_given_up(after) else RELEASE
                yield Change(
                    kind=ChangeKind.STATUS, key=key, size=size, before=before, after=after, claims=ids
                )
        elif field == "comparisons" and key in published and _says_otherwise(found):
            yield Change(kind=ChangeKind.COMPARISON, key=key, size=UPDATE, claims=ids)


def _says_otherwise(revisions: Iterable[Revision]) -> bool:
    """Return whether a field says in the end what it did not say at first; one that was empty is only filled in."""
    ends: dict[str, tuple[str, str]] = {}
    for each in revisions:
        ends[each.field] = (ends.get(each.field, (each.before, ""))[0], each.after)
    return any(before and before != after for before, after in ends.values())


def _of_votes(counted: Iterable[ReaderVotes]) -> Iterator[Change]:
    """Yield one change for each comparison."""
    by_comparison: dict[str, list[ReaderVotes]] = {}
    for each in counted:
        by_comparison.setdefault(each.comparison_id, []).append(each)
    for key, totals in by_comparison.items():
        yield Change(
            kind=ChangeKind.VOTES,
            key=key,
            size=Decimal(max(each.ship + each.skip for each in totals)),
            totals=tuple(totals),
            claims=tuple(f"reader-votes:{each.comparison_id}:{each.tool_id}" for each in totals),
        )


# The lines: at most five, each in at most twenty words.

CHANGES, CHANGE_WORDS = 5, 20
#: As many of them say why.
REASONS = 2
#: A change heads the mail from this size on, where it is larger than what the lead has to say.
HEADING = Decimal(30)


def changes_block(
    changes: Sequence[Change],
    material: Material,
    settings: Settings,
    *,
    quoted: Collection[str] = (),
    shown: Container[str] = (),
    led: Container[str] = (),
) -> tuple[ChangeLine, ...]:
    """Return the lines on the largest changes, by tool. The first two say why, with a review that is not `quoted` already.

    Tools that the issue shows elsewhere, with their links, need none here, and those of the lead, `led`, no reason.
    """
    by_name: dict[str, list[ChangeLine]] = {}
    said, reasons = "", 0
    for change in shown_changes(changes):
        # Two lines on prices after each other say so each in another way.
        line = change_line(change, material, settings, otherwise=said == change.kind)
        if line is None:
            continue
        said = "" if said == change.kind else change.kind
        # What the lead compares it quotes itself.
        because = voice_of(change, material) if reasons < REASONS and change.key not in led else None
        if because is not None and because.review_id not in quoted:
            line, reasons = replace(line, because=because), reasons + 1
        if change.key in shown:
            line = replace(line, link=None)
        by_name.setdefault(line.name, []).append(line)
    return tuple(line for lines in by_name.values() for line in lines)[:CHANGES]


def voice_of(change: Change, material: Material) -> Quote | None:
    """Return what a review says that the panel changed by; None where none of ours has a sentence for it."""
    dossier = material.dossiers.get(change.key)
    if dossier is None or not change.voices:
        return None
    reviews = {each.id: each for each in dossier.reviews if material.is_ours(each)}
    turned = [(dossier, reviews[key]) for key in change.voices if key in reviews]
    stance = FOR if change.direction == "up" else AGAINST
    return most_telling(turned, stance)


def subjects_of(changes: Sequence[Change]) -> tuple[list[str], list[str]]:
    """Return the comparisons and the tools that the lines are about."""
    shown = shown_changes(changes)
    compared = [each.key for each in shown if not each.is_about_tool]
    return compared, [each.key for each in shown if each.is_about_tool]


def shown_changes(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Return the largest changes, as many as have room, then readers' votes: one line at least where there are any."""
    votes = [each for each in changes if each.kind is ChangeKind.VOTES]
    others = [each for each in changes if each.kind is not ChangeKind.VOTES]
    return tuple([*others[: CHANGES - len(votes[:1])], *votes][:CHANGES])


def heading_change(changes: Sequence[Change], lead: tuple[Dossier, Dossier] | None) -> Change | None:
    """Return the largest change, if it is larger than the lead's news: the points between the sides' shares that ship."""
    largest = next((each for each in changes if each.is_about_tool), None)
    if largest is None or largest.size < HEADING:
        return None
    return largest if largest.size > lead_size(lead) else None


def lead_size(lead: tuple[Dossier, Dossier] | None) -> Decimal:
    """Return how large the lead's news is, in points; nothing where the panel has not judged both sides."""
    shares = [each.panel.share for each in lead or ()]
    known = [share for share in shares if share is not None]
    return abs(known[0] - known[1]) if len(known) == 2 else Decimal(0)


def heading_of(change: Change, material: Material) -> Iterator[str]:
    """Yield what a subject says of a change, the fullest first."""
    dossier = material.dossiers[change.key]
    _, name = material.language.gettext, dossier.name
    if change.kind is ChangeKind.DECISION and change.panel is not None:
        line = _turned(change.panel, name, material.language)
        yield f"{line}, {change.before} → {change.after}"
        yield line
    elif change.kind is ChangeKind.PRICE:
        yield f"{name}: {_price(change.largest_price)}"
        yield _("%(tool)s: a new price", tool=name)
    elif change.kind is ChangeKind.STATUS:
        yield f"{name}: {_status(change, material.language)}"
    elif change.kind is ChangeKind.RELEASE:
        yield f"{name}: {change.before} → {change.after}"
    else:
        yield f"{name}: {_moved(change, material.language)}"


def _turned(panel: Panel, name: str, language: Language) -> str:
    """Return "Quarry Search lost our panel"."""
    if panel.ships_it is None:
        return language.gettext("Our panel is tied over %(tool)s", tool=name)
    if panel.ships_it:
        return language.gettext("%(tool)s won our panel over", tool=name)
    return language.gettext("%(tool)s lost our panel", tool=name)


def story_of(change: Change, material: Material) -> Figure:
    """Return a change in a sentence of its own: "Quarry Search lost our panel: one of four reviewers would use it, both before."."""
    name, language = material.dossiers[change.key].name, material.language
    before, after = change.panel_before, change.panel
    if change.kind is ChangeKind.PRICE:
        said = _price_story(change.largest_price, name, language)
    elif change.kind is ChangeKind.SCORE or before is None or after is None:
        said = f"{next(iter(heading_of(change, material)))}."
    else:
        line = (
            _turned(after, name, language)
            if change.kind is ChangeKind.DECISION
            else _opinion(change, name, language)
        )
        said = language.ngettext(
            "%(line)s: %(members)s would use it, %(part)s before.",
            "%(line)s: %(members)s would use it, %(part)s before.",
            after.agreement,
            line=line,
            members=after.members,
            part=before.part,
        )
    return Figure(text=said, claims=change.claims)


def _opinion(change: Change, name: str, language: Language) -> str:
    if change.direction == "up":
        return language.gettext("%(tool)s gained in our panel", tool=name)
    return language.gettext("%(tool)s lost ground in our panel", tool=name)


def _price_story(price: PriceChange, name: str, language: Language) -> str:
    """Return "Quarry Search now costs $20 a month for each person, up from $16."."""
    values: dict[str, object] = {
        "tool": name,
        "before": price.before,
        "after": f"{price.after} {plain(price.tail)}".strip(),
    }
    if price.label:
        if price.rises:
            return language.gettext(
                "%(tool)s: %(label)s now costs %(after)s per million tokens, up from %(before)s.",
                label=price.label,
                **values,
            )
        return language.gettext(
            "%(tool)s: %(label)s now costs %(after)s per million tokens, down from %(before)s.",
            label=price.label,
            **values,
        )
    if price.percent is None:
        return language.gettext("%(tool)s: %(before)s before, %(after)s now.", **values)
    if price.rises:
        return language.gettext("%(tool)s now costs %(after)s, up from %(before)s.", **values)
    return language.gettext("%(tool)s now costs %(after)s, down from %(before)s.", **values)


def change_line(
    change: Change, material: Material, settings: Settings, *, otherwise: bool = False
) -> ChangeLine | None:
    """Return the line on a change; None for what the material does not know. `otherwise`: in other words than usual."""
    if change.kind is ChangeKind.COMPARISON:
        return _updated(change, material, settings)
    if change.kind is ChangeKind.VOTES:
        return _voted(change, material, settings)
    dossier = material.dossiers.get(change.key)
    if dossier is None:
        return None
    name, told = _fitted(dossier.name, list(_lines(change, material, otherwise=otherwise)))
    link = link_to(
        material.language.gettext("More on %(tool)s", tool=clip(dossier.name, 30)), dossier.tool.url, settings
    )
    return _line(change, dossier.tool.id, name, told, f"{name}: {told}", link)


def _line(change: Change, tool_id: str, name: str, told: str, words: str, link: Link | None) -> ChangeLine:
    return ChangeLine(
        tool_id=tool_id,
        name=name,
        told=Figure(text=start_with_capital(told), claims=change.claims),
        words=Figure(text=words, claims=change.claims),
        direction=change.direction,
        link=link,
    )


def _updated(change: Change, material: Material, settings: Settings) -> ChangeLine | None:
    comparison = material.comparisons.get(change.key)
    if comparison is None:
        return None
    headline = headline_of(comparison, *material.sides(comparison))
    _ = material.language.gettext
    words = _("Updated since we compared them: %(headline)s.", headline=headline)
    told = _("Updated since we compared them.")
    link = link_to(_("What it says now"), comparison.url, settings)
    return _line(change, comparison.left_id, headline, told, words, link)


def _voted(change: Change, material: Material, settings: Settings) -> ChangeLine | None:
    comparison = material.comparisons.get(change.key)
    if comparison is None:
        return None
    names = {side.tool.id: side.name for side in material.sides(comparison)}
    counted = [each for each in change.totals if each.tool_id in names and each.ship + each.skip]
    said = [_would(each, clip(names[each.tool_id], 40), material.language) for each in counted]
    if not said:
        return None
    words = material.language.gettext("You voted: %(votes)s.", votes=", ".join(said))
    both = _both(list(names.values()), material.language)
    return _line(change, comparison.left_id, both, words, words, link_to(both, comparison.url, settings))


def _both(names: Sequence[str], language: Language) -> str:
    """Return the names of a comparison's tools; of one that was merged into the other, its name."""
    shown = [clip(each, 30) for each in names]
    if len(shown) != 2:
        return "".join(shown)
    return language.gettext("%(left)s vs %(right)s", left=shown[0], right=shown[1])


def _would(total: ReaderVotes, tool: str, language: Language) -> str:
    """Return "ship Borealis (5–2)"."""
    values: dict[str, object] = {"tool": tool, "ship": total.ship, "skip": total.skip}
    if total.ship == total.skip:
        return language.gettext("tie on %(tool)s (%(ship)s–%(skip)s)", **values)
    if total.ship > total.skip:
        return language.gettext("ship %(tool)s (%(ship)s–%(skip)s)", **values)
    return language.gettext("skip %(tool)s (%(ship)s–%(skip)s)", **values)


def _fitted(name: str, lines: list[str]) -> tuple[str, str]:
    """Return the name and the fullest line that fits behind it; of a name that leaves no room, its beginning."""
    fitting = next((each for each in lines if count_words(f"{name}: {each}") <= CHANGE_WORDS), lines[-1])
    kept = name.split()
    while len(kept) > 1 and count_words(f"{' '.join(kept)}: {fitting}") > CHANGE_WORDS:
        kept.pop()
    return (name if len(kept) == len(name.split()) else f"{' '.join(kept)}…"), fitting


def _lines(change: Change, material: Material, *, otherwise: bool) -> Iterator[str]:
    """Yield ways to say it, the fullest first."""
    _ = material.language.gettext
    if change.kind is ChangeKind.PRICE:
        yield from _price_lines(change, material, otherwise=otherwise)
        return
    if change.kind in (ChangeKind.DECISION, ChangeKind.SHARE, ChangeKind.SCORE):
        said = _moved(change, material.language)
    elif change.kind is ChangeKind.STATUS:
        said = _status(change, material.language)
    else:
        said = _(
            "new release, %(before)s → %(after)s",
            before=clip(change.before, 20),
            after=clip(change.after, 20),
        )
    for reason in _reasons(change, material.language):
        yield f"{said}; {reason}."
    yield f"{said}."


def _status(change: Change, language: Language) -> str:
    """Return "beta → deprecated", or "now deprecated" where no status was known before."""
    after = clip(change.after, 20)
    if not change.before:
        return language.gettext("now %(status)s", status=after)
    return f"{clip(change.before, 20)} → {after}"


def _moved(change: Change, language: Language) -> str:
    """Return how the panel changed: "our panel turned against it, 2–0 (11 Nov) → 1–3 (19 Nov)"."""
    _, up = language.gettext, change.direction == "up"
    before, after = (
        f"{split}{_on(when, change.after_on, language)}"
        for split, when in ((change.before, change.before_on), (change.after, change.after_on))
    )
    if change.kind is ChangeKind.SCORE:
        what = _("our panel scores it higher") if up else _("our panel scores it lower")
    elif change.kind is ChangeKind.SHARE:
        what = _("more of our panel would use it") if up else _("fewer of our panel would use it")
    elif change.panel is not None and change.panel.ships_it is not None:
        what = _("our panel now recommends it") if change.panel.ships_it else _("our panel turned against it")
    else:
        what = _("our panel is tied now")
    return f"{what}, {before} → {after}"


def _on(when: date | None, last: date | None, language: Language) -> str:
    """Return " (11 Nov)", with its year where the other day is in another one; empty where unknown."""
    if when is None:
        return ""
    year_matters = last is None or last.year != when.year
    return f" ({language.short_date(when) if year_matters else language.day_and_month(when)})"


def _reasons(change: Change, language: Language) -> Iterator[str]:
    """Yield why it is so, where that shows: the community says otherwise, or the panel is divided."""
    if change.panel is None or change.kind not in (ChangeKind.DECISION, ChangeKind.SHARE, ChangeKind.SCORE):
        return
    votes = change.votes
    if votes is not None and _disagrees(votes, change.panel):
        total = votes.ship + votes.skip
        yield language.gettext(
            "community%(day)s: %(share)s %% of %(total)s ship",
            day=_on(votes.seen_at.date(), change.after_on, language),
            share=whole(Decimal(100 * votes.ship) / total),
            total=total,
        )
        yield language.gettext("the community disagrees")
    if change.panel.is_divided and change.panel.ships_it is not None and change.kind is not ChangeKind.SCORE:
        yield language.gettext("the panel is divided")


def _disagrees(votes: Votes, panel: Panel) -> bool:
    """Return whether enough of the community say the opposite of what the panel says."""
    total = votes.ship + votes.skip
    if total < VOTES_FOR_SHARE or 2 * votes.ship == total or panel.ships_it is None:
        return False
    return (2 * votes.ship > total) is not panel.ships_it


def _price_lines(change: Change, material: Material, *, otherwise: bool) -> Iterator[str]:
    ours = (source := material.sources.get(change.source_id)) is not None and source.ours
    _ = material.language.gettext
    tails = [f" {plain(each.tail)}" if ours and each.tail else "" for each in change.prices]
    label = _("price")
    parts = [_price(each, tail, label) for each, tail in zip(change.prices, tails, strict=True)]
    if otherwise:
        parts = [
            _(
                "%(label)s now %(after)s, %(before)s before%(changed)s",
                label=each.label or label,
                after=f"{each.after}{tail}",
                before=each.before,
                changed=_percent_words(each),
            ).strip()
            for each, tail in zip(change.prices, tails, strict=True)
        ]
    for shown in (parts, parts[:1]):
        prices = ", ".join(shown)
        if change.provider:
            prices = _("at %(provider)s, %(prices)s", provider=clip(change.provider, 30), prices=prices)
        if source is not None and not ours:
            said = _("%(prices)s, says %(source)s", prices=prices, source=clip(source.name, 40))
            yield f"{said}."
        else:
            yield f"{prices}."
        yield f"{prices}."


def _price(priced: PriceChange, tail: str = "", label: str = "") -> str:
    """Return "input $1.00 → $0.80 (−20 %)", "price $16 → $20 a month for each person (+25 %)"."""
    return f"{priced.label or label} {priced.before} → {priced.after}{tail}{_percent_words(priced)}".strip()


def _percent_words(priced: PriceChange) -> str:
    if priced.percent is None:
        return ""
    return f" ({'+' if priced.percent > 0 else '−'}{abs(priced.percent)} %)"
