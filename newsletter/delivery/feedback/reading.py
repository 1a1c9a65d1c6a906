"""Reading a mailbox of reports from where the last reading ended, and acting on each."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

from newsletter.clock import Clock
from newsletter.db.statuses import ReportKind
from newsletter.delivery.feedback.acting import UNMATCHED, Feedback
from newsletter.delivery.feedback.mailbox import Mailbox
from newsletter.delivery.feedback.parse import read_report


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What came of the mails: how many reports of each kind and outcome, and how many mails were no report."""

    outcomes: Mapping[tuple[ReportKind, str], int]
    others: int

    @property
    def reports(self) -> int:
        return sum(self.outcomes.values())

    @property
    def words(self) -> str:
        """One sentence for the record."""
        said = ", ".join(f"{count} {kind} ({what})" for (kind, what), count in sorted(self.outcomes.items()))
        return f"Reports: {said or 'none'}. Other mails, left alone: {self.others}."


def read_mailbox(mailbox: Mailbox, feedback: Feedback, clock: Clock) -> Reading:
    """Take every report that has come since; raises MailboxTrouble. Each report is acted on in a commit of its own."""
    outcomes: Counter[tuple[ReportKind, str]] = Counter()
    others = 0
    with closing(mailbox):
        for incoming in mailbox.incoming():
            report = read_report(incoming.raw)
            if report is None:
                others += 1
                continue
            outcome = feedback.take(report, clock.now())
            outcomes[report.kind, outcome] += 1
            # Without a mark of ours it is about somebody else's mail, or for a person to judge.
            if outcome != UNMATCHED:
                mailbox.put_away(incoming)
    return Reading(outcomes=outcomes, others=others)


class Post(Protocol):
    """An installation that gets reports; `newsletter.app.App` is one."""

    @property
    def clock(self) -> Clock: ...

    @property
    def feedback(self) -> Feedback: ...

    def mailboxes(self) -> Sequence[Mailbox]: ...


NO_MAILBOX = "No mailbox of reports is configured: set feedback.maildir or feedback.imap_host."


def read_all(post: Post) -> str:
    """Read every mailbox that the settings name; says in a sentence what came of it."""
    words = [
        f"{each.name}: {read_mailbox(each, post.feedback, post.clock).words}" for each in post.mailboxes()
    ]
    return " ".join(words) or NO_MAILBOX
