"""Letters to render: a usual week, a thin one, a heavy one of twelve items, right-to-left names, hostile values."""

from dataclasses import fields, is_dataclass, replace
from datetime import date
from functools import cache
from typing import Any

from newsletter.config import template_folders
from newsletter.db.statuses import Edition
from newsletter.digest.content import (
    NOTHING,
    AnsweredQuestion,
    Benchmarks,
    Brief,
    Card,
    ChangeLine,
    CitedSource,
    Costs,
    Figure,
    Footer,
    IssueContent,
    Lead,
    Link,
    Masthead,
    MonthLine,
    Opening,
    PrintedDispute,
    Quote,
    Score,
    Scorecard,
    ScoreRow,
    Side,
    Sources,
    TableRow,
    ToolName,
    Week,
)
from newsletter.render.compile import compile_issue
from newsletter.render.headers import MessageFrame
from newsletter.render.plan import Plan

FRAME = MessageFrame(
    from_name="Weekly Verdicts",
    from_address="weekly@news.example.org",
    reply_to="desk@example.org",
    public_url="https://news.example.org",
    language="en",
    leave_address="desk@example.org",
    list_id="weekly.news.example.org",
    list_name="Weekly Verdicts",
    archive_url="https://news.example.org/archive",
    feedback_id="12:weekly:issue:verdicts",
)

#: Sixty words, the most that an editor's note may have.
LONG_NOTE = (
    "Two open models **meet on price** this week, and the panel is not of one mind about either. The cheaper"
    " one runs on a single card in your office; the dearer one brings a sandbox that executes what it writes."
    " We asked our four reviewers which they would put in front of customers tomorrow, and [why](https://example.org/why)"
    " they hesitated at all."
)


def _figure(text: str, *claims: str, disputed: bool = False) -> Figure:
    return Figure(text=text, claims=claims or ("c1",), disputed=disputed)


def _row(label: str, left: str, right: str, *, disputed: bool = False) -> TableRow:
    return TableRow(label=label, left=_figure(left, disputed=disputed), right=_figure(right))


def _link(label: str, slug: str = "compare/small-medium", *, affiliate: bool = False) -> Link:
    return Link(label=label, url=f"https://verdicts.example.org/{slug}", affiliate=affiliate)


def _sides(*names: str) -> tuple[ToolName, ...]:
    return tuple(ToolName(tool_id=name.lower().replace(" ", "-"), name=name) for name in names)


MASTHEAD = Masthead(
    name="Weekly Verdicts", edition=Edition.WEEKLY, number=12, date_on=date(2026, 11, 26), minutes=4
)

