"""Mail addresses: what is one, how it is written to, and when two are the same; and what people write beside them.

Nothing asks the DNS. Whether mail may go to an address is a question for store.py and suppression.py.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from email_validator import EmailNotValidError, validate_email

from newsletter.errors import N_, BadInput

#: Local parts that email-validator returns as they are, so that only their domain needs checking.
_PLAIN_LOCAL_PART = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")
_MOST_OCTETS = 254


@dataclass(frozen=True, slots=True)
class Address:
    """A valid address. `text` is written to (domain in A-labels); `key` is the same for two that are the same."""

    text: str
    key: str


#: What stands unseen at the ends of a copied text: spaces of every width, zero-width marks, directions of writing.
_UNSEEN = (
    " \t\r\n\x0b\x0c\x85\xa0\xad\u034f\u061c\u115f\u1160\u1680\u180e"
    + "".join(map(chr, (*range(0x2000, 0x2010), *range(0x2028, 0x2030), *range(0x205F, 0x2070))))
    + "\u3000\u3164\ufe0f\ufeff\uffa0"
)
_NOTHING_AROUND = re.compile(r"[A-Za-z0-9_+-][A-Za-z0-9._+-]*@[A-Za-z0-9.-]*[A-Za-z0-9]")
_MAILBOX = re.compile(r"(?P<name>[^<>@]*)<(?P<address>[^<>]*)>")
_MAILTO = re.compile(r"mailto:/{0,2}(?P<address>[^?]*)", re.IGNORECASE)


def unaccented(text: str) -> str:
    """Return the text in lower case and without accents, however they are written: "DÉSABONNÉ" and "desabonne" are one word."""
    if text.isascii():
        return text.casefold()
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in parts if not unicodedata.combining(each))


def strip_unseen(text: str) -> str:
    """Return the text without what nobody sees at its ends."""
    return text.strip(_UNSEEN)


def split_mailbox(text: str) -> tuple[str, str]:
    """Return the name, if there is one, and the address of what people and address books write for a mailbox.

    Taken off are mailto:, angle brackets, quotes around it all, and a dot, comma or semicolon after it.
    """
    name, text = "", text.strip(_UNSEEN)
    if _NOTHING_AROUND.fullmatch(text):
        return name, text
    while text:
        before, end = text, text[-1]
        if end in ";,.":
            text = text[:-1]
        elif end in "'\"" and text[0] == end:
            text = text[1:-1]
        elif end == ">" and (mailbox := _MAILBOX.fullmatch(text)):
            name, text = name or mailbox["name"].strip(_UNSEEN + "'\""), mailbox["address"]
        elif text[:7].lower() == "mailto:" and (mailto := _MAILTO.match(text)):
            text = unquote(mailto["address"])
        text = text.strip(_UNSEEN)
        if text == before:
            break
    return name, text


def parse_address(text: str) -> Address:
    """Return the address that `text` holds, without what `split_mailbox` takes off; raises BadInput with the reason."""
    _, text = split_mailbox(text)
    if not text:
        raise BadInput(N_("there is no mail address"))
    try:
        local_part, domain = _parts(text)
    except EmailNotValidError as error:
        shown = text if len(text) <= 60 else f"{text[:57]}..."
        message = N_("%(text)s is no mail address. %(reason)s")
        raise BadInput(message, text=repr(shown), reason=_reason_of(error)) from error
    # Not casefolded: that makes ß into ss, and strasse@ may be somebody else than straße@.
    lower = unicodedata.normalize("NFC", local_part.lower())
    return Address(f"{local_part}@{domain}", f"{lower}@{domain.lower()}")


# One mailbox has many spellings. Which of them are the same address is decided by `Address.key`, and errs on the side of
# two people; what limits and the suppression list go by errs on the side of one.

#: Providers that take several spellings for one mailbox: of a domain, the one that stands for all of that provider's, and
#: what the provider does not look at in a local part.
_ONE_MAILBOX: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("gmail.com", "googlemail.com"), ("gmail.com", ".")),
    **dict.fromkeys(("proton.me", "protonmail.com", "protonmail.ch", "pm.me"), ("proton.me", ".-_")),
    **dict.fromkeys(
        ("yandex.ru", "yandex.com", "yandex.by", "yandex.kz", "yandex.ua", "ya.ru"), ("yandex.ru", ".-")
    ),
    **dict.fromkeys(("icloud.com", "me.com", "mac.com"), ("icloud.com", "")),
}


def mailbox_of(address: Address) -> str:
    """Return what all spellings that may lead to the address's mailbox share: tags, dots, wide letters, ß or ss."""
    local_part, _, domain = fold(unicodedata.normalize("NFKC", address.key)).rpartition("@")
    domain, ignored = _ONE_MAILBOX.get(domain, (domain, ""))
    base = local_part.partition("+")[0].translate({ord(each): None for each in ignored})
    return f"{base or local_part}@{domain}"


