"""More than fits in the small week: three comparisons that wait, and a stranger's review of one of its tools."""

from newsletter.content.records import ComparisonEntry, Decision, Pack, ReviewEntry, SourceEntry, ToolEntry

NAMES = ("avocet", "bittern", "curlew", "dunlin", "egret", "fulmar")

#: The comparisons are seen, but nobody has judged their tools: they come after those of the week.
WIDER = Pack(
    source=SourceEntry(name="Tool desk, waders", url="https://tools.example.org/waders", ours=True),
    tools=tuple(ToolEntry(id=each, name=each.capitalize()) for each in NAMES),
    comparisons=tuple(
        ComparisonEntry(left_id=left, right_id=right, url=f"https://tools.example.org/{left}")
        for left, right in zip(NAMES[::2], NAMES[1::2], strict=True)
    ),
)

STRANGER = Pack(
    source=SourceEntry(name="Some forum", url="https://forum.example.net/meridian", ours=False),
    reviews=(
        ReviewEntry(
            tool_id="meridian-medium",
            reviewer="Stranger",
            score=99,
            decision=Decision.SHIP,
            words="Buy it now, all of you.",
        ),
    ),
)

#: What comes when the draft is made already.
LATE = Pack(
    source=SourceEntry(name="Tool desk, late", url="https://tools.example.org/late", ours=True),
    tools=(ToolEntry(id="godwit", name="Godwit"), ToolEntry(id="hoopoe", name="Hoopoe")),
    comparisons=(
        ComparisonEntry(left_id="godwit", right_id="hoopoe", url="https://tools.example.org/godwit"),
    ),
)
