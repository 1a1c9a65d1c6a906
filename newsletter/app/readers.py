"""Puts together what readers meet: the way in, the archive, votes."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from newsletter.app.parts import Parts

if TYPE_CHECKING:
    from newsletter.digest.archive import Archive
    from newsletter.digest.clicks import Uncounted
    from newsletter.readers.following import Following
    from newsletter.readers.limits import Limits
    from newsletter.readers.subscribing import Subscribing
    from newsletter.readers.votes import Ballots


@dataclass(frozen=True)
class ReadersParts(Parts):
    """What readers meet."""

    @cached_property
    def ballots(self) -> "Ballots":
        """What counts readers' votes, under the key that never changes."""
        from newsletter.readers.votes import Ballots

        return Ballots(self.suppression_key)

    @cached_property
    def uncounted(self) -> "Uncounted":
        """The clicks on their way to the store; of this process."""
        from newsletter.digest.clicks import Uncounted

        return Uncounted()

    @cached_property
    def subscribing(self) -> "Subscribing":
        """The way in for readers."""
        from newsletter.delivery.mails import queue_mail
        from newsletter.readers.subscribing import Subscribing, is_listed, read_domains

        settings = self.settings
        disposable = settings.disposable_domains
        domains = read_domains(settings.path(disposable)) if disposable else frozenset()
        return Subscribing(
            database=self.database,
            signer=self.links,
            suppression_key=self.suppression_key,
            limits=self._limits,
            public_url=settings.public_url,
            again_after=settings.confirm_again_after,
            queue_mail=queue_mail,
            welcome=self._welcome,
            is_disposable=lambda domain: is_listed(domain, domains),
        )

    @property
    def following(self) -> "Following":
        """The way to follow a tool for whoever has no link at hand."""
        from newsletter.delivery.mails import queue_mail
        from newsletter.readers.following import Following

        return Following(
            database=self.database,
            signer=self.links,
            limits=self._limits,
            public_url=self.settings.public_url,
            queue_mail=queue_mail,
        )

    @property
    def _limits(self) -> "Limits":
        """How much strangers may ask of us in an hour."""
        from newsletter.readers.limits import Limits

        return Limits(
            key=self.suppression_key,
            per_network=self.settings.network_limit,
            per_domain=self.settings.domain_limit,
        )

    def next_issue_words(self) -> str:
        """When the next issue is due, for a sentence: "on Thursday 26 November"."""
        from newsletter.schedule.slots import issue_schedule, local_time, next_slot

        day = local_time(next_slot(issue_schedule(self.settings), self.clock.now()).name)
        return f"on {day:%A} {day.day} {day:%B}"

    def _welcome(self, reader_id: int) -> dict[str, object]:
        """What a welcome mail says."""
        from newsletter.readers.links import Purpose, link

        base = self.settings.public_url.rstrip("/")
        lasting = (Purpose.PREFERENCES, Purpose.UNSUBSCRIBE)
        urls = {f"{each}_url": link(base, each, self.links.token(each, reader_id)) for each in lasting}
        latest = "".join(f"/{issue.slug}" for issue in self.archive.issues()[:1])
        return {"next_issue": self.next_issue_words(), "latest_url": f"{base}/archive{latest}", **urls}

    @cached_property
    def archive(self) -> "Archive":
        """The issues that the web shows."""
        from newsletter.digest.archive import Archive

        return Archive(database=self.database)
