"""Everything that moved in a span: panels, scores, prices, releases, statuses, comparisons, votes of readers."""

import re
from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal

from newsletter.content.model import ReaderVotes, Review, Revision
from newsletter.content.store import ContentStore
from newsletter.content.votes_store import reader_votes
from newsletter.digest.amounts import whole
from newsletter.digest.moves.move import Move, MoveKind, Span
from newsletter.digest.moves.prices import price_moves
from newsletter.digest.moves.state import State, pair_if_moved

RELEASED = ("released", "version")
TURNED, TIED, GIVEN_UP, RELEASE, UPDATE = Decimal(200), Decimal(100), Decimal(150), Decimal(20), Decimal(5)

_GIVEN_UP = re.compile(r"deprecat|retir|sunset|discontinu|end of life|withdrawn|shut ?down", re.IGNORECASE)


def find_moves(content: ContentStore, span: Span | None, published: Collection[str]) -> tuple[Move, ...]:
    """Everything that moved, the largest first. `published` are the comparisons in earlier issues."""
    if span is None or span.since >= span.until:
        return ()
    ids = content.stated_between(span.since, span.until)
    was, now = (State.read(content, ids, moment) for moment in (span.since, span.until))
    found = [move for key in ids for move in _of_tool(key, was, now)]
    found += _of_descriptions(content.revisions(span.since, span.until), published)
    found += _of_votes(reader_votes(content, since=span.since, before=span.until))
    return tuple(
        sorted(found, key=lambda each: (-each.size, each.kind, each.key, each.source_id, each.provider))
    )


def _of_tool(key: str, was: State, now: State) -> Iterator[Move]:
    yield from _of_panel(key, was, now)
    yield from _of_score(key, was, now)
    yield from price_moves(key, was, now)
    yield from _of_releases(key, was, now)


def _of_panel(key: str, was: State, now: State) -> Iterator[Move]:
    before, after = was.panel(key), now.panel(key)
    if before.share is None or after.share is None or before.split == after.split:
        return
    points = abs(after.share - before.share)
    if whole(before.share) == whole(after.share):
        return
    turned = before.ships_it is not after.ships_it
    tie = None in (before.ships_it, after.ships_it)
    yield Move(
        kind=MoveKind.DECISION if turned else MoveKind.SHARE,
        key=key,
        size=points + ((TIED if tie else TURNED) if turned else 0),
        before=before.split,
        after=after.split,
        before_on=was.judged_on(key, before),
        after_on=now.judged_on(key, after),
        panel=after,
        votes=now.votes.get(key),
        claims=(*before.split_grounds, *after.split_grounds),
    )


def _of_score(key: str, was: State, now: State) -> Iterator[Move]:
    before, after = was.panel(key).rounded_mean, now.panel(key).rounded_mean
    scored = {_who(each): each.score for each in was.reviews.get(key, ()) if each.score is not None}
    moved = [
        each.id
        for each in now.reviews.get(key, ())
        if each.score is not None and scored.get(_who(each), each.score) != each.score
    ]
    if before is None or after is None or before == after or not moved:
        return
    yield Move(
        kind=MoveKind.SCORE,
        key=key,
        size=Decimal(2 * abs(after - before)),
        before=str(before),
        after=str(after),
        panel=now.panel(key),
        votes=now.votes.get(key),
        claims=tuple(dict.fromkeys((*was.panel(key).mean_grounds, *now.panel(key).mean_grounds))),
    )


def _who(review: Review) -> str:
    """Whose review it is: its reviewer's, else its own."""
    return review.reviewer or review.id


def _of_releases(key: str, was: State, now: State) -> Iterator[Move]:
    before, after = was.stated(key), now.stated(key)
    for where in sorted(after.keys() & before.keys()):
        pair = pair_if_moved(before[where], after[where]) if where[1] in RELEASED else None
        if pair is not None:
            yield Move(
                kind=MoveKind.RELEASE,
                key=key,
                size=RELEASE,
                before=pair[0].value,
                after=pair[1].value,
                source_id=where[0],
                claims=(pair[0].id, pair[1].id),
            )


def _of_descriptions(revisions: Iterable[Revision], published: Collection[str]) -> Iterator[Move]:
    """New statuses of tools, and comparisons of earlier issues that say something else now."""
    by_subject: dict[tuple[str, str], list[Revision]] = {}
    for each in revisions:
        field = "status" if each.kind == "tools" and each.field == "status" else each.kind
        by_subject.setdefault((each.key, field), []).append(each)
    for (key, field), found in by_subject.items():
        before, after = found[0].before, found[-1].after
        ids = tuple(each.id for each in found)
        if field == "status" and before.casefold() != after.casefold() and after:
            size = GIVEN_UP if _GIVEN_UP.search(after) else RELEASE
            yield Move(kind=MoveKind.STATUS, key=key, size=size, before=before, after=after, claims=ids)
        elif field == "comparisons" and key in published:
            yield Move(kind=MoveKind.COMPARISON, key=key, size=UPDATE, claims=ids)


def _of_votes(counted: Iterable[ReaderVotes]) -> Iterator[Move]:
    """One move for each comparison."""
    by_comparison: dict[str, list[ReaderVotes]] = {}
    for each in counted:
        by_comparison.setdefault(each.comparison_id, []).append(each)
    for key, totals in by_comparison.items():
        yield Move(
            kind=MoveKind.VOTES,
            key=key,
            size=Decimal(max(each.ship + each.skip for each in totals)),
            totals=tuple(totals),
            claims=tuple(f"reader-votes:{each.comparison_id}:{each.tool_id}" for each in totals),
        )
