"""What a bounce means for a reader, by its enhanced status code (RFC 3463). No database: acting.py applies it.

- **dead**: the address does not exist or is closed; no issue goes there again
- **soft**: full, busy, unreachable or unexplained; it counts, over issues and days
- **policy**: the server minds the message, its sender or its size; that says nothing about the reader
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

#: An enhanced code standing alone in a server's words.
ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")


class Meaning(StrEnum):
    """What a failed delivery says of its reader."""

    DEAD = "dead address"
    SOFT = "counted"
    POLICY = "policy"


#: Bad mailbox, bad domain, bad syntax, moved away, a domain without mail (RFC 7505), mailbox closed, no route.
DEAD = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4"})
#: The sender's address is refused (5.1.7, 5.1.8), the message is too long; protocol, content and security.
POLICY = frozenset({"5.1.7", "5.1.8", "5.2.3", "5.3.4"})
POLICY_SUBJECTS = ("5.5.", "5.6.", "5.7.")


def meaning_of(code: str) -> Meaning:
    """What the code says; one that says nothing is soft."""
    if code in DEAD:
        return Meaning.DEAD
    if code in POLICY or code.startswith(POLICY_SUBJECTS):
        return Meaning.POLICY
    return Meaning.SOFT


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How long an address may bounce softly: so many issues in a row, over at least so long."""

    issues: int = 4
    over: timedelta = timedelta(days=15)

    def is_exceeded(self, bounced_at: Sequence[datetime | None]) -> bool:
        """Whether enough is enough. `bounced_at`: when each of the last issues bounced, None for one that did not."""
        last = bounced_at[: self.issues]
        moments = [each for each in last if each is not None]
        return len(moments) == self.issues and max(moments) - min(moments) >= self.over
