"""The names of the blocks that not everybody gets; which of them a reader gets is in delivery/personal.py."""

from collections.abc import Iterable

from newsletter.render.plan import Plan

#: The heading over a reader's tools, and the line that names those without news.
YOUR_TOOLS, UNCHANGED = "your-tools", "unchanged"
#: The costs for everybody, and in their place the reader's own.
COSTS, YOUR_VOLUME, YOUR_TEAM = "costs", "your-volume", "your-team"
#: Lines about a reader's tools, with the one that names those without news.
TOOL_LINES = 4

_TOOL = "tool:"


def tool_block(tool_id: str) -> str:
    """The block with a followed tool's news."""
    return f"{_TOOL}{tool_id}"


def is_personal(block_id: str) -> bool:
    return block_id.startswith(_TOOL) or block_id in (YOUR_TOOLS, UNCHANGED, YOUR_VOLUME, YOUR_TEAM)


def common_blocks(block_ids: Iterable[str]) -> tuple[str, ...]:
    """The blocks of a copy that is nobody's in particular: a preview, the archive."""
    return tuple(each for each in block_ids if not is_personal(each))


def longest_program(plan: Plan) -> tuple[str, ...]:
    """The blocks of the largest copy that any reader can get."""
    tools = [each for each in plan.block_ids if each.startswith(_TOOL)]
    sizes = {
        block.id: sum(len(each) for each in block.segments if isinstance(each, str)) for block in plan.html
    }
    largest = sorted(tools, key=lambda each: -sizes.get(each, 0))[:TOOL_LINES]
    return tuple(each for each in plan.block_ids if not each.startswith(_TOOL) or each in largest)
