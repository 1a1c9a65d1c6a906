"""What a check finds: one finding, how grave it is, and what can be answered to it.

The checks themselves are beside this by what they look at; what editors answer is in answers.py.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from newsletter.db.statuses import FindingAnswer


class Severity(StrEnum):
    """Whether a finding holds the issue back."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimOption:
    """A value that may be printed of a figure in conflict; `said_by` names source, line and date."""

    claim_id: str
    value: str
    said_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """What can be ruled on. `both`: the issue can print the values side by side."""

    tool_id: str
    attribute: str
    options: tuple[ClaimOption, ...] = ()
    both: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenAnswer:
    """What somebody answered to a finding; it holds while the finding has this fingerprint."""

    answer: FindingAnswer
    fingerprint: str
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to look at: what it is, where, why it matters, and how it is put right.

    `key` names it whatever it says now: "size", "disputed:heron-small:input_price". `link` leads to where it is mended: an
    anchor of the draft's page ("#subject") or another page of the desk; empty where that is no page. `firm` errors
    cannot be overridden: a mail with one of them is against the law, or is none. A firm warning goes by itself.
    `answer` is the one that holds; None: it is open.
    """

    key: str
    severity: Severity
    what: str
    where: str
    why: str
    how: str
    link: str = ""
    firm: bool = False
    conflict: Conflict | None = None
    answer: GivenAnswer | None = None

    @property
    def is_open(self) -> bool:
        return self.answer is None

    @property
    def blocks_approval(self) -> bool:
        """Whether it keeps the issue from being approved."""
        return self.is_open and self.severity is Severity.ERROR

    @property
    def sentence(self) -> str:
        return f"{self.what} ({self.where}): {self.how}"

    @property
    def fingerprint(self) -> str:
        """Of what it says; an answer holds as long as that is the same."""
        return sha256(f"{self.severity}\n{self.what}\n{self.where}".encode()).hexdigest()


def error(
    key: str, what: str, *, where: str, why: str, how: str, link: str = "", firm: bool = False
) -> Finding:
    """Return a finding that keeps the issue from being approved until it is mended or overridden."""
    return Finding(
        key=key, severity=Severity.ERROR, what=what, where=where, why=why, how=how, link=link, firm=firm
    )


def warning(
    key: str,
    what: str,
    *,
    where: str,
    why: str,
    how: str,
    link: str = "",
    firm: bool = False,
    conflict: Conflict | None = None,
) -> Finding:
    """Return a finding that an editor answers before approving."""
    return Finding(
        key=key,
        severity=Severity.WARNING,
        what=what,
        where=where,
        why=why,
        how=how,
        link=link,
        firm=firm,
        conflict=conflict,
    )
