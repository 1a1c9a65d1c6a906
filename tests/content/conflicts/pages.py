"""Pages written for the desk's tests: true as they stand, with places where a test plants something untrue."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from newsletter.content.conflicts.contradiction import Contradiction
from newsletter.content.conflicts.find import find_contradictions
from newsletter.content.pages import read_page
from newsletter.content.records import Pack
from tests.installed import open_content

SEEN_AT = datetime(2026, 11, 22, tzinfo=UTC)
LARGE, MINI = "Tern Large 4", "Tern Mini 4"


def head_to_head(
    *,
    large: tuple[str, str] = ("1.00", "4.00"),
    mini: tuple[str, str] = ("0.10", "0.40"),
    totals: tuple[str, str] | None = None,
    costs: str = "",
    rows: Iterable[tuple[str, str, str]] = (("Tables", "3", "2"), ("Letters", "2", "1")),
    performance: str = "Both read tables.",
    choice: str = "Pick Tern Mini 4 if you send many short texts.",
    answer: str = "That depends on the work.",
) -> str:
    """A comparison of two invented models; prices are dollars per million tokens, in and out."""
    large_total, mini_total = totals or (total(large, 100), total(mini, 100))
    table = "\n".join(f"| {test} | {left} | {right} |" for test, left, right in rows)
    return f"""{LARGE} vs {MINI}
Which Is Cheaper?
At 100M tokens/mo
{LARGE}: ${large_total}
{MINI}: ${mini_total}
{LARGE} is priced at ${large[0]} per million input tokens. {LARGE} costs ${large[1]} per million output tokens.
{MINI} is priced at ${mini[0]} per million input tokens. {MINI} costs ${mini[1]} per million output tokens.
{costs or "Take whichever is easier to reach."}
Which Performs Better?
| Test | {LARGE} | {MINI} |
|---|---|---|
{table}
{performance}
Which Should You Choose?
{choice}
Frequently Asked Questions
{LARGE} vs {MINI}: which is better?
{answer}
"""


def model_page(
    *,
    name: str = "Gannet: Gannet Mini 13B",
    price: tuple[str, str] = ("0.20", "0.80"),
    context: str = "128,000 tokens",
    max_output: str = "4,096 tokens",
    licence: str = "MIT",
    released: str = "2026-02-11",
    trade_off: str = "Long arguments are not for it.",
    use: str = "A museum labels photographs with it.",
) -> str:
    """A catalogue's page on one invented model."""
    return f"""{name}
A 13B parameter model for short answers.
Verdict
Best for
- Labelling photographs
Strengths
It finds the line in the manual.
Trade-offs
{trade_off}
Specifications
- Provider
- cliffco
- Context length
- {context}
- Max output
- {max_output}
- License
- {licence}
- Released
- {released}
Pricing
- Input
- ${price[0]}/Mtok
- Output
- ${price[1]}/Mtok
Team cost calculator
7 seats · 40 msgs/day
Providers
| Provider | Context | Input | Output |
|---|---|---|---|
| cliffco | 128k | ${price[0]}/Mtok | ${price[1]}/Mtok |
Use-case deep-dives
When it labels an archive
{use}
Frequently asked
Can it read handwriting?
Sometimes.
"""


def profile(
    *,
    name: str = "Gannet Mini 13B",
    price: tuple[str, str] = ("0.20", "0.80"),
    context: str = "128K tokens",
    max_output: str = "4K tokens",
    licence: str = "MIT",
    details: str = "The documentation gives a 128K context window.",
) -> str:
    """A dated profile of the same invented model."""
    return f"""{name}

Cliff Co · Gannet

A small open 13B model for short answers.

Type
language
Context
{context}
Max Output
{max_output}
Input
${price[0]}/1M tok
Output
${price[1]}/1M tok
API Access
Yes
License
{licence}
Released February 2026 · Updated September 14, 2026

Overview

Freshness note: what is written here was last verified on September 14, 2026.

Technical Details

{details}

Pricing & Access

  • Input: ${price[0]} per 1M tokens
  • Output: ${price[1]} per 1M tokens

Best Use Cases

Use it where many short texts have to cost little.
"""


def total(price: tuple[str, str], millions: int) -> str:
    """Whole dollars for so many million tokens, half in and half out."""
    even = (Decimal(price[0]) + Decimal(price[1])) / 2 * millions
    return f"{even.quantize(Decimal(1), rounding=ROUND_HALF_UP):,}"


def check(folder: Path, *material: str | Pack) -> tuple[Contradiction, ...]:
    """What the desk says of a store that holds these pages and packs."""
    folder.mkdir(exist_ok=True)
    with open_content(folder / "content.db") as store:
        for number, each in enumerate(material):
            pack = read_page(each, name=f"page-{number}.txt") if isinstance(each, str) else each
            store.import_pack(pack, SEEN_AT)
        return find_contradictions(store)
