"""What changed since the issue before, in at most five lines of at most twenty words. What moved is in moves.py."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from newsletter.config import Settings
from newsletter.content.model import ReaderVotes, Votes
from newsletter.digest.amounts import day, whole
from newsletter.digest.lead import headline_of
from newsletter.digest.letter import Change, Figure
from newsletter.digest.links import link_to
from newsletter.digest.material import Dossier, Material
from newsletter.digest.moves import Move, MoveKind, Priced
from newsletter.digest.panel import VOTES_FOR_SHARE, Panel
from newsletter.digest.sentences import clip, count_words, plain

CHANGES, CHANGE_WORDS = 5, 20
#: A change heads the mail from this size on, where it is larger than what the lead has to say.
HEADING = Decimal(30)

_SAYS = {True: "ship", False: "skip", None: "a tie"}


def changes_block(
    moves: Sequence[Move], material: Material, settings: Settings
) -> tuple[tuple[Change, Figure], ...]:
    """The largest changes, and what each stands on."""
    found = (change_line(move, material, settings) for move in shown_moves(moves))
    return tuple(each for each in found if each is not None)[:CHANGES]


def subjects_of(moves: Sequence[Move]) -> tuple[list[str], list[str]]:
    """The comparisons and the tools that the lines are about."""
    shown = shown_moves(moves)
    compared = [each.key for each in shown if not each.is_about_tool]
    return compared, [each.key for each in shown if each.is_about_tool]


def shown_moves(moves: Sequence[Move]) -> tuple[Move, ...]:
    """The largest moves, as many as have room, and after them readers' votes: one line at least where there are any."""
    votes = [each for each in moves if each.kind is MoveKind.VOTES]
    others = [each for each in moves if each.kind is not MoveKind.VOTES]
    return tuple([*others[: CHANGES - len(votes[:1])], *votes][:CHANGES])


def heading_move(moves: Sequence[Move], lead: tuple[Dossier, Dossier] | None) -> Move | None:
    """The largest change, if it is larger than the lead's news: the points between the sides' shares that ship."""
    largest = next((each for each in moves if each.is_about_tool), None)
    if largest is None or largest.size < HEADING:
        return None
    return largest if largest.size > lead_size(lead) else None


def lead_size(lead: tuple[Dossier, Dossier] | None) -> Decimal:
    """How large the lead's news is, in points; nothing where the panel has not judged both sides."""
    shares = [each.panel.share for each in lead or ()]
    known = [share for share in shares if share is not None]
    return abs(known[0] - known[1]) if len(known) == 2 else Decimal(0)


def heading_of(move: Move, material: Material) -> Iterator[str]:
    """What a subject says of a change, the fullest first."""
    dossier = material.dossiers[move.key]
    if move.kind is MoveKind.DECISION and move.panel is not None:
        turn = f"the panel turns to {_SAYS[move.panel.ships_it]}"
        yield f"{dossier.name}: {turn}, {move.before} → {move.after}"
        yield f"{dossier.name}: {turn}"
    elif move.kind is MoveKind.PRICE:
        largest = max(move.prices, key=lambda each: 1_000_000 if each.percent is None else abs(each.percent))
        yield f"{dossier.name}: {_price(largest)}"
        yield f"{dossier.name}: a new price"
    elif move.kind in (MoveKind.SHARE, MoveKind.SCORE):
        what = "panel" if move.kind is MoveKind.SHARE else "mean score"
        yield f"{dossier.name}: {what} {move.before} → {move.after}"
    else:
        yield f"{dossier.name}: {move.before} → {move.after}"


def change_line(move: Move, material: Material, settings: Settings) -> tuple[Change, Figure] | None:
    """One change and what it stands on; None for what the material does not know."""
    if move.kind is MoveKind.COMPARISON:
        return _updated(move, material, settings)
    if move.kind is MoveKind.VOTES:
        return _voted(move, material, settings)
    dossier = material.dossiers.get(move.key)
    if dossier is None:
        return None
    words = _fitted(dossier.name, list(_lines(move, material)))
    link = link_to(f"More on {clip(dossier.name, 30)}", dossier.tool.url, settings)
    return Change(tool_id=dossier.tool.id, words=words, link=link), Figure(text=words, claims=move.claims)


def _updated(move: Move, material: Material, settings: Settings) -> tuple[Change, Figure] | None:
    comparison = material.comparisons.get(move.key)
    if comparison is None:
        return None
    words = f"Updated since we compared them: {headline_of(comparison, *material.sides(comparison))}."
    link = link_to("What it says now", comparison.url, settings)
    return Change(tool_id=comparison.left_id, words=words, link=link), Figure(text=words, claims=move.claims)


