"""Composing personal copies of an issue for readers with thousands of different choices, beside the same for nobody's."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from random import Random

from benchmarks.figures import Figure
from benchmarks.measure import Task, resident_memory, side_by_side
from newsletter.config import template_folders
from newsletter.delivery.ledger import Recipient
from newsletter.delivery.message import Mailing
from newsletter.digest import content
from newsletter.digest.content import NOTHING, Followed, IssueContent, Rates
from newsletter.readers.preferences import Preferences
from newsletter.render.compile import compile_issue
from tests.delivery.house import mailing
from tests.render.letters import FRAME, HEAVY

#: Readers in all, distinct sets of choices among them, and messages in a turn.
READERS, CHOICES, TURN = 100_000, 5_000, 2_000
TOPICS = ("Language Models", "Image Tools", "Answer Engines", "Meeting Assistants", "Developer Tools")
TOOLS = tuple(f"tool-{number}" for number in range(40))
#: Tools with news in the issue.
NEWS = 12


def run() -> Iterator[Figure]:
    letter = personal_letter()
    mail = personal_mailing(letter)
    everybody = [_reader(number, Preferences()) for number in range(TURN)]
    readers = readers_of(READERS)
    place = 0

    def compose_next() -> None:
        nonlocal place
        for reader in readers[place : place + TURN]:
            mail.compose(reader)
        place = (place + TURN) % READERS

    def compose_common() -> None:
        for reader in everybody:
            mail.compose(reader)

    race = side_by_side(Task(compose_next, TURN), Task(compose_common, TURN), turns=READERS // TURN)
    yield Figure(
        name="personal copies",
        value=race.rate,
        unit="messages/s",
        beside=f"the same without choices ({CHOICES:,} sets of choices)",
        limit=race.limit,
        ratio=race.ratio,
        at_least=0.5,
    )
    before = resident_memory()
    for reader in readers:
        mail.compose(reader)
    after = resident_memory()
    yield Figure(
        name="personal copies: memory",
        value=after,
        unit="MB",
        beside=f"after {READERS:,} messages more",
        limit=before,
        ratio=after / before,
        at_most=1.02,
    )


def personal_letter() -> IssueContent:
    """A heavy issue whose briefs and cards are on different topics, with tools that readers follow."""
    assert HEAVY.lead is not None
    assert HEAVY.lead.costs is not None
    costs = replace(
        HEAVY.lead.costs, rates=Rates(left=Decimal("2.3"), right=Decimal("0.45"), seat_tokens=2_640_000)
    )
    more = tuple(replace(each, topic=TOPICS[place % 5]) for place, each in enumerate(HEAVY.more))
    cards = tuple(replace(each, topic=TOPICS[(place + 2) % 5]) for place, each in enumerate(HEAVY.cards))
    followed = tuple(
        Followed(
            tool_id=tool,
            name=tool,
            words=content.Figure(text=f"{tool}: input $1.00 → $0.80 (−20 %).") if place < NEWS else NOTHING,
        )
        for place, tool in enumerate(TOOLS)
    )
    return replace(HEAVY, lead=replace(HEAVY.lead, costs=costs), more=more, cards=cards, followed=followed)


def personal_mailing(letter: IssueContent) -> Mailing:
    plan = compile_issue(letter, FRAME, template_folders(None))
    return replace(mailing(plan=plan), letter=letter)


def readers_of(count: int) -> list[Recipient]:
    """Readers, each with one of CHOICES sets of choices, no two sets alike."""
    chance = Random(1)
    preferences = list({_preferences(chance): None for _ in range(2 * CHOICES)})[:CHOICES]
    assert len(preferences) == CHOICES
    return [_reader(number, chance.choice(preferences)) for number in range(count)]


def _preferences(chance: Random) -> Preferences:
    return Preferences(
        topics=tuple(sorted(chance.sample(TOPICS, chance.randint(0, 3)))),
        tools=tuple(sorted(chance.sample(TOOLS, chance.randint(0, 6)))),
        monthly_tokens=chance.choice([None, chance.randint(1, 500) * 1_000_000]),
        team_size=chance.choice([None, chance.randint(2, 300)]),
    )


def _reader(number: int, preferences: Preferences) -> Recipient:
    return Recipient(
        reader_id=number, address=f"reader{number}@example.org", attempts=0, preferences=preferences
    )
