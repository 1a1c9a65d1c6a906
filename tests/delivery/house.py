"""An approved issue with readers, and a sender for it: what most tests of this folder begin with."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select

from newsletter.clock import Clock, SystemClock
from newsletter.db.engine import Database
from newsletter.db.schema import deliveries, issues, plans, readers
from newsletter.db.statuses import DeliveryStatus, IssueStatus, ReaderStatus
from newsletter.delivery.message import Mailing, MessageIds
from newsletter.delivery.sender import Sender
from newsletter.delivery.throttle import RetryPolicy
from newsletter.delivery.transports import Transport
from newsletter.readers.addresses import Address
from newsletter.readers.links import LinkSigner
from newsletter.readers.suppression import address_hash
from newsletter.render.headers import issue_headers
from newsletter.render.plan import Block, Plan, PlanSlot, SlotName
from tests.conftest import THURSDAY
from tests.render import letters

KEY = b"k" * 32

FRAME = replace(letters.FRAME, feedback_id="")

PLAN = Plan(
    headers=issue_headers(FRAME, "Two verdicts and a question"),
    text=(Block("", ("For ", PlanSlot(SlotName.ADDRESS), "\n", PlanSlot(SlotName.UNSUBSCRIBE_URL), "\n")),),
    html=(Block("", ("<p>For ", PlanSlot(SlotName.ADDRESS), "</p>\n", PlanSlot(SlotName.VIEW_URL), "\n")),),
)

#: Deferred messages come due at once.
HASTE = RetryPolicy(attempts=3, first=timedelta(0), longest=timedelta(0))


def hash_address(key: str) -> str:
    return address_hash(KEY, Address(text=key, key=key))


def mailing(issue_id: int = 1, plan: Plan = PLAN, clock: Clock | None = None) -> Mailing:
    return Mailing(
        issue_id=issue_id,
        plan=plan,
        frame=FRAME,
        signer=LinkSigner([KEY]),
        message_ids=MessageIds(key=KEY, domain="news.example.org"),
        clock=clock or SystemClock(),
    )


def add_readers(database: Database, count: int, **changes: Any) -> None:
    """Readers reader1@example.org and on, active unless `changes` says otherwise."""
    usual = {"status": ReaderStatus.ACTIVE, "status_at": THURSDAY, "added_at": THURSDAY}
    with database.write() as connection:
        first = connection.execute(select(func.count()).select_from(readers)).scalar_one() + 1
        rows = [
            {"address": address, "address_key": address, **usual, **changes}
            for address in (f"reader{number}@example.org" for number in range(first, first + count))
        ]
        connection.execute(insert(readers), rows)


def add_issue(database: Database, issue_id: int = 1, status: IssueStatus = IssueStatus.APPROVED) -> None:
    """An issue with one plan."""
    values = {
        "id": issue_id,
        "edition": "weekly",
        "slot": f"2026-11-{issue_id:02}T09:00",
        "status": status,
        "number": issue_id,
        **dict.fromkeys(("cutoff_at", "created_at", "updated_at"), THURSDAY),
    }
    with database.write() as connection:
        connection.execute(insert(issues).values(values))
        connection.execute(insert(plans).values(issue_id=issue_id, variant="everybody", plan=PLAN.to_bytes()))


def sender(database: Database, transport: Transport, folder: Path, **changes: Any) -> Sender:
    usual: dict[str, Any] = {
        "database": database,
        "issue_id": 1,
        "mailings": {"everybody": mailing()},
        "transport": transport,
        "journals": folder / "journal",
        "clock": SystemClock(),
        "hash_address": hash_address,
        "retry_policy": HASTE,
    }
    return Sender(**(usual | changes))


def statuses(database: Database, issue_id: int = 1) -> Counter[DeliveryStatus]:
    """How many deliveries stand in each state, counted one by one."""
    query = select(deliveries.c.status).where(deliveries.c.issue_id == issue_id)
    with database.read() as connection:
        return Counter(connection.execute(query).scalars())
