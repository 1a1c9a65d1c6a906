"""What a report says, as values. Reading mail into these is parse.py's work, acting on them acting.py's."""

from dataclasses import dataclass, field
from enum import StrEnum

from newsletter.db.statuses import ReportKind
from newsletter.delivery.feedback.rules import Meaning


class Action(StrEnum):
    """What a server says it did (RFC 3464, 2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


#: Words that say a server took the message over for good.
ARRIVED = frozenset({Action.DELIVERED, Action.RELAYED, Action.EXPANDED})


BY_MAIL = "by mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """What in a report may lead to the message it is about. Only what carries a proof of ours counts.

    `recipients` are addresses that the report names: hints where to look, never a reason to act.
    """

    return_paths: tuple[str, ...] = ()
    message_ids: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()

    def __add__(self, other: "Traces") -> "Traces":
        return Traces(
            return_paths=_joined(self.return_paths, other.return_paths),
            message_ids=_joined(self.message_ids, other.message_ids),
            tokens=_joined(self.tokens, other.tokens),
            recipients=_joined(self.recipients, other.recipients),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One mail that came back. `key` tells it from every other: a report is acted on once."""

    key: str
    kind: ReportKind
    traces: Traces = field(default_factory=Traces)
    action: Action = Action.FAILED
    #: An enhanced status code (RFC 3463) or empty.
    code: str = ""
    #: What it means for the reader where its source knows better than the code; None: the code decides.
    meaning: Meaning | None = None
    #: How it came to us, for the record.
    via: str = BY_MAIL


def _joined(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))
