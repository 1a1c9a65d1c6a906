"""The section [smtp]."""

from dataclasses import dataclass
from enum import StrEnum

from newsletter.config import Section, Tls, is_this_machine, setting
from newsletter.config.rows import DNS_NAME, OWN_ADDRESS, PORT, whole


class Pipelining(StrEnum):
    """How far commands go ahead of the relay's answers, where it offers PIPELINING (RFC 2920)."""

    #: As far as it was seen to take it.
    AUTO = "auto"
    #: The next message's envelope behind this one's end.
    FULL = "full"
    #: An envelope at once, nothing behind a message's end.
    MESSAGE = "message"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class SmtpSettings(Section):
    """The relay."""

    host: str = setting("", help="The SMTP relay.")
    port: int = setting(587, form=PORT, help="Its port.")
    tls: Tls = setting(Tls.STARTTLS, help="none (loopback only), starttls or tls.")
    user: str = setting("", help="User name; empty for no AUTH.")
    password: str = setting("", help="Password.", secret=True)
    greet_as: str = setting(
        "",
        form=DNS_NAME,
        help="The name to greet the relay with (EHLO); empty: this machine's full name, where it has none From's domain.",
    )
    connections: int = setting(4, form=whole(1, 100), help="Connections kept open at once.")
    messages_per_connection: int = setting(
        1_000, form=whole(1, 100_000), help="Messages after which a connection is closed and opened anew."
    )
    pipelining: Pipelining = setting(
        Pipelining.AUTO,
        help="How far commands go ahead of the relay's answers: auto finds out what it takes and remembers it; full, message "
        "(nothing behind the end of a message) or none.",
    )
    return_path: str = setting(
        "", form=OWN_ADDRESS, help="Address that gets bounces; empty: mail.from_address."
    )

    def fault(self) -> tuple[str, str] | None:
        if self.tls is Tls.NONE and not is_this_machine(self.host):
            return "tls", "may be none only for a relay on this machine; use starttls or tls"
        return None
