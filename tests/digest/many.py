"""As many comparisons as anybody has, each with texts as long as pages have them."""

from newsletter.content.records import (
    ClaimEntry,
    ComparisonEntry,
    Decision,
    Pack,
    ReviewEntry,
    SourceEntry,
    ToolEntry,
)

REVIEWERS = ("Builder", "Skeptic", "Futurist", "Founder")
PRICES = (("input_price", "0.{}"), ("output_price", "2.{}"))


def many_comparisons(count: int) -> Pack:
    """Half as many tools as comparisons, all reviewed by four and priced."""
    tools = range(max(4, count // 2))
    pairs = {(each % len(tools), (each * 7 + 1 + each // len(tools)) % len(tools)) for each in range(count)}
    long_text = "It does a great many things for a great many people in a great many places. " * 12
    return Pack(
        source=SourceEntry(name="Tool desk", url="https://tools.example.org/", ours=True),
        tools=tuple(
            ToolEntry(id=f"tool-{each}", name=f"Tool {each}", category=f"Trade {each % 20}", entry="Paid")
            for each in tools
        ),
        comparisons=tuple(
            ComparisonEntry(left_id=f"tool-{left}", right_id=f"tool-{right}", summary=long_text)
            for left, right in sorted(pairs)
            if left != right
        ),
        reviews=tuple(
            ReviewEntry(
                tool_id=f"tool-{each}",
                reviewer=who,
                score=40 + each * place % 60,
                decision=Decision.SKIP if each % (place + 2) == 0 else Decision.SHIP,
                words=f"{who} on {each}. {long_text}",
            )
            for each in tools
            for place, who in enumerate(REVIEWERS)
        ),
        claims=tuple(
            ClaimEntry(
                tool_id=f"tool-{each}", attribute=attribute, value=price.format(each % 9 + 1), unit="USD/Mtok"
            )
            for each in tools
            for attribute, price in PRICES
        ),
    )
