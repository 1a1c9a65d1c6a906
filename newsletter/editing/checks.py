"""The preflight checks of an issue: errors hold its approval, warnings are for the editor to weigh."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from html import unescape

from newsletter.config import Settings, require_ready_to_send
from newsletter.delivery.webhook import webhook_trouble
from newsletter.digest.amounts import day
from newsletter.digest.issues import Issue
from newsletter.digest.length import MOST_WORDS, lead_words, read_words
from newsletter.digest.letter import Letter
from newsletter.digest.sentences import count_words
from newsletter.digest.subject import SUBJECT_CHARS
from newsletter.editing.draft import NOTE_WORDS
from newsletter.editing.letters import is_frozen, letter_of, plan_of
from newsletter.editing.newsroom import Newsroom
from newsletter.editing.preview import Format, compose, part_of
from newsletter.errors import BadInput, ConfigError
from newsletter.render.compile import compile_letter
from newsletter.render.personal import longest_program
from newsletter.render.plan import Block, Plan, Slot
from newsletter.render.slots import SAMPLE_VALUES, SlotName

#: Mail programs cut what is longer: HTML as it travels, and the whole message.
HTML_BYTES, MESSAGE_BYTES = 80 * 1024, 100 * 1024
LEAD_WORDS = 240

_TAG = re.compile(r"<[^>]*>")
#: What rendering leaves behind when a value was not put in: see newsletter/render/sentinels.py.
_REMAINS = re.compile("[\ue000\ue001]")


class Severity(StrEnum):
    """Whether a finding holds the issue back."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to look at: what it is, where, why it matters, and how it is put right."""

    severity: Severity
    what: str
    where: str
    why: str
    how: str

    @property
    def sentence(self) -> str:
        return f"{self.what} ({self.where}): {self.how}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A letter's plan (None where none can be made), and every finding on both, errors first."""

    plan: Plan | None
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(each for each in self.findings if each.severity is Severity.ERROR)


def check(newsroom: Newsroom, issue: Issue) -> tuple[Finding, ...]:
    """Every finding on the issue as it stands, errors first."""
    letter = letter_of(newsroom, issue)
    if is_frozen(issue):
        return _findings(letter, _mail(plan_of(newsroom, issue)[0], letter.footer.postal_address))
    examined = examine(newsroom, letter).findings
    return (*_settings(newsroom.settings), *examined, *_way_back(newsroom))


def _way_back(newsroom: Newsroom) -> Iterator[Finding]:
    """Whether we will hear what becomes of the mails."""
    if trouble := webhook_trouble(newsroom.database, newsroom.settings):
        yield _warning(
            trouble,
            "sendgrid",
            "Mail that keeps going to dead addresses ends in spam folders.",
            "Set the webhook up as docs/how-to/sendgrid.md says.",
        )


def examine(newsroom: Newsroom, letter: Letter) -> Examined:
    """Compile a letter, and look at it and at what came of it."""
    try:
        plan = compile_letter(letter, newsroom.frame, newsroom.template_folders)
    except BadInput as error:
        broken = _error(str(error), "the mail", "It cannot be made.", "Put that right first.")
        return Examined(plan=None, findings=_findings(letter, (broken,)))
    return Examined(plan=plan, findings=_findings(letter, _mail(plan, letter.footer.postal_address)))


def _findings(letter: Letter, on_the_mail: Iterable[Finding]) -> tuple[Finding, ...]:
    found = (*_contents(letter), *_lengths(letter), *_links(letter), *_sources(letter), *on_the_mail)
    return tuple(sorted(found, key=lambda each: each.severity is not Severity.ERROR))


def _settings(settings: Settings) -> Iterator[Finding]:
    try:
        require_ready_to_send(settings)
    except ConfigError as error:
        yield _error(str(error), error.setting, "No mail may leave without it.", "Set it in newsletter.toml.")


def _contents(letter: Letter) -> Iterator[Finding]:
    if letter.lead is None and not letter.more and not letter.cards:
        yield _error(
            "The issue is empty",
            "items",
            "Nobody wants a mail about nothing.",
            "Cancel it, or merge newer items.",
        )
    for name, value in (("subject", letter.subject), ("preheader", letter.preheader)):
        if not value:
            yield _error(
                f"There is no {name}",
                name,
                "It is what a reader sees first.",
                f"Write one: newsletter edit ISSUE --{name} TEXT",
            )
    if len(letter.subject) > SUBJECT_CHARS:
        yield _warning(
            f"The subject has {len(letter.subject)} characters",
            "subject",
            f"Phones show about {SUBJECT_CHARS}.",
            "Shorten it.",
        )


