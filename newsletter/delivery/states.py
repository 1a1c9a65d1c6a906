"""One reader's copy of an issue: every state it can be in, every event, and where each event leads.

    pending → begun → accepted | rejected | unsure | retry → pending …      pending → skipped

Final for the sender are accepted, rejected, skipped and unsure. Only what comes from outside moves them: late
evidence (a webhook, a bounce) or an operator. Who writes the states down is ledger.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from newsletter.db.statuses import DeliveryStatus

#: What the sender never touches again by itself.
FINAL = frozenset(
    {DeliveryStatus.ACCEPTED, DeliveryStatus.REJECTED, DeliveryStatus.SKIPPED, DeliveryStatus.UNSURE}
)


class Event(StrEnum):
    """What can happen to a delivery, worded so that "it cannot …" reads on."""

    #: Its window was committed: from here on it may have left.
    BEGIN = "be begun"
    #: Its reader may not receive it any more.
    SKIP = "be skipped"
    #: Its window ended before its first byte left.
    RETURN = "be returned"
    #: The server took it.
    ACCEPT = "be accepted"
    #: The server refused it for good.
    REJECT = "be rejected"
    #: The server refused it for now.
    DEFER = "be deferred"
    #: The server refused it for now, once too often.
    GIVE_UP = "be given up"
    #: Its last byte left, and no reply came.
    LOSE_SIGHT = "be lost sight of"
    #: The time of its next try has come.
    COME_DUE = "come due"
    #: Late evidence: it did arrive.
    ARRIVE = "arrive"
    #: Late evidence: it came back.
    BOUNCE = "bounce"
    #: An operator takes the risk of a second copy, or lets somebody have the first who was refused it for our sake.
    SEND_AGAIN = "be sent again"


_S, _E = DeliveryStatus, Event

#: Everything that can happen; what is not here is refused.
TRANSITIONS: Mapping[tuple[DeliveryStatus, Event], DeliveryStatus] = MappingProxyType(
    {
        (_S.PENDING, _E.BEGIN): _S.BEGUN,
        (_S.PENDING, _E.SKIP): _S.SKIPPED,
        (_S.RETRY, _E.COME_DUE): _S.PENDING,
        (_S.RETRY, _E.SKIP): _S.SKIPPED,
        (_S.BEGUN, _E.RETURN): _S.PENDING,
        (_S.BEGUN, _E.ACCEPT): _S.ACCEPTED,
        (_S.BEGUN, _E.REJECT): _S.REJECTED,
        (_S.BEGUN, _E.DEFER): _S.RETRY,
        (_S.BEGUN, _E.GIVE_UP): _S.REJECTED,
        (_S.BEGUN, _E.LOSE_SIGHT): _S.UNSURE,
        # A webhook can be faster than our own next commit.
        (_S.BEGUN, _E.ARRIVE): _S.ACCEPTED,
        (_S.BEGUN, _E.BOUNCE): _S.REJECTED,
        # A sender that was fenced off still knows how its last window ended.
        (_S.UNSURE, _E.ACCEPT): _S.ACCEPTED,
        (_S.UNSURE, _E.REJECT): _S.REJECTED,
        (_S.UNSURE, _E.ARRIVE): _S.ACCEPTED,
        (_S.UNSURE, _E.BOUNCE): _S.REJECTED,
        (_S.UNSURE, _E.SEND_AGAIN): _S.PENDING,
        # For our sake only, which is missed.py's to know: they have none.
        (_S.REJECTED, _E.SEND_AGAIN): _S.PENDING,
        # Taken by the first server, refused by a later one (RFC 3464).
        (_S.ACCEPTED, _E.BOUNCE): _S.REJECTED,
    }
)


def sources_of(event: Event) -> tuple[DeliveryStatus, ...]:
    """Return the states in which the event can happen."""
    return tuple(status for status, possible in TRANSITIONS if possible is event)


def target_of(event: Event) -> DeliveryStatus:
    """Return the one state that the event leads to, wherever it happens."""
    return next(target for (_, possible), target in TRANSITIONS.items() if possible is event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one delivery of a window ended: ACCEPT, REJECT, DEFER, GIVE_UP, LOSE_SIGHT or RETURN.

    `code` is an enhanced status code, a reply code or a word of ours: "5.1.1", "421", "gave-up". It holds no text
    of a server, which may repeat the address.
    """

    reader_id: int
    event: Event
    code: str = ""
    provider_id: str = ""
