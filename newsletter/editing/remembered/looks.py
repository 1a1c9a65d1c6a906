"""What an editor sees of an issue: its proof and the findings on it, remembered until either may be another.

`CompiledMails` remembers the mail; here stand the hash that approval expects, and the checks.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

from newsletter.db.statuses import IssueStatus
from newsletter.digest.issues import Issue
from newsletter.editing.checks.examine import look_around, look_over, published
from newsletter.editing.checks.findings import Finding
from newsletter.editing.newsroom import Newsroom
from newsletter.editing.proofs.letters import is_frozen
from newsletter.editing.proofs.proof import Proof, proof_of, pull_proof
from newsletter.editing.remembered.asked import AskedChecks
from newsletter.editing.remembered.compiled import CompiledMail, CompiledMails
from newsletter.editing.remembered.disputes import STILL_LOOKING, Disputes, Known
from newsletter.editing.remembered.kept import keep
from newsletter.editing.store import publishing_stamp

#: How many issues' looks are kept.
KEPT = 8

_WAITING = (IssueStatus.DRAFT, IssueStatus.APPROVED)
NONE = Known(found=(), is_current=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A mail, the proof of it and every finding on it, errors first."""

    mail: CompiledMail
    proof: Proof
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class Looks:
    """The memory of one installation; safe for many threads."""

    newsroom: Newsroom
    mails: CompiledMails
    disputes: Disputes
    asked: AskedChecks
    _kept: "OrderedDict[str, Look]" = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def of(self, issue: Issue) -> Look:
        """A look at the issue as it is given. What depends on other issues and the settings is looked up each time."""
        return self._with_around(issue, self._remembered(issue))

    def known(self, issue: Issue) -> Look | None:
        """The look at the issue as it stands, where somebody has looked: nothing is compiled or checked for it."""
        begins = f"{issue.version} {self.mails.stamp(issue)} "
        with self._lock:
            kept = [look for stamp, look in self._kept.items() if stamp.startswith(begins)]
        return self._with_around(issue, kept[-1]) if kept else None

    def _with_around(self, issue: Issue, look: Look) -> Look:
        around = tuple(look_around(self.newsroom, issue))
        heard = () if issue.status not in _WAITING else self.asked.found(look.proof.content_hash)
        firm = (*(each for each in around if each.firm), *look.findings)
        mild = (*(each for each in around if not each.firm), *heard)
        return Look(mail=look.mail, proof=look.proof, findings=(*firm, *mild))

    def _remembered(self, issue: Issue) -> Look:
        today = self.newsroom.clock.now().date()
        content = self.mails.content_version()
        disputes = self.disputes.open() if not is_frozen(issue) else NONE
        with self.newsroom.database.read() as connection:
            elsewhere = publishing_stamp(connection)
        mail = self.mails.of(issue)
        stamp = f"{issue.version} {mail.stamp} {content} {today} {disputes.is_current} {elsewhere}"
        with self._lock:
            known = self._kept.get(stamp) or self._take(issue, mail, disputes)
            keep(self._kept, stamp, known, KEPT)
            return known

    def _take(self, issue: Issue, mail: CompiledMail, disputes: Known) -> Look:
        proof = self._proof(issue, mail)
        elsewhere = tuple(published(self.newsroom, issue))
        found = (*elsewhere, *look_over(self.newsroom, proof, lambda: disputes.found))
        return Look(
            mail=mail, proof=proof, findings=found if disputes.is_current else (*found, STILL_LOOKING)
        )

    def _proof(self, issue: Issue, mail: CompiledMail) -> Proof:
        if is_frozen(issue):
            return pull_proof(self.newsroom, issue)
        number = mail.letter.masthead.number
        trouble = "" if mail.fault is None else mail.fault.reason
        return proof_of(self.newsroom, issue, mail.letter, mail.plan, number=number, trouble=trouble)
