"""An issue's life: what an issue is, its items, and every step it can take. No SQL: that is in store.py."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from newsletter.db.statuses import Edition, IssueStatus, ItemKind, Room
from newsletter.errors import InvalidTransition


class Step(StrEnum):
    """What can be done to an issue, worded so that "it cannot …" reads on."""

    APPROVE = "be approved"
    WITHDRAW = "be withdrawn"
    CANCEL = "be cancelled"
    START = "start"
    PAUSE = "be paused"
    RESUME = "be resumed"
    FINISH = "be finished"
    #: An operator takes the risk of second copies for readers of whom nobody knows whether they have one.
    REOPEN = "be reopened"


#: Every step there is; what is not here is refused.
TRANSITIONS: Mapping[tuple[IssueStatus, Step], IssueStatus] = MappingProxyType(
    {
        (IssueStatus.DRAFT, Step.APPROVE): IssueStatus.APPROVED,
        (IssueStatus.DRAFT, Step.CANCEL): IssueStatus.CANCELLED,
        (IssueStatus.APPROVED, Step.WITHDRAW): IssueStatus.DRAFT,
        (IssueStatus.APPROVED, Step.CANCEL): IssueStatus.CANCELLED,
        (IssueStatus.APPROVED, Step.START): IssueStatus.SENDING,
        (IssueStatus.SENDING, Step.PAUSE): IssueStatus.PAUSED,
        (IssueStatus.SENDING, Step.CANCEL): IssueStatus.CANCELLED,
        (IssueStatus.SENDING, Step.FINISH): IssueStatus.SENT,
        (IssueStatus.PAUSED, Step.RESUME): IssueStatus.SENDING,
        (IssueStatus.SENT, Step.REOPEN): IssueStatus.SENDING,
        (IssueStatus.PAUSED, Step.CANCEL): IssueStatus.CANCELLED,
    }
)


#: Issues that have begun to go out. A cancelled one is not shown in the archive, whoever has it.
SHOWN = (IssueStatus.SENDING, IssueStatus.PAUSED, IssueStatus.SENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One edition's newsletter; `version` counts its changes. See `issues` in newsletter/db/schema.py."""

    id: int
    edition: Edition
    number: int | None
    slot: str
    status: IssueStatus
    cutoff_at: datetime
    subject: str
    preheader: str
    note: str
    bottom_line: str
    version: int
    created_at: datetime
    updated_at: datetime
    approved_at: datetime | None
    approved_by: str | None
    content_hash: str | None
    send_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    reason: str
    #: Whether the web shows it once it is sent.
    archived: bool = True
    #: Since when an editor holds it back; None: it goes out at its time.
    held_at: datetime | None = None

    @property
    def label(self) -> str:
        """How a person calls it: "#3" once it has a number, its id before."""
        return str(self.id) if self.number is None else f"#{self.number}"

    def after(self, step: Step) -> IssueStatus:
        """Return the status that the step leads to; raises InvalidTransition where there is no such step."""
        wanted = TRANSITIONS.get((self.status, step))
        if wanted is None:
            raise InvalidTransition(
                "issue", self.label, self.status, step, ", ".join(steps_from(self.status))
            )
        return wanted


def steps_from(status: IssueStatus) -> tuple[Step, ...]:
    """Return the steps that an issue of this status can take."""
    return tuple(step for before, step in TRANSITIONS if before is status)


@dataclass(frozen=True, slots=True, order=True)
class ItemKey:
    """What an item is about; published in one weekly issue only."""

    kind: ItemKind
    key: str

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

    @property
    def name(self) -> str:
        """What forms and the command line call it: "comparison:kite-vs-wren"."""
        return f"{self.kind}:{self.key}"

    @classmethod
    def of_name(cls, name: str) -> "ItemKey | None":
        """Read such a name; None for any other text."""
        kind, _, key = name.partition(":")
        return cls(ItemKind(kind), key) if kind in set(ItemKind) and key else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something an issue says, and where. A verdict in LEAD or MORE is shown by the comparison there."""

    kind: ItemKind
    key: str
    room: Room
    position: int
    pinned: bool = False
    note: str = ""

    @property
    def item_key(self) -> ItemKey:
        return ItemKey(self.kind, self.key)

    @property
    def is_told(self) -> bool:
        """Whether a comparison of the issue tells it: a verdict or model without a place of its own."""
        return self.kind in (ItemKind.VERDICT, ItemKind.MODEL) and self.room in (Room.LEAD, Room.MORE)
