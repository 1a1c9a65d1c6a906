"""What every issue says at its end: who it is from, and which of its links pay."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from newsletter.config import Settings
from newsletter.digest.letter import Footer, Letter, Link
from newsletter.digest.links import archive_url


def footer_of(settings: Settings) -> Footer:
    """The footer of a letter that is not finished: `affiliate_notice` is for the whole of it to say."""
    site = urlsplit(settings.site_url).hostname or ""
    return Footer(
        why=f"You get {settings.name} because you asked for it{f' at {site}' if site else ''}.",
        postal_address=settings.postal_address,
        controller=settings.controller,
        privacy_url=settings.privacy_url,
        archive_url=archive_url(settings),
        subscribe_url=f"{settings.public_url.rstrip('/')}/subscribe",
        reply_to=settings.reply_to,
        affiliate_notice="",
    )


def affiliate_notice(letter: Letter) -> str:
    """What labelled links mean; empty where no link is labelled."""
    paying = any(each.affiliate for each in _links(letter) if each is not None)
    return "Links marked “ad” earn us money." if paying else ""


def _links(letter: Letter) -> Iterator[Link | None]:
    yield from (each.link for each in letter.more)
    yield from (each.link for each in letter.cards)
    yield from letter.rest
    yield from (each.link for each in (letter.lead, letter.answer) if each is not None)
    yield from (each.link for each in letter.weeks)
    yield from (each.link for each in letter.lines)
