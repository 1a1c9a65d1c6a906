"""The section [sendgrid]."""

from dataclasses import dataclass
from datetime import timedelta

from newsletter.config import Section, setting
from newsletter.config.rows import URL, whole


@dataclass(frozen=True, kw_only=True)
class SendGridSettings(Section):
    """The provider."""

    api_key: str = setting("", help="The API key.", secret=True)
    url: str = setting(
        "https://api.sendgrid.com",
        form=URL,
        help="The API's address (EU: https://api.eu.sendgrid.com).",
    )
    connections: int = setting(2, form=whole(1, 100), help="Requests under way at once.")
    webhook_key: tuple[str, ...] = setting(
        (), help="The verification key of the signed event webhook; two of them while you change it."
    )
    webhook_max_age: timedelta = setting(
        timedelta(days=2),
        help="How old a post to the webhook may be; SendGrid tries for a day. Less than retention.events.",
    )
    sandbox: bool = setting(
        False,
        help="Let SendGrid check mails and deliver none: `newsletter send` is a dry run, and the issue stays approved.",
    )
