"""Pages of the four shapes, laid out from a world of two tools and the prose that goes into them.

Each line carries labels, so that whoever reads a finding knows what stands on its line: "input:a" is where the input
price of tool a stands in a field, "plant" where a planted sentence is. What is true of the tools, and what is said of
them in prose, is in truth_sets.py; the furniture between is only that by which the four shapes are known.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

REVIEWERS = ("Builder", "Skeptic", "Futurist", "Founder")
TESTS = (
    "Structured Output",
    "Strategic Analysis",
    "Constrained Rewriting",
    "Creative Problem Solving",
    "Tool Calling",
    "Faithfulness",
    "Classification",
    "Long Context",
    "Safety Calibration",
    "Persona Consistency",
    "Agentic Planning",
    "Multilingual",
)
MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page, and what stands on it."""

    text: str
    labels: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it is saved: `name` is the last part of its address."""

    name: str
    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines) + "\n"

    def numbers(self, labels: frozenset[str]) -> frozenset[int]:
        """Return the lines, from 1, that carry any of these labels."""
        return frozenset(number for number, line in enumerate(self.lines, 1) if line.labels & labels)


@dataclass(slots=True, kw_only=True)
class Tool:
    """What is true of an invented tool. Prices are USD per million tokens, `context` and `output_limit` tokens."""

    key: str
    name: str
    short: str
    maker: str
    family: str
    parameters: int
    context: int
    output_limit: int
    licence: str
    input: Decimal
    output: Decimal
    released: date
    scores: tuple[int, ...]
    votes: tuple[int, int]
    results: dict[str, int | None]
    plan: str

    @property
    def decisions(self) -> tuple[str, ...]:
        return tuple("ship" if score >= 60 else "skip" for score in self.scores)

    @property
    def ships(self) -> int:
        return self.decisions.count("ship")

    @property
    def mean(self) -> int:
        """The mean of the reviewers' scores; a whole number in every world."""
        whole, rest = divmod(sum(self.scores), len(self.scores))
        assert rest == 0
        return whole

    @property
    def share(self) -> int:
        return 100 * self.ships // len(self.scores)

    @property
    def community(self) -> int:
        """Percent of the community's votes that ship, rounded as printed."""
        ship, skip = self.votes
        return int((Decimal(100 * ship) / (ship + skip)).quantize(Decimal(1), ROUND_HALF_UP))

    def total(self, tokens: int) -> Decimal:
        """What so many tokens cost in USD, half of them output."""
        return (self.input + self.output) / 2 * tokens / MILLION


@dataclass(slots=True, kw_only=True)
class World:
    """Two tools and the days on which a site wrote of them. `ratio` is how many times b's prices are a's."""

    a: Tool
    b: Tool
    ratio: int
    updated: date
    verified: date

    @property
    def tools(self) -> tuple[Tool, Tool]:
        return self.a, self.b


#: Paragraphs by where on a page they stand, such as "strengths" or "description:a".
Prose = Mapping[str, Sequence[Line]]


@dataclass(slots=True)
class Fields:
    """What the fields of a page say instead of the truth, by label, such as "card input:a" (planted sets only)."""

    instead: dict[str, str] = field(default_factory=dict)

    def line(self, truth: str, *labels: str) -> Line:
        said = next((self.instead[label] for label in labels if label in self.instead), truth)
        return Line(said, frozenset(labels))


def money(amount: Decimal) -> str:
    """Dollars as a page prints them: "$0.40", "$12", "$0.00015"."""
    if amount == amount.to_integral() and amount >= 10:
        return f"${amount:,.0f}"
    plain = f"{amount.normalize():f}"
    return f"${amount:,.2f}" if len(plain.partition(".")[2]) <= 2 else f"${plain}"


def thousands(tokens: int) -> str:
    """Tokens as writers shorten them: "128K", "1M"."""
    return f"{tokens // 1_000_000}M" if tokens % 1_000_000 == 0 else f"{tokens // 1_000}K"