def fold(key: str) -> str:
    """Return an address's key without the difference between letters that stand for one another, such as ß and ss."""
    return key if key.isascii() else unicodedata.normalize("NFC", key.casefold())


def _parts(text: str) -> tuple[str, str]:
    local_part, _, domain = text.partition("@")
    if domain and len(text) < 100 and len(local_part) <= 64 and _PLAIN_LOCAL_PART.fullmatch(local_part):
        # A list of readers has few domains: the library's check of each is kept.
        return local_part, _ascii_domain(domain)
    checked = validate_email(text, check_deliverability=False, strict=True)
    if len(f"{checked.local_part}@{checked.ascii_domain}".encode()) > _MOST_OCTETS:
        raise EmailNotValidError("The email address is too long.")
    return checked.local_part, checked.ascii_domain


@lru_cache(maxsize=10_000)
def _ascii_domain(domain: str) -> str:
    return validate_email(f"a@{domain}", check_deliverability=False).ascii_domain


#: What email-validator finds most often, for the catalogue; the rest stays in its English.
_REASONS = (
    N_("An email address must have an @-sign."),
    N_("There must be something before the @-sign."),
    N_("There must be something after the @-sign."),
    N_("An email address cannot have two periods in a row."),
    N_("An email address cannot start with a period."),
    N_("An email address cannot have a period immediately before the @-sign."),
    N_("An email address cannot have a period immediately after the @-sign."),
    N_("An email address cannot end with a period."),
    N_("The email address contains invalid characters before the @-sign: %(characters)s."),
    N_("The part after the @-sign contains invalid characters: %(characters)s."),
    N_("The part after the @-sign is not valid. It should have a period."),
    N_("The part after the @-sign is not valid. It is not within a valid top-level domain."),
    N_("The part after the @-sign is a special-use or reserved name that cannot be used with email."),
    N_("The email address is too long."),
    N_("A display name and angle brackets around the email address are not permitted here."),
)


def _reason_of(error: EmailNotValidError) -> BadInput:
    """The library's sentence as a message, which leaves out the characters that it names."""
    sentence, named, characters = str(error).removesuffix(".").replace("%", "%%").partition(": ")
    if not named:
        return BadInput(str(error))
    return BadInput(f"{sentence}: %(characters)s.", characters=characters.replace("%%", "%"))


# What people write about readers (names, topics, sources of consent), as single lines that fit their columns.

#: Longest name, topic, source of consent and reason of a suppression, in characters.
NAME, TOPIC, SOURCE, REASON = 200, 100, 350, 100

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def one_line(text: str, what: str, most: int) -> str:
    """Return the text, spaces around it aside; raises BadInput for control characters, line breaks and excess."""
    text = text.strip()
    if _CONTROL.search(text):
        raise BadInput(f"{what} holds a line break or a control character: {text[:60]!r}")
    if len(text) > most:
        raise BadInput(f"{what} is longer than {most} characters")
    return text


def without_address(text: str, what: str, most: int) -> str:
    """Return one line that is kept when a reader is erased, and so must not hold an address; raises BadInput."""
    if "@" in text:
        raise BadInput(f"{what} holds an address; it is kept even when a reader is erased")
    line = one_line(text, what, most)
    if not line:
        raise BadInput(f"{what} is empty")
    return line