LEAD = Lead(
    comparison_id="small-medium",
    headline="Mistral 3 Small (22B) vs Mistral Medium 3.2",
    bottom_line=Figure(text="4–0, mean 79, against 3–1, mean 70; free against pay per token."),
    left=Side(
        tool_id="mistral-3-small",
        name="Mistral 3 Small (22B)",
        panel=_figure("4 ship / 0 skip"),
        share=100,
        community=_figure("no votes yet"),
        pricing=_figure("Free (Apache 2.0 open weights)"),
        best_for="Open-weight model for edge and consumer hardware",
        category="Developer Tools",
        maker="Mistral AI",
        tagline="Open weights for graphics cards that people already own.",
    ),
    right=Side(
        tool_id="mistral-medium-3-2",
        name="Mistral Medium 3.2",
        panel=_figure("3 ship / 1 skip"),
        share=75,
        community=_figure("no votes yet"),
        pricing=_figure("Pay per token; enterprise pricing on request"),
        best_for="Low-cost model with native code interpreter",
        category="Developer Tools",
        maker="Mistral AI",
        tagline="A cloud model that runs the code it writes.",
    ),
    pick_left_if=Figure(
        text="your data has to stay on your own machines, or a monthly bill is what keeps you awake."
    ),
    pick_right_if=Figure(
        text="you want generated code to be run and checked without building a sandbox of your own."
    ),
    decision=(
        _row("Panel", "4 ship / 0 skip", "3 ship / 1 skip"),
        TableRow(
            label="Community, 22 Nov 2026",
            left=Figure(text="18 of 24 ship", claims=("c1",), counts_votes=True),
            right=Figure(text="no votes yet", counts_votes=True),
        ),
        _row("Pricing", "Free (Apache 2.0 open weights)", "Pay per token; enterprise pricing on request"),
        _row(
            "Best for",
            "Open-weight model for edge and consumer hardware",
            "Low-cost model with native code interpreter",
        ),
        _row("Category", "Developer Tools", "Developer Tools"),
    ),
    scorecard=Scorecard(
        rows=(
            ScoreRow(
                reviewer="Builder",
                left=Score(score=85, decision="ship"),
                right=Score(score=78, decision="ship"),
            ),
            ScoreRow(
                reviewer="Skeptic",
                left=Score(score=78, decision="ship"),
                right=Score(score=72, decision="ship"),
            ),
            ScoreRow(
                reviewer="Futurist",
                left=Score(score=82, decision="ship"),
                right=Score(score=75, decision="ship"),
            ),
            ScoreRow(
                reviewer="Founder",
                left=Score(score=72, decision="ship"),
                right=Score(score=55, decision="skip"),
            ),
        ),
        left_mean=79,
        right_mean=70,
    ),
    quotes=(
        Quote(
            words="It slots into every local runner we tried without asking for special tooling.",
            reviewer="Builder",
            tool="Mistral 3 Small (22B)",
            stance="for",
            review_id="r1",
        ),
        Quote(
            words="They sell tokens with a nice feature; they are not yet building something you could not leave.",
            reviewer="Founder",
            tool="Mistral Medium 3.2",
            stance="against",
            review_id="r2",
        ),
    ),
    costs=Costs(
        volumes=(
            _row("1M tokens", "$0.14", "$1.20", disputed=True),
            _row("10M", "$1.35", "$12.00"),
            _row("100M", "$13.50", "$120.00"),
        ),
        team=_row("Team", "$1.78", "$15.84"),
        basis="By the token, half input, half output. Team: 5 seats × 80 messages a day × 1,500 tokens, 22 days a month.",
        dated="Checked 18 Nov 2026.",
    ),
    benchmarks=Benchmarks(
        rows=(
            _row("Constrained rewriting", "2 of 3", "untested"),
            _row("Tool calling", "3 of 5", "4 of 5"),
            _row("Long context", "1 of 3", "2 of 3"),
        ),
        untested="9 of 12 tests untested on both sides",
        origin="Model lab, 10 Nov 2026.",
    ),
    link=_link("Read the full comparison"),
    reason=_figure("All four reviewers would use it, three of four Mistral Medium 3.2."),
    why="One is a file that you own. The other is a service that checks its own work.",
)

MORE = (
    Brief(
        comparison_id="medium-31-small-32",
        topic="Cost",
        headline="Mistral Medium 3.1 vs Mistral Small 3.2",
        words=Figure(
            text="$0.40 against $0.07 for a million input tokens. The panel splits 3–1 and 4–0; only one of twelve tests has a score."
        ),
        link=_link("Mistral Medium 3.1 vs Mistral Small 3.2", "compare/medium-small"),
        sides=_sides("Mistral Medium 3.1", "Mistral Small 3.2 (24B)"),
    ),
    Brief(
        comparison_id="quill-inkwell",
        topic="Writing",
        headline="Quill vs Inkwell",
        words=Figure(
            text="Both panels ship, 3–1 and 4–0, two points apart: no clear pick. Quill is paid only, Inkwell starts free."
        ),
        link=_link("Quill vs Inkwell", "compare/quill-inkwell", affiliate=True),
        sides=_sides("Quill", "Inkwell"),
        note="Our desk used both for a month; the gap was smaller than the numbers say.",
    ),
    Brief(
        comparison_id="tidepool-sonar",
        topic="Research",
        headline="Tidepool vs Sonar Desk",
        words=Figure(
            text="1–3 against 2–2, means 48 and 61. Neither convinces; Sonar Desk at least says where its answers come from."
        ),
        link=_link("Tidepool vs Sonar Desk", "compare/tidepool-sonar"),
        sides=_sides("Tidepool", "Sonar Desk"),
    ),
)


def _card(name: str, kicker: str, split: str, share: int | None, line: str, topic: str = "Models") -> Card:
    slug = name.lower().replace(" ", "-")
    return Card(
        tool_id=slug,
        topic=topic,
        name=name,
        kicker=kicker,
        split=_figure(split),
        share=share,
        line=line,
        facts=(
            ("Context", _figure("128K")),
            ("Input", _figure("$0.10", disputed=True)),
            ("Output", _figure("$0.30")),
            ("Licence", _figure("Apache 2.0")),
            ("Checked", _figure("1 Mar 2026")),
        )
        if kicker == "new model"
        else (),
        link=_link(name, f"tools/{slug}"),
    )


CARDS = (
    _card(
        "Mistral Small 3.2",
        "new model",
        "4 ship / 0 skip",
        100,
        "The cheapest open model that the panel would put in front of customers.",
    ),
    _card(
        "Harbor Agents",
        "new verdict",
        "1 ship / 3 skip",
        25,
        "Agents that wait in line: clever queueing, little patience for errors.",
        "Agents",
    ),
    _card(
        "Lumen Voice",
        "new verdict",
        "3 ship / 1 skip",
        75,
        "Dictation that knows your product names after an hour.",
        "Audio",
    ),
)