def _lengths(letter: Letter) -> Iterator[Finding]:
    lengths = (
        ("The lead", "lead", lead_words(letter.lead) if letter.lead else 0, LEAD_WORDS),
        ("The note", "note", count_words(letter.note), NOTE_WORDS),
    )
    for what, where, words, most in lengths:
        if words > most:
            yield _too_long(what, where, words, most)


def _too_long(what: str, where: str, words: int, most: int) -> Finding:
    why = f"Readers stop; {most} are enough."
    return _warning(f"{what} has {words} words", where, why, "Leave something out.")


def _links(letter: Letter) -> Iterator[Finding]:
    lead = ((letter.lead.headline, letter.lead.link),) if letter.lead else ()
    for headline, link in (*lead, *((each.headline, each.link) for each in letter.more)):
        if not link.url:
            yield _warning(
                f"No address is known for {headline}",
                "links",
                "Readers cannot go on to the whole comparison.",
                "Give the comparison its url in a pack, and import that.",
            )


def _sources(letter: Letter) -> Iterator[Finding]:
    for origin in letter.sources.origins:
        if origin.newest_on is not None and origin.newest_on > letter.masthead.date_on:
            yield _warning(
                f"{origin.name} gives a date after the issue's: {day(origin.newest_on)}",
                "sources",
                "Nothing is verified or published in the future.",
                "Correct the date in its pack, and import that.",
            )
    for dispute in letter.sources.disputes:
        yield _warning(
            f"Sources differ: {dispute.words}",
            "sources",
            "The issue prints the first and names them all.",
            "Rule on it, or leave it to the readers.",
        )


def _mail(plan: Plan, postal_address: str) -> Iterator[Finding]:
    message = compose(plan, {name.value: value for name, value in SAMPLE_VALUES.items()})
    parts = {"text part": part_of(message, Format.TEXT), "HTML part": part_of(message, Format.HTML)}
    yield from _sizes(plan, len(message))
    words = read_words(parts["text part"])
    if words > MOST_WORDS:
        yield _too_long("The issue", "text part", words, MOST_WORDS)
    for where, blocks in (("text part", plan.text_blocks()), ("HTML part", plan.html_blocks())):
        if not _has(blocks, SlotName.UNSUBSCRIBE_URL):
            yield _error(
                "There is no unsubscribe link",
                where,
                "The law and the mail providers want it.",
                "Mend the template.",
            )
    for where, text in parts.items():
        if postal_address and not _holds(text, postal_address):
            yield _error("The postal address is missing", where, "The law wants it.", "Mend the template.")
        if _REMAINS.search(text):
            yield _error(
                "A value was not put in", where, "Readers would see the template.", "Mend the template."
            )


def _sizes(plan: Plan, message_bytes: int) -> Iterator[Finding]:
    html_bytes = plan.html_size(longest_program(plan)).encoded
    for what, size, most in (("HTML", html_bytes, HTML_BYTES), ("message", message_bytes, MESSAGE_BYTES)):
        if size > most:
            yield _error(
                f"The {what} is {size // 1024} KB long",
                "size",
                f"Mail programs cut it beyond {most // 1024} KB, and with it the unsubscribe link.",
                "Leave items out.",
            )


def _has(blocks: tuple[Block, ...], name: SlotName) -> bool:
    return any(isinstance(each, Slot) and each.name is name for block in blocks for each in block.segments)


def _holds(text: str, words: str) -> bool:
    """Whether the words stand in the text or HTML, however its lines were broken."""
    shown = unescape(_TAG.sub("", text))
    return "".join(words.split()) in "".join(shown.split())


def _error(what: str, where: str, why: str, how: str) -> Finding:
    return Finding(severity=Severity.ERROR, what=what, where=where, why=why, how=how)


def _warning(what: str, where: str, why: str, how: str) -> Finding:
    return Finding(severity=Severity.WARNING, what=what, where=where, why=why, how=how)
