"""What a setting is: a row of its section's class, with its type, default, help and what its value must look like.

The sections are in settings.py; what somebody wrote becomes a value in values.py.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import date
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@dataclass(frozen=True, slots=True)
class Form:
    """What a value must look like beyond its type; of a list, each part of it. An empty text need not fit."""

    fits: Callable[[Any], bool]
    #: How it is asked for: "a time such as 09:00".
    wanted: str
    #: Whether a value that does not fit may be repeated; one that may hold a secret may not.
    may_be_shown: bool = True


def setting(
    default: Any = MISSING,
    *,
    help: str,
    form: Form | None = None,
    needed: bool = False,
    secret: bool = False,
    example: str = "",
    never_empty: bool = False,
    multiline: bool = False,
    choices: tuple[str, ...] = (),
    names_transport: bool = False,
) -> Any:
    """Declare a setting: a field of its section's class, named as in newsletter.toml.

    `needed`: nothing is sent before it is set. `secret`: it comes from the environment or a file of its own, never from
    newsletter.toml. `never_empty` and `multiline` are about texts. `choices` are what a text may be; with
    `names_transport` the name of any transport, too, and the help says `{transports}` for them.
    """
    metadata = {
        "help": help,
        "form": form,
        "needed": needed,
        "secret": secret,
        "example": example,
        "never_empty": never_empty,
        "multiline": multiline,
        "choices": choices,
        "names_transport": names_transport,
    }
    return field(default=default, metadata=metadata)


class Section:
    """A section of newsletter.toml: a frozen dataclass of settings, all of which have defaults."""

    def fault(self) -> tuple[str, str] | None:
        """Return the setting that does not agree with the others and what is wrong with it; None: nothing."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A setting as the table of settings has it."""

    section: str
    section_class: type[Section]
    key: str
    type: Any
    default: Any
    help: str
    form: Form | None
    needed: bool
    secret: bool
    example: str
    never_empty: bool
    multiline: bool
    #: What a text may be; empty: anything.
    choices: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its full name: "mail.reply_to"."""
        return f"{self.section}.{self.key}"

    @property
    def variable(self) -> str:
        """The environment variable that overrides it: "NEWSLETTER_MAIL_REPLY_TO"."""
        return env_name(self.name)


def env_name(name: str) -> str:
    """Return the environment variable of a setting or section: "mail.reply_to" → "NEWSLETTER_MAIL_REPLY_TO"."""
    return "NEWSLETTER_" + name.replace(".", "_").upper()


#: The names of transports, each with the class of its section, if it has one.
Transports = Mapping[str, type[Section] | None]


def rows_of(sections: Mapping[str, type[Section]], transports: Iterable[str]) -> Iterator[Row]:
    """Yield the rows of sections, in the order of their declaration. `transports` are the names of all there are."""
    *most, last = transports
    words = f"{', '.join(most)} or {last}"
    for name, section in sections.items():
        for each in fields(section):  # type: ignore[arg-type]  # each section is a dataclass
            about = dict(each.metadata)
            if about.pop("names_transport"):
                about["choices"] = (*about["choices"], *most, last)
                about["help"] = about["help"].format(transports=words)
            yield Row(
                section=name,
                section_class=section,
                key=each.name,
                type=each.type,
                default=each.default,
                **about,
            )


# What values must look like.

#: A limit of sending: to one domain or in all, so many, in how long.
SEND_LIMIT = re.compile(
    r"(?:(?P<domain>[a-z0-9.-]+\.[a-z0-9-]+)\s+)?(?P<count>[1-9][0-9]{0,17})\s*/\s*(?P<period>second|minute|hour|day)"
)
_DNS_NAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*")
_OWN_ADDRESS = re.compile(r'[^\s<>()\[\],;:\\"@]+@[^\s<>()\[\],;:\\"@]+')
_LOOPBACK = re.compile(r"127(\.[0-9]{1,3}){3}")
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):[0-5][0-9]")


#: Letters of an address on the web: with a reader's token, and an address to leave by mail, it stands in one line of a header, which
#: has 998 at most (RFC 5322, 2.1.1).
_LONGEST_URL = 400

#: Octets of a mail address and of what stands before its @ (RFC 5321, 4.5.3.1).
LONGEST_ADDRESS, LONGEST_LOCAL_PART = 254, 64


def is_this_machine(host: str) -> bool:
    """Return whether a host is this machine, so that nothing said to it passes a network; an empty one is."""
    return host in ("", "localhost", "::1") or bool(_LOOPBACK.fullmatch(host))


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    is_whole = parts.scheme in ("http", "https") and bool(parts.netloc) and len(text.split()) == 1
    return is_whole and len(text) <= _LONGEST_URL


def _is_short(address: str) -> bool:
    local = address.rpartition("@")[0]
    return len(address.encode()) <= LONGEST_ADDRESS and len(local.encode()) <= LONGEST_LOCAL_PART


def _is_database(text: str) -> bool:
    """Accept any URL: whether there is a database shows when it is opened."""
    kind, separator, _ = text.partition("://")
    return bool(separator) and kind.partition("+")[0] in ("sqlite", "postgresql")


def _parses(
    parse: Callable[[str], object], errors: tuple[type[Exception], ...] = (ValueError,)
) -> Callable[[str], bool]:
    def fits(text: str) -> bool:
        try:
            parse(text)
        except errors:
            return False
        return True

    return fits


URL = Form(_is_url, "an address such as https://news.example.org")
SECRET_URL = Form(_is_url, "an address such as https://example.org/hook", may_be_shown=False)
DATABASE = Form(
    _is_database,
    "a database such as postgresql+psycopg://user@host/newsletter or sqlite:////folder/subscribers.db",
    may_be_shown=False,
)
ADDRESS = Form(
    lambda text: text.count("@") == 1 and text.strip("@") == text and " " not in text and _is_short(text),
    "an address such as news@example.org",
)
#: Of ASCII: one that is not would need SMTPUTF8 of every server on the way, to every reader (RFC 6531).
OWN_ADDRESS = Form(
    lambda text: bool(_OWN_ADDRESS.fullmatch(text)) and text.isascii() and _is_short(text),
    "an address such as news@example.org, in ASCII (a domain beyond that in its form with xn--)",
)
ONE_WORD = Form(lambda text: len(text.split()) == 1, "a name without blanks")
DNS_NAME = Form(lambda text: bool(_DNS_NAME.fullmatch(text)), "a name of letters, digits, hyphens and dots")
TIME = Form(lambda text: bool(_TIME.fullmatch(text)), "a time such as 09:00")
TIME_ZONE = Form(
    _parses(ZoneInfo, (ZoneInfoNotFoundError, ValueError, OSError)), "an IANA zone such as Europe/Berlin"
)
DAY = Form(_parses(date.fromisoformat), "a day such as 2026-11-26")
NETWORK = Form(_parses(ip_network), 'an address or a network such as "10.0.0.0/8"')
LIMIT = Form(
    lambda text: bool(SEND_LIMIT.fullmatch(text.strip().lower())),
    'a limit such as "500/hour" or "gmail.com 100/minute"',
)


def whole(least: int, most: int, what: str = "a whole number") -> Form:
    """Return the form of a number: each has an end, beyond which there is nothing but a slip."""
    return Form(lambda number: bool(least <= number <= most), f"{what} from {least:,} to {most:,}")


PORT = Form(lambda number: bool(number <= 65535), "a port from 0 to 65535")
DAY_OF_MONTH = whole(1, 31, "a day of the month")
