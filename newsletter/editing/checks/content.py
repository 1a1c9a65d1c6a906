"""Checks on what the issue says: what it lacks or has too much of. The mail made of it is checked in mail.py, its figures in figures.py."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from newsletter.commands import suggest
from newsletter.config import Settings
from newsletter.digest.content import Brief, IssueContent, Lead, Link, links_in
from newsletter.digest.subject import SUBJECT_CHARS
from newsletter.digest.wording import count_words
from newsletter.digest.writing import lead_words
from newsletter.editing.checks.findings import Finding, error, warning
from newsletter.editing.edits import NOTE_WORDS
from newsletter.language import ENGLISH

#: With who makes each tool and what it is, up to forty words that no lead had before; it has fewer rows for them.
LEAD_WORDS = 260


def check_content(letter: IssueContent, settings: Settings, issue_id: int) -> Iterator[Finding]:
    """Run every check on what the issue says."""
    for check in CHECKS:
        yield from check(letter, settings, issue_id)


def _empty(letter: IssueContent, settings: Settings, issue_id: int) -> Iterator[Finding]:
    if letter.lead is None and not (letter.more or letter.cards or letter.weeks or letter.lines):
        yield error(
            "empty",
            "The issue is empty",
            where="items",
            why="Nobody wants a mail about nothing.",
            how="Cancel it, or merge newer items.",
            link="#items",
            firm=True,
        )


def _no_subject(letter: IssueContent, settings: Settings, issue_id: int) -> Iterator[Finding]:
    for name, value in (("subject", letter.subject), ("preheader", letter.preheader)):
        if not value:
            yield error(
                f"no-{name}",
                f"There is no {name}",
                where=name,
                why="It is what a reader sees first.",
                how=f"Write one: {suggest('edit', issue_id, f'--{name}', 'TEXT')}",
                link=f"#{name}",
            )


def _long_subject(letter: IssueContent, settings: Settings, issue_id: int) -> Iterator[Finding]:
    if len(letter.subject) > SUBJECT_CHARS:
        yield warning(
            "long-subject",
            f"The subject has {len(letter.subject)} characters",
            where="subject",
            why=f"Phones show about {SUBJECT_CHARS}.",
            how="Shorten it.",
            link="#subject",
        )


def _long_texts(letter: IssueContent, settings: Settings, issue_id: int) -> Iterator[Finding]:
    yield from too_long("The lead", "lead", lead_words(letter.lead) if letter.lead else 0, LEAD_WORDS)
    yield from too_long("The note", "note", count_words(letter.note), NOTE_WORDS)


def too_long(what: str, where: str, words: int, most: int, link: str = "") -> Iterator[Finding]:
    """Warn of a text of more than `most` words."""
    if words > most:
        yield warning(
            f"long-{where.replace(' ', '-')}",
            f"{what} has {words} words",
            where=where,
            why=f"Readers stop; {most} are enough.",
            how="Leave something out.",
            link=link or f"#{where}",
        )


def _no_address(letter: IssueContent, settings: Settings, issue_id: int) -> Iterator[Finding]:
    compared: list[Lead | Brief] = [letter.lead] if letter.lead is not None else []
    for each in (*compared, *letter.more):
        if not each.link.url:
            yield warning(
                f"no-address:{each.comparison_id}",
                f"No address is known for {each.headline}",
                where="links",
                why="Readers cannot go on to the whole comparison.",
                how="Give the comparison its url in a pack, and import that.",
                link="#items",
            )


def _bad_links(letter: IssueContent, settings: Settings, issue_id: int) -> Iterator[Finding]:
    for link in all_links(letter):
        if link.url and not is_web_address(link.url):
            yield error(
                f"bad-link:{link.url[:200]}",
                f"This is no web address: {link.url[:120]}",
                where="links",
                why="Nobody can open it.",
                how="Correct it in its pack, and import that.",
                link="#items",
            )


def all_links(letter: IssueContent) -> Iterator[Link]:
    """Yield every link that the issue prints, but for those to our own archive's pages."""
    ours = f"{letter.footer.archive_url}/"
    yield from (each for each in links_in(letter) if not each.url.startswith(ours))
    yield from (Link(label=each.name, url=each.url) for each in letter.sources.origins)


def is_web_address(url: str) -> bool:
    """Return whether a mail program can open it: http(s), a host with a name or address, a port that is one, no blanks."""
    if any(each.isspace() or not each.isprintable() for each in url):
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    labels = host.removesuffix(".").split(".")
    named = all(label and len(label) <= 63 for label in labels)
    return parts.scheme in ("http", "https") and named and "@" not in parts.netloc


def _future_dates(letter: IssueContent, settings: Settings, issue_id: int) -> Iterator[Finding]:
    for origin in letter.sources.origins:
        if origin.newest_on is not None and origin.newest_on > letter.masthead.date_on:
            yield warning(
                f"future:{origin.name[:200]}",
                f"{origin.name} gives a date after the issue's: {ENGLISH.short_date(origin.newest_on)}",
                where="sources",
                why="Nothing is verified or published in the future.",
                how="Correct the date in its pack, and import that.",
                link="#sources",
            )


def _thin(letter: IssueContent, settings: Settings, issue_id: int) -> Iterator[Finding]:
    items = (1 if letter.lead else 0) + len(letter.more) + len(letter.cards)
    if 0 < items < settings.digest.thin_below:
        yield warning(
            "thin",
            f"The issue has {items} {'item' if items == 1 else 'items'}",
            where="items",
            why=f"Fewer than {settings.digest.thin_below} make a thin week (digest.thin_below).",
            how=f"Merge newer items, or let it wait: {suggest('cancel', issue_id)}",
            link="#items",
        )


CHECKS = (_empty, _no_subject, _long_subject, _long_texts, _no_address, _bad_links, _future_dates, _thin)
