"""All tables of `subscribers.db`: readers, issues, the delivery ledger, single mails, slots.

Public facts are not here: they live in `content.db` (newsletter/content/). Only `readers.address` holds a
reader's address; everything else speaks of reader ids. Amounts of time are seconds, moments are UTC.
A change of a table needs a migration; docs/reference/subscribers.sql is generated from both.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeDecorator

from newsletter.db.statuses import (
    BatchStatus,
    ClickKind,
    ConsentChannel,
    ConsentEvent,
    DeliveryStatus,
    Edition,
    EditorRole,
    ExclusionReach,
    FindingAnswer,
    IssueStatus,
    ItemKind,
    LimitScope,
    MailKind,
    MailStatus,
    ReaderStatus,
    ReportKind,
    RevisionState,
    Room,
    SlotStatus,
    SuppressionKind,
    Vote,
    WithdrawalReason,
)

# What all tables share: how their constraints are named, and their keys.

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: SQLite needs INTEGER for a rowid key, PostgreSQL BIGINT for room to grow.
Id = BigInteger().with_variant(Integer(), "sqlite")


def by_bytes(length: int) -> String:
    """Return the type of a text compared byte by byte on either database, so that an index finds it by its beginning."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


# Column types that keep their promises on SQLite and PostgreSQL alike.


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, stored in UTC; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive datetime cannot be stored: {value!r}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


E = TypeVar("E", bound=StrEnum)


class EnumText(TypeDecorator[E], Generic[E]):
    """A StrEnum stored as its value; `one_of` makes the CHECK that goes with it."""

    impl = String
    cache_ok = True

    def __init__(self, choices: type[E]) -> None:
        self.choices = choices
        # An enum's own look-up takes longer than all else that is done to a row.
        self._by_value = {choice.value: choice for choice in choices}
        super().__init__()

    def process_bind_param(self, value: E | str | None, dialect: Dialect) -> str | None:
        return None if value is None else self.choices(value).value

    def process_result_value(self, value: Any, dialect: Dialect) -> E | None:
        return None if value is None else self._by_value[value]


def one_of(column: str, choices: type[StrEnum], name: str) -> CheckConstraint:
    """Return a CHECK that allows exactly the values of `choices` in `column`."""
    listed = ", ".join(f"'{choice.value}'" for choice in choices)
    return CheckConstraint(f"{column} IN ({listed})", name=name)


# Readers: who they are, what they asked for, how they consented, and what keeps strangers from using them.

readers = Table(
    "readers",
    metadata,
    Column("id", Id, primary_key=True),
    #: As written by the reader, domain in A-labels; NULL once erased.
    Column("address", String(320)),
    #: The address in lower case; what is unique. NULL once erased.
    Column("address_key", by_bytes(320), unique=True),
    Column("name", by_bytes(200), nullable=False, server_default=""),
    Column("status", EnumText(ReaderStatus), nullable=False),
    Column("status_at", UtcDateTime, nullable=False),
    Column("edition", EnumText(Edition), nullable=False, server_default=Edition.WEEKLY.value),
    Column("paused_until", Date),
    Column("time_zone", String(64), nullable=False, server_default=""),
    #: Local hour (0–23) at which the reader wants the issue; NULL means with everybody.
    Column("send_hour", Integer),
    #: The reader's own tokens a month and seats, for "your cost".
    Column("monthly_tokens", BigInteger),
    Column("team_size", Integer),
    Column("added_at", UtcDateTime, nullable=False),
    Column("confirmed_at", UtcDateTime),
    #: Drawn at random for each reader, so that a link for a number that was given again after a restore, or on a copy, is
    #: nobody's; 0 for readers from before there were salts.
    Column("salt", BigInteger, nullable=False, server_default="0"),
    #: The reader whose address this one becomes when it is confirmed; NULL for a newcomer.
    Column("replaces", Id, ForeignKey("readers.id")),
    one_of("status", ReaderStatus, "status"),
    one_of("edition", Edition, "edition"),
    CheckConstraint("(status = 'erased') = (address IS NULL)", name="erased_has_no_address"),
    CheckConstraint("send_hour BETWEEN 0 AND 23", name="send_hour"),
    Index(
        "ix_readers_may_receive",
        "edition",
        "id",
        # All that the audience asks, so that freezing it never opens the table.
        "paused_until",
        sqlite_where=text("status = 'active'"),
        postgresql_where=text("status = 'active'"),
    ),
    # What the desk finds by its beginning, and the few who are something else than active.
    Index(
        "ix_readers_name",
        "name",
        sqlite_where=text("name <> ''"),
        postgresql_where=text("name <> ''"),
    ),
    Index(
        "ix_readers_not_active",
        "status",
        "id",
        sqlite_where=text("status <> 'active'"),
        postgresql_where=text("status <> 'active'"),
    ),
)

