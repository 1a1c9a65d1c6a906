"""Composing a reader's message, beside joining the same pieces and beside rendering for each reader."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from benchmarks.figures import Figure
from benchmarks.measure import Task, resident_memory, side_by_side
from newsletter.config import template_folders
from newsletter.render.compile import compile_issue
from newsletter.render.compose import Composer
from newsletter.render.encode import html_text, plain_text
from newsletter.render.plan import Block, Plan, PlanSlot
from tests.render.letters import FRAME, HEAVY

READERS = 500
FEW, MANY = 1_000, 40_000


def run() -> Iterator[Figure]:
    composer = Composer(issue_plan())
    readers = [reader_values(number) for number in range(READERS)]
    pieces = [composer.pieces(values) for values in readers]
    compose = Task(lambda: _each(composer.compose, readers), READERS)
    yield from (
        _beside("joining the same pieces", compose, Task(lambda: _each(b"".join, pieces), READERS), 151, 0.2),
        _beside("rendering for each reader", compose, Task(lambda: render_for(readers[0])), 5, 1000),
        _memory(composer, readers),
    )


def issue_plan() -> Plan:
    """A heavy issue, as approval freezes it."""
    return compile_issue(HEAVY, FRAME, template_folders(None))


def reader_values(number: int) -> dict[str, str]:
    """A reader as most are."""
    token = f"{number:07d}{'a1B2c3D4e5' * 5}"
    return {
        "to": f"reader{number}@example.org",
        "address": f"reader{number}@example.org",
        "message_id": f"<nl.12.{token[:24]}@news.example.org>",
        "date": "Thu, 26 Nov 2026 09:00:00 +0000",
        "unsubscribe_url": f"https://news.example.org/unsubscribe/{token}",
        "unsubscribe_mailto": f"mailto:weekly@news.example.org?subject=unsubscribe%20{token}",
        "preferences_url": f"https://news.example.org/preferences/{token}",
        "view_url": f"https://news.example.org/view/{token}",
    }


def render_for(values: Mapping[str, str]) -> bytes:
    """The naive way: templates, MJML and the standard library's generator, all for one reader."""
    plan = issue_plan()
    message = EmailMessage()
    for header in plan.headers:
        message[header.name] = "".join(
            values[each.name] if isinstance(each, PlanSlot) else each for each in header.segments
        )
    message.set_content(_filled(plan.text, values, html=False), cte="quoted-printable")
    message.add_alternative(_filled(plan.html, values, html=True), subtype="html", cte="quoted-printable")
    return message.as_bytes(policy=SMTP)


def _filled(blocks: Sequence[Block], values: Mapping[str, str], *, html: bool) -> str:
    shown = html_text if html else plain_text
    segments = (segment for block in blocks for segment in block.segments)
    return "".join(shown(values[each.name]) if isinstance(each, PlanSlot) else each for each in segments)


def _beside(beside: str, task: Task, limit: Task, turns: int, at_least: float) -> Figure:
    race = side_by_side(task, limit, turns=turns)
    return Figure(
        name="compose",
        value=race.rate,
        unit="messages/s",
        beside=beside,
        limit=race.limit,
        ratio=race.ratio,
        at_least=at_least,
    )


def _memory(composer: Composer, readers: Sequence[Mapping[str, str]]) -> Figure:
    """What the process holds after many messages, beside after few."""
    after_few, after_many = (_memory_after(count, composer, readers) for count in (FEW, MANY))
    return Figure(
        name="compose: memory",
        value=after_many,
        unit="MB",
        beside=f"after {FEW:,} messages instead of {MANY:,}",
        limit=after_few,
        ratio=after_many / after_few,
        at_most=1.01,
    )


def _memory_after(count: int, composer: Composer, readers: Sequence[Mapping[str, str]]) -> float:
    for number in range(count):
        composer.compose(readers[number % READERS])
    return resident_memory()


def _each(run: Callable[[Any], object], items: Iterable[object]) -> None:
    for item in items:
        run(item)
