"""The whole table of a delivery's states, written down once more as a person would."""

from itertools import product

import pytest

from newsletter.db.statuses import DeliveryStatus
from newsletter.delivery.states import FINAL, TRANSITIONS, Event, sources_of, target_of

#: What each event does, state by state; everything that is not here cannot happen.
TABLE = """
pending    be begun           begun
pending    be skipped         skipped
retry      be skipped         skipped
retry      come due           pending
begun      be returned        pending
begun      be accepted        accepted
begun      be rejected        rejected
begun      be deferred        retry
begun      be given up        rejected
begun      be lost sight of   unsure
begun      arrive             accepted
begun      bounce             rejected
unsure     be accepted        accepted
unsure     be rejected        rejected
unsure     arrive             accepted
unsure     bounce             rejected
unsure     be sent again      pending
accepted   bounce             rejected
rejected   be sent again      pending
"""


def rows() -> dict[tuple[DeliveryStatus, Event], DeliveryStatus]:
    found = {}
    for line in TABLE.strip().splitlines():
        before, event, after = line[:11].strip(), line[11:30].strip(), line[30:].strip()
        found[DeliveryStatus(before), Event(event)] = DeliveryStatus(after)
    return found


@pytest.mark.parametrize(("status", "event"), list(product(DeliveryStatus, Event)))
def test_every_state_meets_every_event_as_the_table_says(status: DeliveryStatus, event: Event) -> None:
    assert TRANSITIONS.get((status, event)) == rows().get((status, event))


def test_the_sender_leaves_what_is_final_alone() -> None:
    ours = {
        Event.BEGIN,
        Event.SKIP,
        Event.RETURN,
        Event.DEFER,
        Event.GIVE_UP,
        Event.LOSE_SIGHT,
        Event.COME_DUE,
    }
    assert not {status for status, event in TRANSITIONS if event in ours} & FINAL


def test_unsure_is_sent_again_only_when_asked() -> None:
    ways_back = {
        event for (status, event), after in TRANSITIONS.items() if status == "unsure" and after == "pending"
    }
    assert ways_back == {Event.SEND_AGAIN}


@pytest.mark.parametrize("event", Event)
def test_an_event_leads_to_one_state_wherever_it_happens(event: Event) -> None:
    assert {TRANSITIONS[status, event] for status in sources_of(event)} == {target_of(event)}