FINDINGS = tuple(
    Figure(text=each)
    for each in (
        "Widest gap: Harbor Agents 1–3, Mistral 3 Small 4–0.",
        "Output tokens cost a tenth: $0.20 against $2.00 a million.",
        "The Founder is the only reviewer to skip Mistral Medium 3.2.",
    )
)

FOOTER = Footer(
    why="You get this because you subscribed at verdicts.example.org.",
    postal_address="Weekly Verdicts\n12 Harbour Street\n20457 Hamburg",
    controller="Verdicts Ltd",
    privacy_url="https://verdicts.example.org/privacy",
    archive_url="https://news.example.org/archive",
    subscribe_url="https://news.example.org/subscribe",
    reply_to="desk@example.org",
    affiliate_notice="",
)

OPENING = Opening(
    sentences=(
        _figure("Mistral 3 Small (22B) beats Mistral Medium 3.2, four reviewers to three."),
        _figure("Sonar Desk beats Tidepool."),
    )
)

USUAL = IssueContent(
    opening=OPENING,
    asks_votes=True,
    key="Four reviewers score 0–100 and say ship (use it) or skip.",
    subject="Mistral 3 Small or Medium 3.2? 4–0 against 3–1",
    preheader="Free against pay per token, nine points apart, and one reviewer who walks away.",
    masthead=MASTHEAD,
    note="Two open models **meet on price** this week. [Tell us](https://example.org/desk) which one you run.",
    findings=FINDINGS,
    lead=LEAD,
    changes=(),
    more=MORE,
    cards=CARDS,
    rest=(_link("Foundry 2", "tools/foundry-2"), _link("Kestrel vs Merlin", "compare/kestrel-merlin")),
    answer=AnsweredQuestion(
        question="Can I run a 22B model on one consumer card?",
        answer="Yes, quantised to four bits it fits in 24 GB of memory; expect the first answer within five minutes of starting the download on a fast line.",
        about="Mistral 3 Small (22B)",
        link=_link("Mistral 3 Small (22B)", "tools/mistral-3-small"),
    ),
    sources=Sources(
        origins=(
            CitedSource(
                name="Weekly Verdicts panel",
                url="https://verdicts.example.org/panel",
                dated="published 24 Nov 2026",
            ),
            CitedSource(
                name="Mistral AI, pricing",
                url="https://models.example.com/mistral",
                dated="checked 1 Mar 2026",
            ),
        ),
        disputes=(
            PrintedDispute(
                tool_id="mistral-small-3-2",
                attribute="input_price",
                words="Mistral Small 3.2, input: $0.10 (model profile, checked 1 Mar 2026); $0.07 (model page, seen 20 Nov 2026)",
            ),
        ),
    ),
    footer=FOOTER,
)

THIN = replace(
    USUAL,
    subject="A quiet week, one comparison",
    note="",
    opening=None,
    findings=(),
    lead=replace(
        LEAD,
        scorecard=None,
        quotes=(),
        costs=None,
        benchmarks=None,
        why="",
        reason=NOTHING,
        pick_left_if=NOTHING,
        pick_right_if=NOTHING,
    ),
    more=(),
    cards=(),
    rest=(),
    answer=None,
    sources=Sources(origins=(), disputes=()),
    is_first=True,
)

_FOUNDRY = "The price went up without a word, and nothing that we measured did."

#: Twelve items, everything there, everything as long as it may be.
HEAVY = replace(
    USUAL,
    note=LONG_NOTE,
    findings=(
        Figure(
            text="Most divided panel here: Harbor Agents, 1 ship / 3 skip, against four for Mistral 3 Small."
        ),
        Figure(
            text="Largest price gap here: 10M tokens a month cost $1.35 with Mistral 3 Small, $12.00 with Medium."
        ),
        Figure(text="Sources differ on Mistral Small 3.2, input price: $0.10 or $0.07 per million tokens."),
    ),
    opening=replace(
        OPENING,
        quote=Quote(words=_FOUNDRY, reviewer="Founder", tool="Foundry", stance="against", review_id="r3"),
    ),
    changes=(
        ChangeLine(
            tool_id="foundry",
            name="Foundry",
            words=Figure(text="Foundry: input price from $0.40 to $0.55 a million tokens."),
            told=Figure(text="Input price from $0.40 to $0.55 a million tokens."),
            direction="up",
            link=_link("Foundry", "tools/foundry"),
        ),
        ChangeLine(
            tool_id="kestrel",
            name="Kestrel",
            words=Figure(text="Kestrel: fewer of our panel would use it, 3–1 in October, 2–2 now."),
            told=Figure(text="Fewer of our panel would use it, 3–1 in October, 2–2 now."),
            direction="down",
            because=Quote(
                words="It draws well until two people draw at once.",
                reviewer="Skeptic",
                tool="Kestrel",
                stance="against",
                review_id="r4",
            ),
            link=None,
        ),
        ChangeLine(
            tool_id="merlin",
            words=Figure(text="Merlin's weights are open since Monday."),
            link=_link("Merlin", "tools/merlin", affiliate=True),
        ),
    ),
    rest=tuple(
        _link(name, f"tools/{n}")
        for n, name in enumerate(("Foundry 2", "Kestrel vs Merlin", "Osprey", "Paperclip", "Wren vs Robin"))
    ),
    footer=replace(FOOTER, affiliate_notice="Links marked (ad) pay us if you buy; they change no verdict."),
)

