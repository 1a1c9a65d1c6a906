"""Links of an issue: only to http(s) addresses, and labelled where they pay."""

from urllib.parse import urljoin, urlsplit

from newsletter.config import Settings
from newsletter.digest.letter import Link
from newsletter.digest.sentences import plain


def link_to(label: str, url: str, settings: Settings) -> Link | None:
    """A link to `url`, read as an address on the site if it is a path; None where it leads nowhere safe."""
    target = safe_url(url, settings)
    if not target:
        return None
    return Link(label=plain(label), url=target, affiliate=is_affiliate(target, settings))


def link_or_words(label: str, url: str, settings: Settings) -> Link:
    """A link to `url`; with an empty address, so that only its words are printed, where that leads nowhere safe."""
    return link_to(label, url, settings) or Link(label=plain(label), url="")


def site_link(label: str, settings: Settings) -> Link:
    """A link to the site, or to the archive where no site is named."""
    target = settings.site_url or archive_url(settings)
    return Link(label=plain(label), url=target, affiliate=is_affiliate(target, settings))


def safe_url(url: str, settings: Settings) -> str:
    """The address if it is an http(s) one without blanks or control characters, else empty."""
    url = url.strip()
    if url.startswith("/") and settings.site_url:
        url = urljoin(settings.site_url, url)
    if any(each.isspace() or not each.isprintable() for each in url):
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.hostname else ""


def is_affiliate(url: str, settings: Settings) -> bool:
    """Whether a link pays: its host, or the domain it is under, is one of `site.affiliate_hosts`."""
    host = (urlsplit(url).hostname or "").casefold()
    paying = (each.casefold().lstrip(".") for each in settings.affiliate_hosts)
    return any(host == each or host.endswith(f".{each}") for each in paying)


def archive_url(settings: Settings) -> str:
    return f"{settings.public_url.rstrip('/')}/archive"
