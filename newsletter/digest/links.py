"""Links of an issue: only to http(s) addresses, and labelled where they pay."""

from urllib.parse import urljoin, urlsplit

from newsletter.config import Settings
from newsletter.digest.content import Footer, IssueContent, Link, links_in
from newsletter.digest.wording import plain
from newsletter.language import Language


def link_to(label: str, url: str, settings: Settings) -> Link | None:
    """Return a link to `url`, read as an address on the site if it is a path; None where it leads nowhere safe."""
    target = safe_url(url, settings)
    if not target:
        return None
    return Link(label=plain(label), url=target, affiliate=is_affiliate(target, settings))


def link_or_words(label: str, url: str, settings: Settings) -> Link:
    """Return a link to `url`; with an empty address, so that only its words are printed, where that leads nowhere safe."""
    return link_to(label, url, settings) or Link(label=plain(label), url="")


def site_link(label: str, settings: Settings) -> Link:
    """Return a link to the site, or to the archive where no site is named."""
    target = settings.site.url or archive_url(settings)
    return Link(label=plain(label), url=target, affiliate=is_affiliate(target, settings))


def safe_url(url: str, settings: Settings) -> str:
    """Return the address if it is an http(s) one without blanks or control characters, else empty."""
    url = url.strip()
    if url.startswith("/") and settings.site.url:
        url = urljoin(settings.site.url, url)
    if any(each.isspace() or not each.isprintable() for each in url):
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.hostname else ""


def is_affiliate(url: str, settings: Settings) -> bool:
    """Return whether a link pays: its host, or the domain it is under, is one of `site.affiliate_hosts`."""
    host = (urlsplit(url).hostname or "").casefold()
    paying = (each.casefold().lstrip(".") for each in settings.site.affiliate_hosts)
    return any(host == each or host.endswith(f".{each}") for each in paying)


def archive_url(settings: Settings) -> str:
    return f"{settings.site.public_url.rstrip('/')}/archive"


# What every issue says at its end: who it is from, and which of its links pay.


def footer_of(settings: Settings) -> Footer:
    """Return the footer without `affiliate_notice`, which only a finished issue can say."""
    site = urlsplit(settings.site.url).hostname or ""
    _, name = settings.language.gettext, settings.site.name
    why = (
        _("You get %(name)s because you asked for it at %(site)s.", name=name, site=site)
        if site
        else _("You get %(name)s because you asked for it.", name=name)
    )
    return Footer(
        why=why,
        postal_address=settings.site.postal_address,
        controller=settings.site.controller,
        privacy_url=settings.site.privacy_url,
        archive_url=archive_url(settings),
        subscribe_url=f"{settings.site.public_url.rstrip('/')}/subscribe",
        reply_to=settings.mail.reply_to,
        affiliate_notice="",
    )


def affiliate_notice(letter: IssueContent, language: Language) -> str:
    """Return what labelled links mean; empty where no link is labelled."""
    paying = any(each.affiliate for each in links_in(letter))
    return language.gettext("Links marked “ad” earn us money.") if paying else ""