NO_LEAD = replace(THIN, lead=None, cards=CARDS)

_RTL_LEFT, _RTL_RIGHT = "כלי עזר 3", "مساعد الكتابة"

RIGHT_TO_LEFT = replace(
    USUAL,
    subject=f"{_RTL_LEFT} or {_RTL_RIGHT}? 4–0 against 3–1",
    lead=replace(
        LEAD,
        headline=f"{_RTL_LEFT} vs {_RTL_RIGHT}",
        left=replace(LEAD.left, name=_RTL_LEFT),
        right=replace(LEAD.right, name=_RTL_RIGHT),
    ),
)

ATTACK = (
    "\"'><script>alert(1)</script>&amp;</td></table><mj-text>{{ 7*7 }}{% raw %}</mj-text>"
    "<!--[if mso]>x<![endif]-->\x00\x1b[31m\u202egnp.exe\u200b\u2066\ue0000\ue001\ue0021:1\ue003\r\nBcc: a@b"
)


def hostile(value: Any, name: str = "") -> Any:
    """`value` with the attack in every text but addresses of pages, words with a fixed meaning and nothing."""
    if isinstance(value, tuple):
        return tuple(hostile(each, name) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{each.name: hostile(getattr(value, each.name), each.name) for each in fields(value)}
        )
    if (
        type(value) is str
        and value
        and not name.endswith("url")
        and name not in ("stance", "decision", "direction")
    ):
        return f"{value} {ATTACK}"
    return value


#: Everything there once, so that the attack in every place still fits into a mail.
ONE_OF_EACH = replace(
    HEAVY,
    findings=HEAVY.findings[:1],
    lead=replace(LEAD, headline="Weights or a service", decision=LEAD.decision[:3]),
    changes=HEAVY.changes[1:2],
    more=MORE[1:2],
    cards=CARDS[:1],
    rest=HEAVY.rest[:1],
    sources=replace(HEAVY.sources, origins=HEAVY.sources.origins[:1]),
)

HOSTILE: IssueContent = hostile(ONE_OF_EACH)

#: A month of two weeks, of which one was corrected, with the changes and a line for everything else.
MONTHLY = replace(
    HEAVY,
    masthead=replace(MASTHEAD, edition=Edition.MONTHLY),
    opening=None,
    findings=(),
    lead=None,
    more=(),
    cards=(),
    answer=None,
    weeks=tuple(
        Week(
            number=number,
            date_on=date(2026, 11, day),
            comparison_id=f"c{number}",
            headline=LEAD.headline,
            bottom_line=LEAD.bottom_line,
            left=LEAD.left.name,
            right=LEAD.right.name,
            left_id=f"left-{number}",
            right_id=f"right-{number}",
            pick_left_if=LEAD.pick_left_if,
            pick_right_if=LEAD.pick_right_if,
            link=LEAD.link,
            issue=_link(f"Issue {number}", f"archive/{number}"),
            corrections=("We wrote “79”. Right is: 78",) if number == 12 else (),
        )
        for number, day in ((12, 26), (11, 19))
    ),
    lines=(
        MonthLine(
            key="tool-lumen", topic="Audio", link=_link("Lumen Voice"), split=_figure("3 ship / 1 skip")
        ),
    ),
    rest=(_link("41 more in the archive", "archive"),),
)

#: The issues that every promise about the look is held to.
REPRESENTATIVE = ("THIN", "USUAL", "HEAVY", "RIGHT_TO_LEFT", "HOSTILE")


@cache
def plan_of(name: str) -> Plan:
    """One of these letters compiled, by its name."""
    return compile_issue(globals()[name], FRAME, template_folders(None))
