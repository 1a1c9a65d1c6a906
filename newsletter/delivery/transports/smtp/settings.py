"""The section [smtp]."""

from dataclasses import dataclass

from newsletter.config import Section, Tls, is_this_machine, setting
from newsletter.config.rows import AT_LEAST_ONE, OWN_ADDRESS, PORT


@dataclass(frozen=True, kw_only=True)
class SmtpSettings(Section):
    """The relay."""

    host: str = setting("", help="The SMTP relay.")
    port: int = setting(587, form=PORT, help="Its port.")
    tls: Tls = setting(Tls.STARTTLS, help="none (loopback only), starttls or tls.")
    user: str = setting("", help="User name; empty for no AUTH.")
    password: str = setting("", help="Password.", secret=True)
    connections: int = setting(4, form=AT_LEAST_ONE, help="Connections kept open at once.")
    messages_per_connection: int = setting(
        1_000, help="Messages after which a connection is closed and opened anew."
    )
    return_path: str = setting(
        "", form=OWN_ADDRESS, help="Address that gets bounces; empty: mail.from_address."
    )

    def fault(self) -> tuple[str, str] | None:
        if self.tls is Tls.NONE and not is_this_machine(self.host):
            return "tls", "may be none only for a relay on this machine; use starttls or tls"
        return None
