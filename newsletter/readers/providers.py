"""How other programs write their lists of readers: their columns, their words for who is a reader, and their traps.

Read from their public sources, or from their help pages where there are none (late 2026). A column that an export lacks
is not missed, unless it is one of those without which nobody can know who left. csv_file.py reads files by this table: case,
underscores and hyphens of a column's name make no difference, and of several columns for one field the first counts.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from newsletter.db.statuses import SuppressionKind
from newsletter.readers.addresses import unaccented


class ReaderStanding(StrEnum):
    """What somebody is on another program's list."""

    ACTIVE = "active"
    #: Left, bounced, complained or was shut out: never to be written to.
    GONE = "gone"
    #: Never agreed, or not yet, or no longer without having left: neither imported nor suppressed.
    NEITHER = "neither"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A program's export. Words are in lower case; a word in neither set means ReaderStanding.NEITHER.

    `needs`: of each group of columns one must be there, or the file does not say who left. `files`: what a file whose name
    begins so holds. `proof`: some column of evidence must be filled, or nobody says that this reader agreed.
    """

    program: str
    columns: Mapping[str, str]
    active: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    needs: tuple[tuple[str, ...], ...]
    files: tuple[tuple[str, ReaderStanding], ...] = ()
    proof: bool = False
    #: The column of a plan that is paid for: beside one, a date of leaving may be the end of paying.
    paid: str = ""
    #: What a word such as "blocklisted" says of them; where leaving by themselves leads there, too, that they left.
    blocked: SuppressionKind = SuppressionKind.OPERATOR
    #: How it writes days that elsewhere could be read in two ways, as `strptime` has it.
    ways: tuple[str, ...] = ()
    #: Which export says who left, for those who have another one.
    right_export: str
    #: What even the right export does not know.
    caveat: str = ""


_NAMES = {
    "First Name": "first_name",
    "FIRSTNAME": "first_name",
    "Last Name": "last_name",
    "LASTNAME": "last_name",
    "Name": "name",
}
_EMAIL = {"Email": "address", "Email Address": "address"}

#: By the name that `--from` takes.
PROVIDERS: Mapping[str, Provider] = MappingProxyType(
    {
        # A zip of up to five files. OPTIN_TIME is empty for whoever was imported there; nonsubscribed readers have neither.
        "mailchimp": Provider(
            program="Mailchimp",
            columns={
                "Email Address": "address",
                "First Name": "first_name",
                "Last Name": "last_name",
                "OPTIN_TIME": "opted_in_at",
                "OPTIN_IP": "opted_in_ip",
                "CONFIRM_TIME": "confirmed_at",
                "CONFIRM_IP": "confirmed_ip",
                "UNSUB_TIME": "gone",
                "CLEAN_TIME": "gone",
                "TAGS": "tags",
            },
            needs=(("OPTIN_TIME", "CONFIRM_TIME", "UNSUB_TIME", "CLEAN_TIME"),),
            files=(
                ("subscribed_", ReaderStanding.ACTIVE),
                ("unsubscribed_", ReaderStanding.GONE),
                ("cleaned_", ReaderStanding.GONE),
                ("nonsubscribed_", ReaderStanding.NEITHER),
                ("sms_only_", ReaderStanding.NEITHER),
            ),
            proof=True,
            right_export="Export the audience and unpack the zip: subscribed_… is the file to import",
        ),
        # "Cancel date" of the dashboard's export is when they unsubscribed; beside a plan, perhaps when they stopped paying.
        "substack": Provider(
            program="Substack",
            columns={
                "email": "address",
                "name": "name",
                "email_disabled": "gone",
                # Of those who pay.
                "active_subscription": "ignore",
                "Cancel date": "gone",
                "created_at": "joined_at",
                "Start date": "joined_at",
            },
            needs=(("email_disabled", "Cancel date"),),
            paid="Stripe plan",
            right_export="Export all columns of the subscribers at the dashboard, Cancel date among them",
        ),
        # An unsubscribed_at beside "active" is somebody who came back, or did not: nobody can know.
        "beehiiv": Provider(
            program="beehiiv",
            columns={
                "email": "address",
                "First Name": "first_name",
                "Last Name": "last_name",
                "status": "status",
                "unsubscribed_at": "gone",
                "created_at": "joined_at",
                "tags": "tags",
            },
            active=frozenset({"active"}),
            gone=frozenset({"inactive", "unsubscribed"}),
            needs=(("status",),),
            right_export="Make a full export of the subscribers, which has the column status",
        ),
        # Whoever pays, paid once, pauses paying or gets it as a gift reads it too.
        "buttondown": Provider(
            program="Buttondown",
            columns={
                "email_address": "address",
                "email": "address",
                "type": "status",
                "subscriber_type": "status",
                "unsubscription_date": "gone",
                "creation_date": "joined_at",
                "ip_address": "opted_in_ip",
                "tags": "tags",
            },
            active=frozenset(
                {
                    "regular",
                    "premium",
                    "gifted",
                    "trialed",
                    "churning",
                    "churned",
                    "past_due",
                    "paused",
                    "upcoming",
                }
            ),
            gone=frozenset({"unsubscribed", "removed", "blocked", "complained", "undeliverable"}),
            needs=(("type", "subscriber_type"),),
            right_export="Export subscribers with the column type",
        ),
        "ghost": Provider(
            program="Ghost",
            columns={
                "email": "address",
                "name": "name",
                "subscribed_to_emails": "subscribed",
                "deleted_at": "gone",
                "created_at": "joined_at",
                "labels": "tags",
            },
            needs=(("subscribed_to_emails",),),
            right_export="Export the members, with the column subscribed_to_emails",
            caveat="Ghost calls members subscribed whose address bounced: they are imported, and bounce again",
        ),
        # `status` is the person's, who stays enabled when leaving a list; only `subscription_status` is of the list. The
        # program's own export never has it as a column: it takes it as a filter.
        "listmonk": Provider(
            program="listmonk",
            columns={
                "email": "address",
                "name": "name",
                "subscription_status": "list_status",
                "status": "status",
                "created_at": "joined_at",
            },
            active=frozenset({"enabled", "confirmed"}),
            gone=frozenset({"blocklisted", "unsubscribed"}),
            # The page to unsubscribe offers "also from all future mails", which is that.
            blocked=SuppressionKind.LEFT,
            needs=(("subscription_status",),),
            right_export=(
                "There everybody who left a list is still enabled. Export each list by itself, with"
                " GET /api/subscribers/export?list_id=…&subscription_status=confirmed for its readers, and with"
                " subscription_status=unsubscribed for those who left"
            ),
        ),
        "keila": Provider(
            program="Keila",
            columns=_EMAIL | {"First name": "first_name", "Last name": "last_name", "Status": "status"},
            active=frozenset({"active"}),
            gone=frozenset({"unsubscribed", "unreachable"}),
            needs=(("Status",),),
            right_export="Export all contacts, which have the column Status",
        ),
        # Older releases say "user". Who is on no list has left them all.
        "phplist": Provider(
            program="phpList",
            columns=_EMAIL
            | _NAMES
            | {
                "Is this subscriber confirmed": "agreed",
                "Is this user confirmed": "agreed",
                "Is this subscriber blacklisted": "gone",
                "Is this user blacklisted": "gone",
                "List Membership": "agreed",
                # How, not whether: false for whoever was imported there.
                "Did this subscriber manually confirm": "ignore",
                "Did this user manually confirm": "ignore",
                "Entered": "joined_at",
            },
            # Whoever unsubscribes there is.
            blocked=SuppressionKind.LEFT,
            needs=(
                ("Is this subscriber confirmed", "Is this user confirmed"),
                ("Is this subscriber blacklisted", "Is this user blacklisted"),
            ),
            right_export="Choose both among the columns of the export",
        ),
        # The second release writes words, the first its numbers.
        "mailtrain": Provider(
            program="Mailtrain",
            columns=_NAMES
            | {
                "EMAIL": "address",
                "MERGE_FIRST_NAME": "first_name",
                "MERGE_LAST_NAME": "last_name",
                "status": "status",
            },
            active=frozenset({"subscribed", "1"}),
            gone=frozenset({"unsubscribed", "bounced", "complained", "2", "3", "4"}),
            needs=(("status",),),
            right_export="Export the list's subscriptions, which have the column status",
        ),
        # Columns as in a file of April 2026. A cold subscriber has not opened for a while, and still is one.
        "kit": Provider(
            program="Kit",
            columns=_EMAIL
            | _NAMES
            | {
                "status": "status",
                # The word of its API; beside a status it is a field of the owner's, and a part of a country.
                "state": "status",
                "created_at": "joined_at",
                "subscribed_at": "joined_at",
                "tags": "tags",
            },
            active=frozenset({"active", "confirmed", "cold"}),
            gone=frozenset({"cancelled", "canceled", "unsubscribed", "bounced", "complained"}),
            needs=(("status", "state"),),
            right_export="Export the confirmed subscribers alone, and the others alone",
        ),
        # Columns as in files of 2026; the words are those of its API.
        "mailerlite": Provider(
            program="MailerLite",
            columns=_EMAIL
            | _NAMES
            | {
                "Subscriber": "address",
                "Name": "first_name",
                "Status": "status",
                "Type": "status",
                "Unsubscribed": "gone",
                "Unsubscribed at": "gone",
                "Subscribed": "joined_at",
                "Subscribed at": "joined_at",
                "Opted in at": "confirmed_at",
                "Opt-in date": "confirmed_at",
                "Opt-in IP": "confirmed_ip",
                "OPTIN IP": "confirmed_ip",
                "OPTINIP": "confirmed_ip",
                "Signup IP": "opted_in_ip",
                "IP address": "opted_in_ip",
                "Groups": "tags",
            },
            active=frozenset({"active"}),
            gone=frozenset({"unsubscribed", "bounced", "junk"}),
            needs=(("Status", "Type"),),
            right_export="Choose the column Status in the export, or export the active subscribers alone",
        ),
        "aweber": Provider(
            program="AWeber",
            columns=_EMAIL
            | _NAMES
            | {
                "Status": "status",
                "Stop Time": "gone",
                "Stop Status": "gone",
                "Unsubscribed At": "gone",
                "Date Added": "joined_at",
                "Verified At": "confirmed_at",
                "IP Address": "opted_in_ip",
                "Tags": "tags",
            },
            active=frozenset({"subscribed"}),
            gone=frozenset({"unsubscribed", "undeliverable"}),
            needs=(("Stop Time", "Stop Status", "Status"),),
            right_export="Export the list with the columns Stop Time and Stop Status",
        ),
        # Dates as in a file of 2025. The words, and Status or State, are those of its API: no file with them was seen.
        "campaign-monitor": Provider(
            program="Campaign Monitor",
            columns=_EMAIL
            | _NAMES
            | {
                "EmailAddress": "address",
                "Status": "status",
                "State": "status",
                "Date Unsubscribed": "gone",
                "Unsubscribe Date": "gone",
                "Date Joined": "joined_at",
                "Date Active": "joined_at",
                # Of opens and clicks, not of mail.
                "Permission to Track": "ignore",
                "Date Subscribed": "joined_at",
                "Subscribe Date": "joined_at",
                "Date": "joined_at",
            },
            active=frozenset({"active"}),
            gone=frozenset({"unsubscribed", "bounced", "deleted", "suppressed", "marked as spam"}),
            needs=(("Status", "State"),),
            right_export="Export the active subscribers alone, and the others alone",
        ),
        # Columns as in files of 2024 to 2026; the status has the name by which its API is asked for it. Named after
        # attributes, which are made in the account's language.
        "brevo": Provider(
            program="Brevo",
            columns=_EMAIL
            | _NAMES
            | {
                "VORNAME": "first_name",
                "NACHNAME": "last_name",
                "PRENOM": "first_name",
                "NOM": "last_name",
                "NOMBRE": "first_name",
                "APELLIDOS": "last_name",
                "EMAIL_MARKETING": "status",
                "EMAIL_CAMPAIGNS": "status",
                "EMAIL_STATUS": "status",
                "SUBSCRIPTION_STATUS": "status",
                "STATUS": "status",
                "EMAIL_BLACKLISTED": "gone",
                "EMAILBLACKLISTED": "gone",
                "BLACKLISTED": "gone",
                "BLOCKLISTED": "gone",
                # Of text messages.
                "SMS_MARKETING": "ignore",
                "SMS_BLACKLISTED": "ignore",
                "ADDED_TIME": "joined_at",
            },
            ways=("%d-%m-%Y %H:%M:%S", "%d-%m-%Y %H:%M", "%d-%m-%Y"),
            active=frozenset({"subscribed", "active"}),
            gone=frozenset({"unsubscribed", "blocklisted", "blacklisted"}),
            # It has no other word for whoever unsubscribed.
            blocked=SuppressionKind.LEFT,
            needs=(
                (
                    "EMAIL_MARKETING",
                    "EMAIL_CAMPAIGNS",
                    "EMAIL_STATUS",
                    "SUBSCRIPTION_STATUS",
                    "STATUS",
                    "EMAIL_BLACKLISTED",
                    "EMAILBLACKLISTED",
                    "BLACKLISTED",
                    "BLOCKLISTED",
                ),
            ),
            right_export=(
                "Ask for the subscription status of email campaigns when exporting, or export the subscribed contacts alone"
            ),
        ),
        "sendy": Provider(
            program="Sendy",
            columns={
                "Name": "name",
                "Email": "address",
                "Joined": "joined_at",
                "IP address": "opted_in_ip",
                "Status": "status",
            },
            active=frozenset({"active", "subscribed"}),
            gone=frozenset({"unsubscribed", "bounced", "marked as spam"}),
            needs=(("Status",),),
            right_export="Export all subscribers of the list, which have the column Status since version 4",
        ),
    }
)

#: The words of lists that name no program, in the languages in which such lists are kept.
ACTIVE_WORDS = frozenset(
    unaccented(each)
    for each in {
        *("", "active", "subscribed", "confirmed"),
        *("aktiv", "abonniert", "angemeldet", "bestätigt"),
        *(
            "actif",
            "inscrit",
            "abonné",
            "activo",
            "suscrito",
            "confirmado",
            "attivo",
            "iscritto",
            "confermato",
        ),
        *("actief", "ingeschreven", "aangemeld", "ativo", "inscrito"),
    }
)
GONE_WORDS = frozenset(
    unaccented(each)
    for each in {
        *(
            "abgemeldet",
            "abbestellt",
            "ausgetragen",
            "ausgetreten",
            "gekündigt",
            "gesperrt",
            "widerrufen",
            "unzustellbar",
        ),
        *(
            "désinscrit",
            "désabonné",
            "baja",
            "dado de baja",
            "desuscrito",
            "cancelado",
            "disiscritto",
            "annullato",
        ),
        *("afgemeld", "uitgeschreven", "descadastrado"),
        "unsubscribed",
        "left",
        "opted out",
        "opted-out",
        "bounced",
        "cleaned",
        "undeliverable",
        "unreachable",
        "complained",
        "spam",
        "marked as spam",
        "blocked",
        "blocklisted",
        "blacklisted",
        "suppressed",
        "cancelled",
        "canceled",
        "removed",
        "erased",
    }
)


# Moments as other programs write them.

#: Go's way: "2024-01-01 10:00:00 +0000 UTC".
_WITH_ZONE_NAME = re.compile(
    r"(?P<moment>\d{4}-\d\d-\d\d[ T][\d:.]+)(?: (?P<offset>[+-]\d{4}))? (?:[A-Z]{3,5}|[+-]\d{4})"
)
_WAYS = (
    "%Y/%m/%d, %I:%M%p",
    "%Y/%m/%d %H:%M:%S",
    "%m/%d/%y %I:%M%p",
    "%b %d, %Y",
    "%B %d, %Y",
    "%d %b %Y",
    "%d %B %Y",
)
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


def read_moment(text: str, now: datetime, provider: Provider | None = None) -> datetime | None:
    """Return the moment, in UTC where it names no zone; None for what cannot be understood or cannot be.

    A `provider` may write days in a way of its own.
    """
    try:
        moment = _read_moment(text, provider.ways if provider else ())
        # Beyond the first and the last year there is no other zone's time.
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return moment if _EARLIEST <= moment <= now + timedelta(days=1) else None


#: Characters of the longest moment that anybody writes.
_LONGEST = 60


def _read_moment(text: str, ways: tuple[str, ...] = ()) -> datetime:
    if len(text) > _LONGEST:
        raise ValueError("no moment is that long")
    if text.isascii() and text.isdigit() and len(text) in (10, 13):
        return datetime.fromtimestamp(int(text) / (1 if len(text) == 10 else 1000), UTC)
    if match := _WITH_ZONE_NAME.fullmatch(text):
        text = match["moment"] + (match["offset"] or "")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    for way in (*ways, *_WAYS):
        try:
            return datetime.strptime(text, way).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise ValueError(text)


#: Days in whatever order, as 31/12/24: not read as evidence, and yet a day.
_SOME_DAY = re.compile(
    r"(?P<a>\d{1,4})[-/. ]+(?P<b>\d{1,2})[-/. ]+(?P<c>\d{1,4})(?:$|[ T,].*)", re.IGNORECASE
)


def is_moment(text: str) -> bool:
    """Return whether the text is some day, or a moment of one; 0000-00-00 is none."""
    if match := _SOME_DAY.fullmatch(text):
        return all(map(int, match.groups()))
    try:
        return _read_moment(text).year >= _EARLIEST.year
    except (ValueError, OverflowError):
        return False
