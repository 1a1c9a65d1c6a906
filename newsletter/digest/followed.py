"""A line for every tool that some reader follows: its largest change, or where this issue shows it; else no change."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from newsletter.config import Settings
from newsletter.content.model import Tool
from newsletter.digest.changes import change_line
from newsletter.digest.letter import Figure, Followed
from newsletter.digest.material import Material
from newsletter.digest.moves import Move
from newsletter.digest.sentences import clip


def followed_block(
    tools: Mapping[str, Tool],
    moves: Sequence[Move],
    shown: Mapping[str, str],
    material: Material,
    settings: Settings,
) -> tuple[tuple[Followed, Figure], ...]:
    """The followed tools by the ids under which they are followed, and what each line stands on.

    Changes come first, the largest before the others, then what this issue shows (`shown`: where, by tool), then the
    tools of which there is nothing to say.
    """
    ids: dict[str, list[str]] = {}
    for followed_as, tool in tools.items():
        ids.setdefault(tool.id, []).append(followed_as)
    lines = dict(_lines(moves, ids, shown, tools, material, settings))
    for key in sorted(ids.keys() - lines.keys()):
        lines[key] = Followed(tool_id=key, name=clip(tools[ids[key][0]].name)), Figure(text="")
    return tuple(
        (_under(followed, each), stands_on)
        for key, (followed, stands_on) in lines.items()
        for each in ids[key]
    )


def moved_tools(moves: Iterable[Move], followed: Mapping[str, Tool]) -> list[str]:
    """The followed tools of which something moved."""
    ids = {tool.id for tool in followed.values()}
    return [each.key for each in moves if each.is_about_tool and each.key in ids]


def _lines(
    moves: Sequence[Move],
    ids: Mapping[str, list[str]],
    shown: Mapping[str, str],
    tools: Mapping[str, Tool],
    material: Material,
    settings: Settings,
) -> Iterator[tuple[str, tuple[Followed, Figure]]]:
    told = set()
    for move in moves:
        line = change_line(move, material, settings) if move.key in ids and move.key not in told else None
        if line is not None:
            told.add(move.key)
            change, stands_on = line
            name = clip(tools[ids[move.key][0]].name)
            yield (
                move.key,
                (Followed(tool_id=move.key, name=name, words=change.words, link=change.link), stands_on),
            )
    for key, where in shown.items():
        if key in ids and key not in told:
            name = clip(tools[ids[key][0]].name)
            yield key, (Followed(tool_id=key, name=name, words=f"{name}: {where}."), Figure(text=""))


def _under(followed: Followed, tool_id: str) -> Followed:
    return Followed(tool_id=tool_id, name=followed.name, words=followed.words, link=followed.link)