def _voted(move: Move, material: Material, settings: Settings) -> tuple[Change, Figure] | None:
    comparison = material.comparisons.get(move.key)
    if comparison is None:
        return None
    names = {side.tool.id: side.name for side in material.sides(comparison)}
    counted = [each for each in move.totals if each.tool_id in names and each.ship + each.skip]
    said = [f"{_would(each)} {clip(names[each.tool_id], 40)} ({each.ship}–{each.skip})" for each in counted]
    if not said:
        return None
    words = f"You voted: {', '.join(said)}."
    link = link_to(" vs ".join(clip(each, 30) for each in names.values()), comparison.url, settings)
    return Change(tool_id=comparison.left_id, words=words, link=link), Figure(text=words, claims=move.claims)


def _would(total: ReaderVotes) -> str:
    return "tie on" if total.ship == total.skip else "ship" if total.ship > total.skip else "skip"


def _fitted(name: str, lines: list[str]) -> str:
    """The fullest line that fits behind the name; of a name that leaves no room, its beginning."""
    fitting = next((each for each in lines if count_words(f"{name}: {each}") <= CHANGE_WORDS), lines[-1])
    kept = name.split()
    while len(kept) > 1 and count_words(f"{' '.join(kept)}: {fitting}") > CHANGE_WORDS:
        kept.pop()
    shown = name if len(kept) == len(name.split()) else f"{' '.join(kept)}…"
    return f"{shown}: {fitting}"


def _lines(move: Move, material: Material) -> Iterator[str]:
    """Ways to say it, the fullest first."""
    if move.kind is MoveKind.PRICE:
        yield from _price_lines(move, material)
        return
    if move.kind in (MoveKind.DECISION, MoveKind.SHARE):
        said = _panel(move)
    elif move.kind is MoveKind.SCORE:
        said = f"mean score {move.before} → {move.after}"
    elif move.kind is MoveKind.STATUS:
        said = f"{clip(move.before, 20)} → {clip(move.after, 20)}"
    else:
        said = f"new release, {clip(move.before, 20)} → {clip(move.after, 20)}"
    for reason in _reasons(move):
        yield f"{said}; {reason}."
    yield f"{said}."


def _panel(move: Move) -> str:
    turned = move.kind is MoveKind.DECISION and move.panel is not None
    start = f"the panel turned to {_SAYS[move.panel.ships_it]}," if turned and move.panel else "panel"
    before, after = (
        f"{split}{_on(when, move.after_on)}"
        for split, when in ((move.before, move.before_on), (move.after, move.after_on))
    )
    return f"{start} {before} → {after}"


def _on(when: date | None, last: date | None) -> str:
    """ " (11 Nov)", with its year where the other day is in another one; empty where unknown."""
    if when is None:
        return ""
    text = day(when)
    return f" ({text if last is None or last.year != when.year else text.rpartition(' ')[0]})"


def _reasons(move: Move) -> Iterator[str]:
    """Why it is so, where that shows: the community says otherwise, or the panel is divided."""
    if move.panel is None or move.kind not in (MoveKind.DECISION, MoveKind.SHARE, MoveKind.SCORE):
        return
    votes = move.votes
    if votes is not None and _disagrees(votes, move.panel):
        total = votes.ship + votes.skip
        seen = _on(votes.seen_at.date(), move.after_on)
        yield f"community{seen}: {whole(Decimal(100 * votes.ship) / total)} % of {total} ship"
        yield "the community disagrees"
    if move.panel.is_split and move.kind is not MoveKind.SCORE:
        yield "the panel is divided"


def _disagrees(votes: Votes, panel: Panel) -> bool:
    """Whether enough of the community say the opposite of what the panel says."""
    total = votes.ship + votes.skip
    if total < VOTES_FOR_SHARE or 2 * votes.ship == total or panel.ships_it is None:
        return False
    return (2 * votes.ship > total) is not panel.ships_it


def _price_lines(move: Move, material: Material) -> Iterator[str]:
    ours = (source := material.sources.get(move.source_id)) is not None and source.ours
    parts = [_price(each, with_tail=ours) for each in move.prices]
    at = f"at {clip(move.provider, 30)}, " if move.provider else ""
    by = f", says {clip(source.name, 40)}" if source is not None else ""
    for shown in (parts, parts[:1]):
        yield f"{at}{', '.join(shown)}{by}."
        yield f"{at}{', '.join(shown)}."


def _price(priced: Priced, *, with_tail: bool = False) -> str:
    """ "input $1.00 → $0.80 (−20 %)", "$16 → $20 a month for each person (+25 %)"."""
    tail = f" {plain(priced.tail)}" if with_tail and priced.tail else ""
    moved = (
        "" if priced.percent is None else f" ({'+' if priced.percent > 0 else '−'}{abs(priced.percent)} %)"
    )
    return f"{priced.label} {priced.before} → {priced.after}{tail}{moved}".strip()
