"""Puts together what listens to bounces, complaints and requests to leave."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from newsletter.app.parts import Parts

if TYPE_CHECKING:
    from newsletter.delivery.feedback.acting import Feedback
    from newsletter.delivery.feedback.mailbox import Mailbox
    from newsletter.delivery.webhook import Webhook


@dataclass(frozen=True)
class FeedbackParts(Parts):
    """What listens to what comes back."""

    @property
    def feedback(self) -> "Feedback":
        """What acts on bounces, complaints and requests to leave."""
        from newsletter.delivery.feedback.acting import Feedback
        from newsletter.delivery.feedback.matching import Matcher

        matcher = Matcher(signer=self.links, marks=self.marks)
        return Feedback(database=self.database, matcher=matcher, suppression_key=self.suppression_key)

    @cached_property
    def webhook(self) -> "Webhook":
        """What takes SendGrid's posts, and acts on them."""
        from newsletter.delivery.sendgrid_events import read_keys
        from newsletter.delivery.webhook import Webhook

        return Webhook(
            database=self.database,
            clock=self.clock,
            keys=read_keys(self.settings.sendgrid_webhook_key),
            marks=self.marks,
            feedback=self.feedback,
            alerts=self.alerts,
        )

    def mailboxes(self) -> "tuple[Mailbox, ...]":
        """The mailboxes of reports that the settings name, each for one reading."""
        from newsletter.delivery.feedback.imap import Imap, ImapAccount
        from newsletter.delivery.feedback.maildir import Maildir

        settings, found = self.settings, []
        if settings.feedback_maildir is not None:
            folder = settings.path(settings.feedback_maildir)
            found.append(Maildir(folder=folder, delete=settings.feedback_delete))
        if not settings.feedback_imap_host:
            return tuple(found)
        account = ImapAccount(
            host=settings.feedback_imap_host,
            port=settings.feedback_imap_port,
            tls=settings.feedback_imap_tls,
            user=settings.feedback_imap_user,
            password=settings.feedback_imap_password,
            folder=settings.feedback_imap_folder,
        )
        return (*found, Imap(account, self.database, delete=settings.feedback_delete))
