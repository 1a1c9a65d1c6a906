"""What is about the installation as a whole: the newsletter, its pages, its files."""

from dataclasses import dataclass
from pathlib import Path

from newsletter.config.row import setting


@dataclass(frozen=True, kw_only=True)
class Site:
    """The newsletter and who answers for it."""

    name: str = setting("site.name", "Weekly Verdicts", help="The newsletter's name.")
    public_url: str = setting(
        "site.public_url",
        "",
        help="Where readers reach these pages; https, except with the outbox.",
        needed=True,
        example="http://localhost:8000",
    )
    site_url: str = setting("site.url", "", help="The comparison site that the issue links to.")
    language: str = setting("site.language", "en", help="Language of the mail, as in HTML's lang.")
    postal_address: str = setting(
        "site.postal_address",
        "",
        help="The postal address the law wants in every mail.",
        needed=True,
        example="Weekly Verdicts, 1 Example Street, 12345 Exampletown",
    )
    controller: str = setting(
        "site.controller",
        "",
        help="Who answers for readers' data: a person or company.",
        needed=True,
        example="Weekly Verdicts Ltd",
    )
    privacy_url: str = setting(
        "site.privacy_url",
        "",
        help="The page that says what happens to readers' data.",
        needed=True,
        example="https://example.org/privacy",
    )
    affiliate_hosts: tuple[str, ...] = setting(
        "site.affiliate_hosts", (), help="Hosts whose links pay; they are labelled in every issue."
    )


@dataclass(frozen=True, kw_only=True)
class Web:
    """The pages."""

    web_host: str = setting(
        "web.host", "127.0.0.1", help="The address of this machine that pages are served on."
    )
    web_port: int = setting("web.port", 8000, help="Their port; 0: serve runs without pages.")
    web_trusted_proxies: tuple[str, ...] = setting(
        "web.trusted_proxies",
        ("127.0.0.1", "::1"),
        help="Addresses or networks of the proxies whose word on a visitor's address is taken.",
    )


@dataclass(frozen=True, kw_only=True)
class Paths:
    """Where files stand; relative paths start at the folder of newsletter.toml."""

    content_db: Path = setting("paths.content_db", Path("content.db"), help="The content store.")
    database_url: str = setting(
        "paths.database_url",
        "",
        help="SQLAlchemy URL of the subscribers' store; empty: subscribers.db in this folder.",
        secret=False,
    )
    templates: Path | None = setting(
        "paths.templates", None, help="Your own templates, looked up before ours."
    )
    outbox: Path = setting("paths.outbox", Path("outbox"), help="The Maildir of the outbox transport.")
    journal: Path = setting("paths.journal", Path("journal"), help="The folder of the sender's journals.")
    link_keys: Path = setting(
        "paths.link_keys", Path("keys/links"), help="Keys that sign links, newest last."
    )
    suppression_key: Path = setting(
        "paths.suppression_key",
        Path("keys/suppression"),
        help="The key of the suppression list; never rotated.",
    )
    site_db: Path | None = setting("paths.site_db", None, help="The site's own SQLite, for content sync.")
    site_views: Path | None = setting(
        "paths.site_views", None, help="The SQL file that maps the site's tables for content sync."
    )
