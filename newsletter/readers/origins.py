"""How other programs write their lists of readers: which column means what, and which words mean "may be written to".

Read from exports of late 2026 and earlier; a column that an export lacks is not missed. What a row means is in
importing.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFormat:
    """A program's export. `columns` are column → field; `active` are the words of its status column, in lower case."""

    program: str
    columns: Mapping[str, str]
    active: frozenset[str]


#: By the name that `readers import --from` takes.
FORMATS: Mapping[str, ExportFormat] = MappingProxyType(
    {
        # Three files: subscribed, unsubscribed and cleaned; who left or bounced has the time of it.
        "mailchimp": ExportFormat(
            program="Mailchimp",
            columns={
                "Email Address": "address",
                "First Name": "name",
                "UNSUB_TIME": "status",
                "CLEAN_TIME": "status",
            },
            active=frozenset({""}),
        ),
        "substack": ExportFormat(
            program="Substack",
            columns={"email": "address", "name": "name", "email_disabled": "status"},
            active=frozenset({"", "false"}),
        ),
        "beehiiv": ExportFormat(
            program="beehiiv",
            columns={"email": "address", "status": "status"},
            active=frozenset({"active"}),
        ),
        # Whoever pays or gets it as a gift reads it too.
        "buttondown": ExportFormat(
            program="Buttondown",
            columns={
                "email_address": "address",
                "email": "address",
                "type": "status",
                "subscriber_type": "status",
            },
            active=frozenset({"", "regular", "premium", "gifted", "trialed", "churning", "past_due"}),
        ),
        "ghost": ExportFormat(
            program="Ghost",
            columns={"email": "address", "name": "name", "subscribed_to_emails": "status"},
            active=frozenset({"true"}),
        ),
        "listmonk": ExportFormat(
            program="listmonk",
            columns={"email": "address", "name": "name", "status": "status"},
            active=frozenset({"enabled"}),
        ),
    }
)
