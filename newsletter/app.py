"""Puts the parts together: the only place that chooses implementations.

What mail, content and the archive need is imported by what makes it, for the sake of commands that need neither: with
everything at the top, `newsletter readers list` would spend 2.3 times as long before its first query.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from newsletter.clock import Clock, SystemClock
from newsletter.config import Settings, load_settings
from newsletter.db.engine import Database, in_plain_words, open_database, require_database
from newsletter.db.revisions import require_head
from newsletter.db.statuses import Edition
from newsletter.delivery.transports import (
    TRANSPORT_SETTINGS,
    TRANSPORTS,
    Transport,
    entry_of,
    only_checks,
    require_ready_to_send,
)
from newsletter.digest.clicks import Uncounted
from newsletter.digest.store import next_issue_at
from newsletter.errors import BadInput, ConfigError
from newsletter.readers.addresses import Address
from newsletter.readers.keys import read_link_keys, read_suppression_key, require_keys
from newsletter.readers.links import LinkSigner, LinkTarget, Purpose, link
from newsletter.readers.subscribing import Following, SignUpLimits, Subscribing, is_listed, read_domains
from newsletter.readers.suppression import address_hash, require_key
from newsletter.readers.votes import Ballots
from newsletter.schedule.slots import coming_slots, issue_schedule, wall_time
from newsletter.schedule.store import last_slots

if TYPE_CHECKING:
    from newsletter.content.store import ContentStore
    from newsletter.delivery.alerts import Alerts, AlertWebhook
    from newsletter.delivery.bounces.handling import ReportHandler
    from newsletter.delivery.bounces.mailbox import Mailbox
    from newsletter.delivery.dkim import DkimSigner
    from newsletter.delivery.erasing import Eraser
    from newsletter.delivery.marks import Marks
    from newsletter.delivery.message import Mailing, MessageIds
    from newsletter.delivery.progress import Counts
    from newsletter.delivery.sender import Sender
    from newsletter.delivery.throttle import Throttle
    from newsletter.delivery.transactional import TransactionalSender
    from newsletter.delivery.transports.webhook import Webhook
    from newsletter.digest.archive import Archive
    from newsletter.render.headers import MessageFrame
    from newsletter.schedule.ticker import Ticker


@dataclass(frozen=True)
class App:
    """One installation, opened.

    What it offers is made when it is first asked for, so that a command that needs only readers does not wait for
    the mail's machinery.
    """

    settings: Settings
    clock: Clock
    database: Database

    @contextmanager
    def content(self) -> Iterator["ContentStore"]:
        """Open the content store for this thread, until the end of the block."""
        from newsletter.content.database import require_made
        from newsletter.content.store import ContentStore

        path = self.settings.path(self.settings.paths.content_db)
        require_made(path)
        with ContentStore(path, site_name=self.settings.site.name) as store:
            yield store

    @cached_property
    def links(self) -> LinkSigner:
        """What signs and reads readers' links."""
        return LinkSigner(read_link_keys(self.settings.path(self.settings.paths.link_keys)))

    @cached_property
    def suppression_key(self) -> bytes:
        """The key under which the suppression list knows an address."""
        file = self.settings.path(self.settings.paths.suppression_key)
        key = read_suppression_key(file)
        require_key(self.database, key, file)
        return key

    def hash_address(self, key: str) -> str:
        """Return the hash under which the suppression list knows a reader's `address_key`."""
        return address_hash(self.suppression_key, Address(text=key, key=key))

    @cached_property
    def template_folders(self) -> tuple[Path, ...]:
        """Where templates are looked up: the operator's own, then ours."""
        own = self.settings.path(self.settings.paths.templates) if self.settings.paths.templates else None
        if own is not None and not own.is_dir():
            raise ConfigError(
                f"paths.templates is {own}, but there is no such folder", setting="paths.templates"
            )
        return self.settings.template_folders

    @cached_property
    def frame(self) -> "MessageFrame":
        """What every message of this newsletter needs besides its contents."""
        from newsletter.render.headers import MessageFrame

        settings = self.settings
        domain = settings.mail.from_address.rpartition("@")[2] or "localhost"
        list_id = settings.mail.list_id or f"weekly.{domain}"
        return MessageFrame(
            from_name=settings.mail.from_name or settings.site.name,
            from_address=settings.mail.from_address,
            reply_to=settings.mail.reply_to,
            list_id=list_id,
            list_name=settings.site.name,
            public_url=settings.site.public_url.rstrip("/"),
            archive_url=f"{settings.site.public_url.rstrip('/')}/archive",
            feedback_id=f"digest:{list_id}:newsletter:{_sender_id(domain)}",
            language=settings.site.language,
            leave_address=settings.leave_address,
        )

    @cached_property
    def alerts(self) -> "Alerts":
        """How the operator is told of something, once."""
        from newsletter.delivery.alerts import Alerts

        return Alerts(self.database, self.clock)

    @cached_property
    def message_ids(self) -> "MessageIds":
        """What tells each of our messages from every other. Its key is the one that never changes."""
        from newsletter.delivery.message import MessageIds

        settings = self.settings
        # Bounces come late: a return path counts after another transport was chosen, too.
        return_paths = (entry.return_path(settings) for entry in TRANSPORTS.values())
        return MessageIds(
            key=self.suppression_key,
            domain=settings.mail.from_address.rpartition("@")[2] or "localhost",
            bounce_address=next(filter(None, return_paths), ""),
        )

    @cached_property
    def ballots(self) -> Ballots:
        """What counts readers' votes, under the key that never changes."""
        return Ballots(self.suppression_key)

    @cached_property
    def uncounted(self) -> Uncounted:
        """The clicks on their way to the store; of this process."""
        return Uncounted()

    @cached_property
    def subscribing(self) -> Subscribing:
        """The way in for readers."""
        from newsletter.delivery.transactional import queue_mail

        settings = self.settings
        disposable = settings.readers.disposable_domains
        domains = read_domains(settings.path(disposable)) if disposable else frozenset()
        return Subscribing(
            database=self.database,
            signer=self.links,
            suppression_key=self.suppression_key,
            limits=self._limits,
            public_url=settings.site.public_url,
            again_after=settings.readers.confirm_again_after,
            queue_mail=queue_mail,
            welcome=self._welcome,
            is_disposable=lambda domain: is_listed(domain, domains),
        )

    @property
    def following(self) -> Following:
        """The way to follow a tool for whoever has no link at hand."""
        from newsletter.delivery.transactional import queue_mail

        return Following(
            database=self.database,
            signer=self.links,
            limits=self._limits,
            public_url=self.settings.site.public_url,
            queue_mail=queue_mail,
        )

    @property
    def _limits(self) -> SignUpLimits:
        """How much strangers may ask of us in an hour."""
        return SignUpLimits(
            key=self.suppression_key,
            per_network=self.settings.readers.network_limit,
            per_domain=self.settings.readers.domain_limit,
        )

    def next_issue_on(self) -> date:
        """Return the day on which the next issue is due: the first that has not begun to go out, as the schedule plans it."""
        now, job = self.clock.now(), "dispatch"
        with self.database.read() as connection:
            last = last_slots(connection, [job], now).get(job)
            slots = coming_slots(issue_schedule(self.settings), now=now, last=last)
            due_at = next_issue_at(connection, slots, Edition.WEEKLY, now)
        return wall_time(due_at, self.settings.zone).date()

    def _welcome(self, reader: LinkTarget) -> dict[str, object]:
        """Return what a welcome mail says."""
        base = self.settings.site.public_url.rstrip("/")
        lasting = (Purpose.PREFERENCES, Purpose.UNSUBSCRIBE)
        tokens = self.links.tokens(lasting, reader.reader_id, 0, reader.reader_salt, 0)
        urls = {f"{each}_url": link(base, each, token) for each, token in zip(lasting, tokens, strict=True)}
        latest = "".join(f"/{issue.slug}" for issue in self.archive.issues()[:1])
        next_issue = self.settings.language.day_of_year(self.next_issue_on())
        return {"next_issue": next_issue, "latest_url": f"{base}/archive{latest}", **urls}

    @cached_property
    def archive(self) -> "Archive":
        """The issues that the web shows."""
        from newsletter.digest.archive import Archive

        return Archive(database=self.database)

    @cached_property
    def dkim(self) -> "DkimSigner | None":
        """What signs messages with DKIM; None where the settings name no key."""
        from newsletter.delivery.dkim import DkimFiles

        return DkimFiles.of(self.settings).signer()

    def transport(self) -> Transport:
        """Return the transport of issues and single mails."""
        return entry_of(self.settings).make(self.settings, self.clock, self.database)

    def alert_transport(self) -> Transport:
        """Return the transport of alerts: one of their own works where that of issues does not."""
        name = self.settings.alerts.transport
        if name == "same":
            return self.transport()
        return TRANSPORTS[name].make_for_alerts(self.settings, self.clock, self.database)

    @cached_property
    def marks(self) -> "Marks":
        """How far sending has come, and whether this is the database that sent last."""
        from newsletter.delivery.marks import Marks

        paths, path = self.settings.paths, self.settings.path
        return Marks(database=self.database, file=path(paths.marks), anchor=path(paths.suppression_key))

    def require_ready(self) -> None:
        """Raise ConfigError or BadInput unless settings and keys are there without which no mail leaves."""
        from newsletter.delivery.dkim import DkimFiles

        require_ready_to_send(self.settings)
        require_keys(self.settings)
        DkimFiles.of(self.settings).signer()

    def no_mail_can_leave(self) -> str:
        """Return why no mail can be tried, in a sentence that names what is to be mended; empty where one can."""
        try:
            self.require_ready()
            # Its templates may be missing, too.
            _ = self.transactional_sender
            return self.marks.trouble()
        except BadInput as error:
            return str(error)

    def nothing_leaves(self) -> str:
        """Return why no single mail reaches anybody, in a sentence; empty where they may. A sandbox takes mails and delivers none."""
        return self.no_mail_can_leave() or only_checks(self.settings)

    @property
    def journals(self) -> Path:
        """Where the senders of this machine keep their journals."""
        return self.settings.path(self.settings.paths.journal)

    @property
    def throttle(self) -> "Throttle":
        """How much may leave at once; raises ConfigError for a limit that is none."""
        from newsletter.delivery.throttle import Throttle, parse_limit, parse_warm_up

        settings = self.settings
        return Throttle(
            transport=settings.mail.transport,
            limits=tuple(parse_limit(each, setting="sending.limits") for each in settings.sending.limits),
            warm_up=parse_warm_up(
                settings.sending.warm_up_from, settings.sending.warm_up_first, setting="sending.warm_up_from"
            ),
        )

    @cached_property
    def transactional_sender(self) -> "TransactionalSender":
        """What sends the single mails that wait."""
        from newsletter.delivery.transactional import TransactionalSender

        settings = self.settings
        frame = replace(
            self.frame,
            from_address=settings.mail.single_from_address or settings.mail.from_address,
            list_id="",
            list_name="",
            archive_url="",
            feedback_id="",
        )
        return TransactionalSender(
            database=self.database,
            clock=self.clock,
            frame=frame,
            template_folders=self.template_folders,
            signer=self.links,
            message_ids=self.message_ids,
            operator_address=settings.mail.operator_address or settings.mail.reply_to,
            transport=self.transport,
            alert_transport=self.alert_transport,
            journals=self.journals,
            hash_address=self.hash_address,
            dkim=self.dkim,
            raise_alert=self.alerts.raise_once,
            marks=self.marks,
        )

    @property
    def alert_webhook(self) -> "AlertWebhook":
        """What tells a URL of alerts, where the settings name one."""
        from newsletter.delivery.alerts import AlertWebhook

        url, name = self.settings.alerts.webhook_url, self.settings.site.name
        return AlertWebhook(database=self.database, clock=self.clock, url=url, newsletter=name)

    def mailings(self, issue_id: int) -> "Mapping[str, Mailing]":
        """Return what an approved issue sends, by the variant of its batches; raises NotFound before approval."""
        from newsletter.delivery.message import load_mailings

        with self.database.read() as connection:
            return load_mailings(
                connection,
                issue_id,
                self.links,
                self.message_ids,
                self.clock,
                self.dkim,
                self.settings.language,
            )

    def sender(self, issue_id: int, watch: "Callable[[Counts], None]" = lambda progress: None) -> "Sender":
        """Return what sends an approved issue; `watch` is told how far it is."""
        from newsletter.delivery.sender import Sender
        from newsletter.delivery.throttle import PauseRules, RetryPolicy

        settings = self.settings
        return Sender(
            database=self.database,
            issue_id=issue_id,
            mailings=self.mailings(issue_id),
            transport=self.transport(),
            journals=self.journals,
            clock=self.clock,
            hash_address=self.hash_address,
            throttle=self.throttle,
            pause_rules=PauseRules(
                rejected=settings.sending.pause_at_rejections / 100,
                unsure=settings.sending.pause_at_unsure / 100,
                complained=settings.sending.pause_at_complaints / 1000,
            ),
            retry_policy=RetryPolicy(attempts=settings.sending.attempts, first=settings.sending.retry_after),
            undelivered=only_checks(settings),
            raise_alert=self.alerts.raise_once,
            marks=self.marks,
            watch=watch,
        )

    @property
    def report_handler(self) -> "ReportHandler":
        """What acts on bounces, complaints and requests to leave."""
        from newsletter.delivery.bounces.handling import Matcher, ReportHandler

        matcher = Matcher(signer=self.links, message_ids=self.message_ids)
        return ReportHandler(database=self.database, matcher=matcher, suppression_key=self.suppression_key)

    @cached_property
    def webhooks(self) -> "Mapping[str, Webhook]":
        """What takes the posts of providers and acts on them, by the names of transports; also of those not in use."""
        from newsletter.delivery.transports.webhook import Webhook

        return {
            name: Webhook(
                provider=entry,
                verify=entry.verifier(self.settings),
                max_age=entry.webhook_max_age(self.settings),
                database=self.database,
                clock=self.clock,
                message_ids=self.message_ids,
                handler=self.report_handler,
                alert=self.alerts.raise_once,
                is_in_use=name == self.settings.mail.transport,
            )
            for name, entry in TRANSPORTS.items()
            if entry.webhook_limit
        }

    def read_webhooks(self) -> None:
        """Act on every post that waits, and delete it: its body holds addresses."""
        for webhook in self.webhooks.values():
            webhook.process()

    def mailboxes(self) -> "tuple[Mailbox, ...]":
        """Return the mailboxes of reports that the settings name, each for one reading."""
        from newsletter.delivery.bounces.mailbox import Imap, ImapAccount, Maildir

        settings, found = self.settings, []
        if settings.bounces.maildir is not None:
            folder = settings.path(settings.bounces.maildir)
            found.append(Maildir(folder=folder, delete=settings.bounces.delete))
        if not settings.bounces.imap_host:
            return tuple(found)
        account = ImapAccount(
            host=settings.bounces.imap_host,
            port=settings.bounces.imap_port,
            tls=settings.bounces.imap_tls,
            user=settings.bounces.imap_user,
            password=settings.bounces.imap_password,
            folder=settings.bounces.imap_folder,
        )
        return (*found, Imap(account, self.database, delete=settings.bounces.delete))

    @cached_property
    def eraser(self) -> "Eraser":
        """What forgets a reader wherever something of them is kept."""
        from newsletter.delivery.erasing import Eraser

        return Eraser(
            database=self.database,
            suppression_key=self.suppression_key,
            message_ids=self.message_ids,
            outbox=self.settings.path(self.settings.paths.outbox),
            clock=self.clock,
            empty_webhook=self.read_webhooks,
        )

    @cached_property
    def ticker(self) -> "Ticker":
        """The jobs that the settings name, and what runs them in this process."""
        from newsletter.schedule.jobs import load_jobs
        from newsletter.schedule.runner import Runner, scheduler_name
        from newsletter.schedule.ticker import Ticker

        runner = Runner(
            database=self.database,
            clock=self.clock,
            raise_alert=self.alerts.raise_once,
            catch_up=self.settings.schedule.catch_up,
            owner=scheduler_name(),
        )
        return Ticker(runner, load_jobs(self.settings, self))

    def close(self) -> None:
        self.database.close()


def _sender_id(domain: str) -> str:
    """Return the stable last field of Feedback-ID: 5 to 15 characters (Gmail's feedback loop)."""
    host = urlsplit(f"//{domain}").hostname or domain
    return "".join(letter for letter in host if letter.isalnum())[:15].ljust(5, "0")


def open_app(folder: Path, clock: Clock | None = None) -> App:
    """Open the installation in `folder`.

    Raises ConfigError, StoreBehind for an older database and StoreAhead for one of a later release.
    """
    settings = load_settings(folder, TRANSPORT_SETTINGS)
    require_database(settings.store_url, settings.path(settings.paths.marks))
    database = open_database(settings.store_url)
    try:
        require_head(database)
    except Exception as error:
        database.close()
        said = in_plain_words(error)
        if said is None:
            raise
        raise said from error
    return App(settings, clock or SystemClock(), database)
