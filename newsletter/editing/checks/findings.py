"""What a check says: one finding, how grave it is, and what can be answered to it. How findings are made is beside this."""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256


class Severity(StrEnum):
    """Whether a finding holds the issue back."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A value that may be printed of a disputed figure; `said_by` names source, line and date."""

    claim_id: str
    value: str
    said_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """What can be ruled on. `both`: the issue can print the values side by side."""

    tool_id: str
    attribute: str
    choices: tuple[Choice, ...] = ()
    both: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to look at: what it is, where, why it matters, and how it is put right.

    `key` names it whatever it says now: "size", "disputed:heron-small:input_price". `link` leads to where it is mended: an
    anchor of the draft's page ("#subject") or another page of the desk; empty where that is no page. `firm` errors
    cannot be overridden: a mail with one of them is against the law, or is none. A firm warning goes by itself.
    """

    key: str
    severity: Severity
    what: str
    where: str
    why: str
    how: str
    link: str = ""
    firm: bool = False
    dispute: Dispute | None = None

    @property
    def sentence(self) -> str:
        return f"{self.what} ({self.where}): {self.how}"

    @property
    def fingerprint(self) -> str:
        """Of what it says; an answer holds as long as that does."""
        return sha256(f"{self.severity}\n{self.what}\n{self.where}".encode()).hexdigest()


def error(
    key: str, what: str, where: str, why: str, how: str, *, link: str = "", firm: bool = False
) -> Finding:
    return Finding(
        key=key,
        severity=Severity.ERROR,
        what=what,
        where=where,
        why=why,
        how=how,
        link=link,
        firm=firm,
    )


def warning(
    key: str,
    what: str,
    where: str,
    why: str,
    how: str,
    *,
    link: str = "",
    firm: bool = False,
    dispute: Dispute | None = None,
) -> Finding:
    return Finding(
        key=key,
        severity=Severity.WARNING,
        what=what,
        where=where,
        why=why,
        how=how,
        link=link,
        firm=firm,
        dispute=dispute,
    )