def american(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"


def panel(world: World, prose: Prose, fields: Fields, *, name: str) -> Page:
    """Lay out a comparison with the panel's verdict, scores and votes."""
    names = [tool.name for tool in world.tools]
    title = " vs ".join(names)
    lines = [
        Line(f"Compare/{title}"),
        Line("AI tool comparison"),
        Line(title, frozenset({"name:a", "name:b"})),
        Line("Which one should you ship with? Here is the side-by-side panel verdict."),
    ]
    for tool in world.tools:
        key = tool.key
        lines += [
            Line(tool.name[0]),
            Line("Developer Tools"),
            Line(tool.name, frozenset({f"name:{key}"})),
            *prose.get(f"tagline:{key}", ()),
            Line(_verdict(tool)),
            fields.line(f"{tool.share}%", f"share:{key}", f"card share:{key}"),
            Line("Panel ship"),
            fields.line(f"{tool.community}%", f"community:{key}", f"card community:{key}"),
            Line("Community"),
            Line("Free" if tool.plan.startswith("Free") else "Paid"),
            Line("Entry"),
            *prose.get(f"description:{key}", ()),
        ]
    a, b = world.tools
    lines += [
        *map(Line, ("Decision", *names, "Panel verdict")),
        *(_split(tool, fields) for tool in world.tools),
        Line("Community"),
        *(_votes(tool, fields) for tool in world.tools),
        Line("Pricing"),
        *(fields.line(tool.plan, f"licence:{tool.key}", f"plan:{tool.key}") for tool in world.tools),
        *map(Line, ("Category", "Developer Tools", "Developer Tools", "Reviewer scorecard")),
    ]
    words = iter(prose["reviews"])
    for index, reviewer in enumerate(REVIEWERS):
        lines.append(Line(reviewer))
        for tool in (a, b):
            decision = tool.decisions[index]
            lines += [
                Line(
                    f"{tool.scores[index]}/100 · {decision}",
                    frozenset({f"score:{tool.key}", f"decision:{tool.key}"}),
                ),
                next(words),
            ]
    lines += [Line("Weekly AI Tool Verdicts"), Line("Get the next comparison in your inbox")]
    return Page(name, tuple(_spaced(lines)))


def _split(tool: Tool, fields: Fields) -> Line:
    skips = len(tool.scores) - tool.ships
    return fields.line(f"{_verdict(tool)} · {tool.ships} ship / {skips} skip", f"split:{tool.key}")


def _verdict(tool: Tool) -> str:
    return {1: "Skip", 2: "Mixed"}.get(tool.ships, "Ship")


def _votes(tool: Tool, fields: Fields) -> Line:
    return fields.line("{} ship / {} skip".format(*tool.votes), f"votes:{tool.key}")


def head_to_head(world: World, prose: Prose, fields: Fields, *, name: str) -> Page:
    """Lay out a comparison of costs and results, with the questions readers ask."""
    a, b = world.tools
    lines = [
        Line(f"{a.name} vs {b.name}", frozenset({"name:a", "name:b"})),
        *prose.get("verdict", ()),
        Line("Which Is Cheaper?"),
    ]
    for volume in (1, 10, 100):
        lines.append(Line(f"At {volume}M tokens/mo"))
        for tool in world.tools:
            cost = tool.total(volume * 1_000_000).quantize(Decimal(1), ROUND_HALF_UP)
            label = f"total {volume}M:{tool.key}"
            said = fields.instead.get(label, f"${cost:,}")
            lines.append(Line(f"{tool.name}: {said}", frozenset({label, f"total:{tool.key}"})))
    lines += [*prose.get("cost", ()), Line("Which Performs Better?")]
    lines += [Line(f"| Test | {a.name} | {b.name} |", frozenset({"table"})), Line("|---|---|---|")]
    for test in TESTS:
        cells = [
            fields.instead.get(f"result {test}:{tool.key}") or _cell(tool.results[test])
            for tool in world.tools
        ]
        labels = frozenset({"table", f"result {test}:a", f"result {test}:b"})
        lines.append(Line(f"| {test} | {' | '.join(cells)} |", labels))
    lines += [
        *prose.get("performance", ()),
        Line("Which Should You Choose?"),
        *prose.get("choose", ()),
        Line("Frequently Asked Questions"),
        *prose.get("questions", ()),
    ]
    return Page(name, tuple(lines))


def _cell(score: int | None) -> str:
    return "—" if score is None else str(score)


def model_page(tool: Tool, prose: Prose, fields: Fields, *, name: str) -> Page:
    """Lay out a model's page with specifications, prices, providers and use cases."""
    key, provider = tool.key, tool.maker.lower().replace(" ", "")

    def pair(label: str, line: Line) -> tuple[Line, Line]:
        return Line(f"- {label}"), Line(f"- {line.text}", line.labels)

    row = [
        fields.instead.get(f"row context:{key}", thousands(tool.context).lower()),
        fields.instead.get(f"row input:{key}", f"{money(tool.input)}/Mtok"),
        fields.instead.get(f"row output:{key}", f"{money(tool.output)}/Mtok"),
    ]
    lines = [
        Line(tool.name, frozenset({f"name:{key}"})),
        *prose.get("intro", ()),
        Line("Verdict"),
        Line("Best for"),
        Line("- Everyday drafting"),
        Line("- Sorting incoming requests"),
        Line("Strengths"),
        *prose.get("strengths", ()),
        Line("Trade-offs"),
        *prose.get("trade-offs", ()),
        Line("Specifications"),
        *pair("Provider", Line(provider)),
        *pair("Category", Line("llm")),
        *pair(
            "Context length", fields.line(f"{tool.context:,} tokens", f"context:{key}", f"spec context:{key}")
        ),
        *pair(
            "Max output",
            fields.line(f"{tool.output_limit:,} tokens", f"max output:{key}", f"spec max output:{key}"),
        ),
        *pair("Modalities", Line("text")),
        *pair("Parameters", Line(f"{tool.parameters}B", frozenset({f"parameters:{key}"}))),
        *pair("License", fields.line(tool.licence, f"licence:{key}", f"spec licence:{key}")),
        *pair("Released", fields.line(tool.released.isoformat(), f"released:{key}", f"spec released:{key}")),
        Line("Pricing"),
        *pair("Input", fields.line(f"{money(tool.input)}/Mtok", f"input:{key}", f"spec input:{key}")),
        *pair("Output", fields.line(f"{money(tool.output)}/Mtok", f"output:{key}", f"spec output:{key}")),
        Line("- Model ID"),
        Line(f"{provider}/{tool.name.lower().replace(' ', '-')}"),
        Line("Providers"),
        Line("| Provider | Context | Input | Output | P50 latency | Throughput | 30d uptime |"),
        Line("|---|---|---|---|---|---|---|"),
        Line(
            f"| {provider} | {' | '.join(row)} | — | — | — |",
            frozenset({f"row:{key}", f"context:{key}", f"input:{key}", f"output:{key}"}),
        ),
        Line("Use-case deep-dives"),
        Line("When the queue never ends"),
        *prose.get("use-case", ()),
        Line("Frequently asked"),
        *prose.get("questions", ()),
    ]
    return Page(name, tuple(lines))


def profile(world: World, tool: Tool, prose: Prose, fields: Fields, *, name: str) -> Page:
    """Lay out a profile: a card of facts and sections of prose."""
    key = tool.key
    released = fields.instead.get(f"card released:{key}", f"{tool.released:%B %Y}")
    updated = fields.instead.get(f"card updated:{key}", american(world.updated))
    verified = fields.instead.get(f"note verified:{key}", american(world.verified))
    note = f"Freshness note: models change quickly. This profile was last verified on {verified}."
    lines = [
        Line(tool.name, frozenset({f"name:{key}"})),
        Line(f"{tool.maker} · {tool.family}"),
        *prose.get("lead", ()),
        *map(Line, ("Type", "language", "Context")),
        fields.line(f"{thousands(tool.context)} tokens", f"context:{key}", f"card context:{key}"),
        Line("Max Output"),
        fields.line(f"{tool.output_limit:,} tokens", f"max output:{key}", f"card max output:{key}"),
        *map(Line, ("Status", "current", "Input")),
        fields.line(f"{money(tool.input)}/1M tok", f"input:{key}", f"card input:{key}"),
        Line("Output"),
        fields.line(f"{money(tool.output)}/1M tok", f"output:{key}", f"card output:{key}"),
        *map(Line, ("API Access", "Yes", "License")),
        fields.line(tool.licence, f"licence:{key}", f"card licence:{key}"),
        Line(
            f"Released {released} · Updated {updated}",
            frozenset({f"released:{key}", f"updated:{key}", f"checked:{key}"}),
        ),
        Line("Overview"),
        Line(note, frozenset({f"verified:{key}", f"checked:{key}"})),
        *prose.get("overview", ()),
        Line("Capabilities"),
        *prose.get("capabilities", ()),
        Line("Technical Details"),
        *prose.get("technical", ()),
        Line("Pricing & Access"),
        fields.line(f"• Input: {money(tool.input)} per 1M tokens", f"input:{key}", f"bullet input:{key}"),
        fields.line(f"• Output: {money(tool.output)} per 1M tokens", f"output:{key}", f"bullet output:{key}"),
        *prose.get("pricing", ()),
        Line("Best Use Cases"),
        *prose.get("best", ()),
        Line("Comparisons"),
        *prose.get("comparisons", ()),
    ]
    return Page(name, tuple(_spaced(lines)))


def _spaced(lines: Sequence[Line]) -> Iterator[Line]:
    """Yield the lines with an empty one after each, as the full renderings have it."""
    for line in lines:
        yield line
        yield Line("")