reader_topics = Table(
    "reader_topics",
    metadata,
    Column("reader_id", Id, ForeignKey("readers.id", ondelete="CASCADE"), nullable=False),
    Column("topic", String(100), nullable=False),
    PrimaryKeyConstraint("reader_id", "topic"),
    sqlite_with_rowid=False,
)

reader_tools = Table(
    "reader_tools",
    metadata,
    Column("reader_id", Id, ForeignKey("readers.id", ondelete="CASCADE"), nullable=False),
    Column("tool_id", String(200), nullable=False),
    PrimaryKeyConstraint("reader_id", "tool_id"),
    sqlite_with_rowid=False,
)

consents = Table(
    "consents",
    metadata,
    Column("id", Id, primary_key=True),
    Column("reader_id", Id, ForeignKey("readers.id"), nullable=False, index=True),
    Column("event", EnumText(ConsentEvent), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    #: Where the consent comes from in the words of whoever added or imported the reader; never an address.
    Column("source", String(500), nullable=False),
    #: Version of the wording the reader agreed to; empty where none was shown.
    Column("wording", String(100), nullable=False, server_default=""),
    Column("channel", EnumText(ConsentChannel), nullable=False),
    #: The issue whose link or mail they left by. No foreign key: a link outlives a restored database.
    Column("issue_id", Id),
    Column("reason", EnumText(WithdrawalReason)),
    #: The file they were imported from, and the line in it.
    Column("file", String(100)),
    Column("line", Integer),
    #: What the program they were imported from had noted; NULL once erased.
    Column("ip", String(45)),
    Column("tags", Text),
    one_of("event", ConsentEvent, "event"),
    one_of("channel", ConsentChannel, "channel"),
    one_of("reason", WithdrawalReason, "reason"),
)

suppressions = Table(
    "suppressions",
    metadata,
    #: HMAC-SHA256 of the casefolded address under the suppression key, hex.
    Column("address_hash", String(64), primary_key=True),
    Column("kind", EnumText(SuppressionKind), nullable=False),
    #: Why, in the words of whoever put it there.
    Column("reason", String(100), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("source", String(500), nullable=False, server_default=""),
    #: When the address last asked for the newsletter although it is kept out; NULL: it did not.
    Column("asked_at", UtcDateTime),
    one_of("kind", SuppressionKind, "kind"),
)

sign_up_counts = Table(
    "sign_up_counts",
    metadata,
    Column("scope", EnumText(LimitScope), nullable=False),
    #: Keyed hash of the network or domain, hex.
    Column("key_hash", String(64), nullable=False),
    #: The beginning of the hour that is counted.
    Column("window_at", UtcDateTime, nullable=False),
    Column("count", Integer, nullable=False),
    PrimaryKeyConstraint("scope", "key_hash", "window_at"),
    one_of("scope", LimitScope, "scope"),
    sqlite_with_rowid=False,
)

vote_marks = Table(
    "vote_marks",
    metadata,
    #: Keyed hash of comparison, tool and reader, hex: nothing else ties a vote to a reader. Deleted at the close.
    Column("mark", String(32), primary_key=True),
    Column("comparison_id", String(200), nullable=False, index=True),
    Column("tool_id", String(200), nullable=False),
    Column("vote", EnumText(Vote), nullable=False),
    one_of("vote", Vote, "vote"),
    sqlite_with_rowid=False,
)


# Issues, and what an editor changes of them before they are approved.

issues = Table(
    "issues",
    metadata,
    Column("id", Id, primary_key=True),
    Column("edition", EnumText(Edition), nullable=False),
    #: Given at approval, one after the other within an edition; NULL before.
    Column("number", Integer),
    #: The slot the draft was made for: local date-time "2026-11-26T09:00" in the configured zone.
    Column("slot", String(16), nullable=False),
    Column("status", EnumText(IssueStatus), nullable=False),
    #: Items first seen before this moment are in; fixed by approval.
    Column("cutoff_at", UtcDateTime, nullable=False),
    #: What an editor wrote over the computed: empty means computed.
    Column("subject", String(300), nullable=False, server_default=""),
    Column("preheader", String(300), nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Column("bottom_line", Text, nullable=False, server_default=""),
    #: Counts edits; a writer that holds an older one is refused.
    Column("version", Integer, nullable=False, server_default="1"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("approved_at", UtcDateTime),
    Column("approved_by", String(200)),
    #: SHA-256 over plans, frozen facts, subject, From and public URL, hex; set by approval.
    Column("content_hash", String(64)),
    #: Not sent before this moment.
    Column("send_at", UtcDateTime),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    #: Since when an editor holds it back; NULL: it goes out at its time.
    Column("held_at", UtcDateTime),
    #: Why it is paused or cancelled, in words an operator can act on.
    Column("reason", Text, nullable=False, server_default=""),
    #: Whether the web shows it once it is sent.
    Column("archived", Boolean, nullable=False, server_default=text("true")),
    UniqueConstraint("edition", "slot"),
    UniqueConstraint("edition", "number"),
    one_of("edition", Edition, "edition"),
    one_of("status", IssueStatus, "status"),
)

items = Table(
    "items",
    metadata,
    Column("issue_id", Id, ForeignKey("issues.id", ondelete="CASCADE"), nullable=False),
    Column("kind", EnumText(ItemKind), nullable=False),
    #: The comparison's, tool's or question's id in content.db.
    Column("key", String(200), nullable=False),
    Column("room", EnumText(Room), nullable=False),
    Column("position", Integer, nullable=False),
    Column("pinned", Boolean, nullable=False, server_default=text("false")),
    Column("note", Text, nullable=False, server_default=""),
    PrimaryKeyConstraint("issue_id", "kind", "key"),
    one_of("kind", ItemKind, "kind"),
    one_of("room", Room, "room"),
    # Pages read the few items shown, and the first of the tens of thousands that may wait in the overflow line.
    Index("ix_items_room", "issue_id", "room", "kind", "position"),
    sqlite_with_rowid=False,
)

publications = Table(
    "publications",
    metadata,
    Column("kind", EnumText(ItemKind), nullable=False),
    Column("key", String(200), nullable=False),
    Column("issue_id", Id, ForeignKey("issues.id"), nullable=False, index=True),
    PrimaryKeyConstraint("kind", "key"),
    one_of("kind", ItemKind, "kind"),
    sqlite_with_rowid=False,
)

exclusions = Table(
    "exclusions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", EnumText(ItemKind), nullable=False),
    Column("key", String(200), nullable=False),
    Column("reach", EnumText(ExclusionReach), nullable=False),
    #: The issue it is kept out of, for THIS_ISSUE.
    Column("issue_id", Id, ForeignKey("issues.id", ondelete="CASCADE")),
    Column("at", UtcDateTime, nullable=False),
    one_of("kind", ItemKind, "kind"),
    one_of("reach", ExclusionReach, "reach"),
    UniqueConstraint("kind", "key", "issue_id"),
)

chosen_quotes = Table(
    "chosen_quotes",
    metadata,
    Column("issue_id", Id, ForeignKey("issues.id", ondelete="CASCADE"), nullable=False),
    #: The comparison whose review is quoted, and the review, by their ids in content.db.
    Column("comparison_id", String(200), nullable=False),
    Column("review_id", String(200), nullable=False),
    #: The sentence of the review that an editor chose.
    Column("words", Text, nullable=False),
    PrimaryKeyConstraint("issue_id", "comparison_id", "review_id"),
    sqlite_with_rowid=False,
)

revisions = Table(
    "revisions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("issue_id", Id, ForeignKey("issues.id", ondelete="CASCADE"), nullable=False),
    #: The issue's version that was changed.
    Column("version", Integer, nullable=False),
    Column("by", String(200), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    #: What was done, in words.
    Column("what", Text, nullable=False),
    Column("state", EnumText(RevisionState), nullable=False),
    #: What it changed, as it was and as it became (editing.revisions.DraftChange as JSON); empty for a step back or forth.
    Column("before", Text, nullable=False, server_default=""),
    Column("after", Text, nullable=False, server_default=""),
    #: SHA-256 of what was asked, hex: asked twice of one version, it is done once. Empty where nobody can ask twice.
    Column("request", String(64), nullable=False, server_default=""),
    UniqueConstraint("issue_id", "version"),
    one_of("state", RevisionState, "state"),
)


# What approval freezes of an issue, and what is put beside it afterwards.

snapshots = Table(
    "snapshots",
    metadata,
    Column("issue_id", Id, ForeignKey("issues.id", ondelete="CASCADE"), primary_key=True),
    #: The letter as approved (digest.content.IssueContent as JSON): what the archive and the checks read.
    Column("letter", Text, nullable=False),
    #: From, Reply-To, public URL and the other settings a message needs, as JSON.
    Column("sender", Text, nullable=False),
    #: What the mail had no room for (digest.archive.ArchiveDetails as JSON): the archive shows it beside the letter.
    Column("record", Text, nullable=False, server_default=""),
    #: Drawn at random by each approval: what this issue's number means in links and Message-IDs; 0 as in `readers`.
    Column("salt", BigInteger, nullable=False, server_default="0"),
)

plans = Table(
    "plans",
    metadata,
    Column("issue_id", Id, ForeignKey("issues.id", ondelete="CASCADE"), nullable=False),
    Column("variant", String(50), nullable=False),
    #: render.plan.Plan, serialised.
    Column("plan", LargeBinary, nullable=False),
    PrimaryKeyConstraint("issue_id", "variant"),
)

links = Table(
    "links",
    metadata,
    Column("issue_id", Id, ForeignKey("issues.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    #: Where a counted link leads; nothing else is redirected to.
    Column("url", Text, nullable=False),
    #: The block of the mail that it stands in; empty for the frame around them.
    Column("place", Text, nullable=False),
    #: What its address carries besides the two numbers, as in `snapshots`; 0 where it carries nothing.
    Column("salt", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("issue_id", "number"),
)

clicks = Table(
    "clicks",
    metadata,
    Column("issue_id", Id, nullable=False),
    Column("number", Integer, nullable=False),
    Column("kind", EnumText(ClickKind), nullable=False),
    #: In UTC. Nothing here says who clicked.
    Column("day", Date, nullable=False),
    Column("count", Integer, nullable=False),
    PrimaryKeyConstraint("issue_id", "number", "kind", "day"),
    ForeignKeyConstraint(["issue_id", "number"], ["links.issue_id", "links.number"], ondelete="CASCADE"),
    one_of("kind", ClickKind, "kind"),
)

errata = Table(
    "errata",
    metadata,
    Column("id", Id, primary_key=True),
    #: The issue that was wrong. What it froze stays as it went out; the erratum stands beside it.
    Column("issue_id", Id, ForeignKey("issues.id"), nullable=False, index=True),
    #: What the issue said, and what is right.
    Column("said", Text, nullable=False),
    Column("right", Text, nullable=False),
    Column("by", String(200), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    #: Whether the edition's next issue says so, and which one does; NULL while none has been approved with it.
    Column("to_tell", Boolean, nullable=False),
    Column("told_in", Id, ForeignKey("issues.id", ondelete="SET NULL"), index=True),
)


# The delivery ledger: who gets what, and what became of it; and the single mails outside any issue.

batches = Table(
    "batches",
    metadata,
    Column("id", Id, primary_key=True),
    Column("issue_id", Id, ForeignKey("issues.id"), nullable=False, index=True),
    #: The plan its readers get.
    Column("variant", String(50), nullable=False),
    #: Bounds of its readers' ids, both included.
    Column("low", Id, nullable=False),
    Column("high", Id, nullable=False),
    Column("status", EnumText(BatchStatus), nullable=False),
    Column("not_before", UtcDateTime),
    Column("owner", String(200)),
    Column("lease_until", UtcDateTime),
    #: Counts takeovers; a sender that holds an older one is fenced off.
    Column("fence", Integer, nullable=False, server_default="0"),
    #: Passes that left readers to be tried again.
    Column("attempts", Integer, nullable=False, server_default="0"),
    #: Not before this moment are they, where the batch comes due earlier for others in it; NULL: with the others.
    Column("retry_at", UtcDateTime),
    #: How many deliveries it has, and how many of them stand in each state that is final for the sender: kept
    #: in the commits that change those states, so that progress costs one small sum.
    Column("readers", Integer, nullable=False),
    Column("accepted", Integer, nullable=False, server_default="0"),
    Column("rejected", Integer, nullable=False, server_default="0"),
    Column("skipped", Integer, nullable=False, server_default="0"),
    Column("unsure", Integer, nullable=False, server_default="0"),
    one_of("status", BatchStatus, "status"),
)

deliveries = Table(
    "deliveries",
    metadata,
    # No foreign keys: one query makes these rows from those they name, of which none is ever deleted. To check each
    # by itself took PostgreSQL three times as long as to write it, and wrote into every reader's row.
    Column("issue_id", Id, nullable=False),
    Column("reader_id", Id, nullable=False),
    Column("batch_id", Id, nullable=False),
    Column("status", EnumText(DeliveryStatus), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("at", UtcDateTime),
    #: The enhanced status or reply code, or the reason: "5.1.1", "left", "gave-up".
    Column("code", String(50)),
    #: The provider's id for the accepted message.
    Column("provider_id", String(200)),
    PrimaryKeyConstraint("issue_id", "reader_id"),
    # As IN (…) SQLite would build the list anew for each row: a second and a half for a million of them.
    CheckConstraint(" OR ".join(f"status = '{status}'" for status in DeliveryStatus), name="status"),
    sqlite_with_rowid=False,
    postgresql_with={"fillfactor": "70"},
)

senders = Table(
    "senders",
    metadata,
    #: Host, process id and something random: "mailhost-4711-9f86d081"; its workers' names begin with it.
    Column("name", String(200), primary_key=True),
    Column("issue_id", Id, ForeignKey("issues.id"), nullable=False, index=True),
    Column("started_at", UtcDateTime, nullable=False),
    #: Its last sign of life.
    Column("seen_at", UtcDateTime, nullable=False),
    #: What it waits for, in words, since when and until when; empty and NULL while it sends.
    Column("waits_for", Text, nullable=False, server_default=""),
    Column("waits_since", UtcDateTime),
    Column("waits_until", UtcDateTime),
)

relays = Table(
    "relays",
    metadata,
    #: "mail.example.org:587".
    Column("host", String(300), primary_key=True),
    #: Whether it takes what stands behind the end of a message in the same write, and when that was seen; NULL: not tried.
    Column("looks_ahead", Boolean),
    Column("looks_ahead_at", UtcDateTime),
    #: The most messages of a connection; NULL where it was not seen to have a limit of its own.
    Column("messages", Integer),
    Column("messages_at", UtcDateTime),
    #: What kept the last connection from being made, in words; empty: it was made.
    Column("trouble", Text, nullable=False, server_default=""),
    Column("trouble_at", UtcDateTime),
)

quotas = Table(
    "quotas",
    metadata,
    #: A transport, or one of its domains: "smtp", "smtp:gmail.com".
    Column("scope", String(300), nullable=False),
    #: Length of the period: 1, 60, 3600 or 86400.
    Column("seconds", Integer, nullable=False),
    #: Beginning of the last period in which anything began, and how many messages that were.
    Column("begins_at", UtcDateTime, nullable=False),
    Column("used", Integer, nullable=False),
    PrimaryKeyConstraint("scope", "seconds"),
    sqlite_with_rowid=False,
)

mails = Table(
    "mails",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", EnumText(MailKind), nullable=False),
    #: What makes it one mail: the same key is never queued twice.
    Column("key", String(200), nullable=False, unique=True),
    #: Whom it goes to: a reader, an editor, or with neither the operator's address from the settings.
    Column("reader_id", Id, ForeignKey("readers.id"), index=True),
    Column("editor_id", Id, ForeignKey("editors.id")),
    #: The template's values as JSON; no address among them.
    Column("values", JSON, nullable=False),
    #: Drawn at random for each mail, as in `readers`.
    Column("salt", BigInteger, nullable=False, server_default="0"),
    Column("status", EnumText(MailStatus), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("not_before", UtcDateTime, nullable=False),
    Column("queued_at", UtcDateTime, nullable=False),
    Column("at", UtcDateTime),
    Column("code", String(50)),
    Column("provider_id", String(200)),
    #: Who began it: the name of their journal; NULL before, and for what its caller sends at once.
    Column("owner", String(200)),
    #: Since then nobody waits for it: its link was used, or its reader can no longer be mailed.
    Column("answered_at", UtcDateTime),
    one_of("kind", MailKind, "kind"),
    one_of("status", MailStatus, "status"),
    CheckConstraint("reader_id IS NULL OR editor_id IS NULL", name="one_recipient"),
    Index(
        "ix_mails_waiting",
        "not_before",
        sqlite_where=text("status = 'pending'"),
        postgresql_where=text("status = 'pending'"),
    ),
    Index(
        "ix_mails_open",
        "status",
        sqlite_where=text("status IN ('begun', 'unsure')"),
        postgresql_where=text("status IN ('begun', 'unsure')"),
    ),
)


installation = Table(
    "installation",
    metadata,
    #: There is one row.
    Column("id", Integer, primary_key=True),
    #: How far it has come: newsletter.delivery.marks.Mark, which a file beside the keys says, too.
    Column("epoch", String(60), nullable=False, server_default=""),
    Column("begun", BigInteger, nullable=False, server_default="0"),
    Column("place", String(200), nullable=False, server_default=""),
    #: No issue's id or number is this or lower, but for those that are here: what a restored database forgot is not given
    #: again.
    Column("issue_id", Id, nullable=False, server_default="0"),
    Column("weekly", Integer, nullable=False, server_default="0"),
    Column("monthly", Integer, nullable=False, server_default="0"),
    #: The fingerprint of the key with which the suppression list was made: newsletter.readers.keys.fingerprint.
    Column("key_fingerprint", String(16), nullable=False, server_default=""),
    CheckConstraint("id = 1", name="one_row"),
)


# Slots, and what the operator was told.

slots = Table(
    "slots",
    metadata,
    Column("job", String(100), nullable=False),
    #: Local date-time "2026-11-26T09:00" in the configured zone: the autumn hour exists once.
    Column("slot", String(16), nullable=False),
    #: The slot as a moment.
    Column("due_at", UtcDateTime, nullable=False),
    Column("status", EnumText(SlotStatus), nullable=False),
    Column("owner", String(200)),
    Column("lease_until", UtcDateTime),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("finished_at", UtcDateTime),
    #: What came of it, in one sentence.
    Column("outcome", Text, nullable=False, server_default=""),
    PrimaryKeyConstraint("job", "slot"),
    one_of("status", SlotStatus, "status"),
    sqlite_with_rowid=False,
)

alerts = Table(
    "alerts",
    metadata,
    #: What makes it one event: "hold:weekly:2026-11-26T09:00".
    Column("key", String(200), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("subject", String(300), nullable=False),
    Column("body", Text, nullable=False),
    Column("delivered_at", UtcDateTime),
    #: How often a URL was tried for it, not before when again, and when it was taken there.
    Column("posts", Integer, nullable=False, server_default="0"),
    Column("post_after", UtcDateTime),
    Column("posted_at", UtcDateTime),
)


# The editors, how they sign in, what they rule, what they answer to findings, and what each did.

editors = Table(
    "editors",
    metadata,
    Column("id", Id, primary_key=True),
    Column("address", String(320), nullable=False),
    #: The address casefolded; what is unique.
    Column("address_key", String(320), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("role", EnumText(EditorRole), nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    #: Since then they may not sign in; NULL for an editor of today.
    Column("revoked_at", UtcDateTime),
    one_of("role", EditorRole, "role"),
)

sign_in_links = Table(
    "sign_in_links",
    metadata,
    #: SHA-256 of the link's token, hex: whoever reads the database can sign in with none of them.
    Column("token_hash", String(64), primary_key=True),
    Column("editor_id", Id, ForeignKey("editors.id"), nullable=False, index=True),
    Column("made_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    #: A link signs in once.
    Column("used_at", UtcDateTime),
)

editor_sessions = Table(
    "editor_sessions",
    metadata,
    #: SHA-256 of the cookie's token, hex.
    Column("token_hash", String(64), primary_key=True),
    Column("editor_id", Id, ForeignKey("editors.id"), nullable=False, index=True),
    Column("made_at", UtcDateTime, nullable=False),
    #: When it was last used, to some minutes; too long ago, and it is over.
    Column("seen_at", UtcDateTime, nullable=False),
    #: When it is over however much it is used.
    Column("expires_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
)

rulings = Table(
    "rulings",
    metadata,
    Column("tool_id", String(200), nullable=False),
    Column("attribute", String(100), nullable=False),
    #: The claim in content.db that holds, or NULL to leave the figure out.
    Column("claim_id", String(64)),
    Column("reason", Text, nullable=False),
    Column("by", String(200), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("tool_id", "attribute"),
)

finding_answers = Table(
    "finding_answers",
    metadata,
    Column("issue_id", Id, ForeignKey("issues.id", ondelete="CASCADE"), nullable=False),
    #: The finding's own name: "size", "disputed:heron-small:input_price".
    Column("key", String(300), nullable=False),
    #: Of what the finding said, SHA-256, hex: when that changes, it asks again.
    Column("fingerprint", String(64), nullable=False),
    Column("answer", EnumText(FindingAnswer), nullable=False),
    #: Why an error does not hold the issue; empty for what was only acknowledged.
    Column("reason", Text, nullable=False, server_default=""),
    Column("by", String(200), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("issue_id", "key"),
    one_of("answer", FindingAnswer, "answer"),
    sqlite_with_rowid=False,
)

audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    #: An editor's name, or "command line".
    Column("by", String(200), nullable=False),
    #: newsletter.editing.people.audit.Action.
    Column("action", String(50), nullable=False),
    Column("issue_id", Id, ForeignKey("issues.id"), index=True),
    #: What exactly, and why; never a reader's address.
    Column("detail", Text, nullable=False, server_default=""),
)


# What comes back: by mail, and from a provider.

reports = Table(
    "reports",
    metadata,
    #: SHA-256 of the report's own Message-ID, or of the whole report where it has none, hex: read once.
    Column("key", String(64), primary_key=True),
    Column("kind", EnumText(ReportKind), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    #: The reader whose signed mark it carries; a report without one is not acted on.
    Column("reader_id", Id, ForeignKey("readers.id"), nullable=False, index=True),
    #: The issue that came back; 0 for a single mail.
    Column("issue_id", Id, nullable=False),
    #: The enhanced status, such as "5.1.1"; never the server's words, which may repeat the address.
    Column("code", String(50), nullable=False, server_default=""),
    #: What came of it, in one or two words: "dead address", "counted".
    Column("outcome", String(50), nullable=False),
    one_of("kind", ReportKind, "kind"),
    Index("ix_reports_issue", "issue_id", "kind"),
)

soft_bounces = Table(
    "soft_bounces",
    metadata,
    Column("reader_id", Id, ForeignKey("readers.id"), nullable=False),
    Column("issue_id", Id, ForeignKey("issues.id"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("code", String(50), nullable=False, server_default=""),
    PrimaryKeyConstraint("reader_id", "issue_id"),
    sqlite_with_rowid=False,
)

mailboxes = Table(
    "mailboxes",
    metadata,
    #: Host and folder of an IMAP mailbox.
    Column("name", String(300), primary_key=True),
    #: UIDVALIDITY: when it changes, the mailbox is read from its beginning.
    Column("validity", BigInteger, nullable=False),
    #: The last UID that was looked at.
    Column("last_uid", BigInteger, nullable=False),
)

webhook_posts = Table(
    "webhook_posts",
    metadata,
    Column("id", Id, primary_key=True),
    #: Whose webhook it came to, by the name of the transport: "sendgrid".
    Column("provider", String(50), nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    #: As it was signed. It holds addresses: it is deleted as soon as its events were acted on.
    Column("body", LargeBinary, nullable=False),
    #: The release that could not read it; a later one tries again.
    Column("unread_by", String(50)),
)

provider_events = Table(
    "provider_events",
    metadata,
    #: The provider's own id (sg_event_id), or SHA-256 of an event without one, unlike any other provider's: acted on once.
    Column("id", String(100), primary_key=True),
    #: As the provider calls it: "delivered", "bounce"; kinds that nobody here knows are kept as well.
    Column("kind", String(50), nullable=False),
    #: When it happened.
    Column("at", UtcDateTime, nullable=False, index=True),
    #: Whose copy of which issue it is about; NULL for a single mail, and for what carries no mark of ours.
    Column("reader_id", Id),
    Column("issue_id", Id),
    #: The enhanced status, or a word of ours; never the server's words, which may repeat the address.
    Column("code", String(50), nullable=False, server_default=""),
    #: What came of it, in one or two words.
    Column("outcome", String(50), nullable=False, server_default=""),
    sqlite_with_rowid=False,
)

#: What a provider's sandbox said to an issue last: no sending, and nobody has it.
dry_runs = Table(
    "dry_runs",
    metadata,
    Column("issue_id", Id, ForeignKey("issues.id"), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("readers", Integer, nullable=False),
    Column("passed", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    #: What ended it early, in words; no address among them.
    Column("trouble", Text, nullable=False, server_default=""),
)

webhooks = Table(
    "webhooks",
    metadata,
    #: "sendgrid".
    Column("name", String(50), primary_key=True),
    #: When the last post with a right signature came, and the last with a wrong one.
    Column("seen_at", UtcDateTime),
    Column("refused_at", UtcDateTime),
)


# What has been summed up, so that a report never counts readers.

issue_sums = Table(
    "issue_sums",
    metadata,
    #: An issue that is over, and whose late evidence has come: its batches are not summed up again.
    Column("issue_id", Id, ForeignKey("issues.id"), primary_key=True),
    Column("readers", Integer, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    Column("skipped", Integer, nullable=False),
    Column("unsure", Integer, nullable=False),
    Column("bounced", Integer, nullable=False),
    Column("complained", Integer, nullable=False),
)

consent_sums = Table(
    "consent_sums",
    metadata,
    #: The Monday of the week, in UTC.
    Column("week_on", Date, nullable=False),
    Column("event", EnumText(ConsentEvent), nullable=False),
    Column("channel", EnumText(ConsentChannel), nullable=False),
    #: A WithdrawalReason; empty for none.
    Column("reason", String(20), nullable=False),
    #: Where the consents come from, in the words of whoever added or imported the readers; dates left out.
    Column("source", String(100), nullable=False),
    #: The issue by which they left; 0 for none.
    Column("issue_id", Id, nullable=False),
    Column("count", Integer, nullable=False),
    PrimaryKeyConstraint("week_on", "event", "channel", "reason", "source", "issue_id"),
    one_of("event", ConsentEvent, "event"),
    one_of("channel", ConsentChannel, "channel"),
    sqlite_with_rowid=False,
)

summed = Table(
    "summed",
    metadata,
    #: "consents": what has been summed up.
    Column("name", String(50), primary_key=True),
    Column("last_id", Id, nullable=False),
)


__all__ = [
    "alerts",
    "audit",
    "batches",
    "chosen_quotes",
    "clicks",
    "consent_sums",
    "consents",
    "deliveries",
    "editor_sessions",
    "editors",
    "errata",
    "exclusions",
    "finding_answers",
    "installation",
    "issue_sums",
    "issues",
    "items",
    "links",
    "mailboxes",
    "mails",
    "metadata",
    "plans",
    "provider_events",
    "publications",
    "quotas",
    "reader_tools",
    "reader_topics",
    "readers",
    "relays",
    "reports",
    "revisions",
    "rulings",
    "senders",
    "sign_in_links",
    "sign_up_counts",
    "slots",
    "snapshots",
    "soft_bounces",
    "summed",
    "suppressions",
    "vote_marks",
    "webhook_posts",
    "webhooks",
]
