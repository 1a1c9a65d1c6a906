"""Checks on the finished mail: sizes, headers, the way out, links, alternative texts, colours.

Looked at is the largest copy that any reader can get, with values of usual length.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import lru_cache
from html import unescape

from newsletter.digest.content import IssueContent, issue_content_to_json
from newsletter.digest.writing import MOST_WORDS, read_words
from newsletter.editing.checks.content import is_web_address, too_long
from newsletter.editing.checks.findings import Finding, error, warning
from newsletter.editing.checks.html_part import HtmlPart, TextStyle, contrast, read_html
from newsletter.editing.preview import Format, body_of, part_of, weight_of
from newsletter.errors import BadInput
from newsletter.render.compose import Composer, EncodedPlan
from newsletter.render.plan import SAMPLE_VALUES, Plan, PlanSlot, SlotName, common_blocks, longest_program

#: The whole message, beyond which mail programs cut.
MESSAGE_LIMIT = 100 * 1024
#: WCAG 2.2, 1.4.3: of usual text, and of large text (24 px, or 18.66 px and bold).
CONTRAST, LARGE_CONTRAST = 4.5, 3.0
#: Without these a provider refuses the mail, or asks readers to trust nobody (RFC 5322, RFC 8058).
HEADERS = ("From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post")
_LONGEST_LINE = 998

_TAG = re.compile(r"<[^>]*>")
#: What rendering leaves behind when a value was not put in: see newsletter/render/sentinels.py.
_SENTINELS = re.compile("[\ue000\ue001]")
#: What a template says of itself; somebody's words may hold the same.
_JINJA = re.compile("\\{\\{|\\{%")
_ADDRESS = re.compile(r"(?:https?://|mailto:)\S+")
_FIGURE = re.compile(r"[$€£]?\d(?:[\d,.]*\d)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedMail:
    """A mail as the checks look at it: its largest copy, taken apart."""

    plan: Plan
    #: How it would leave, and how long the largest copy is then, in bytes.
    sent: Plan
    sent_bytes: int
    #: What it was made from.
    letter: IssueContent
    message: bytes
    parsed: EmailMessage
    text: str
    html: str
    part: HtmlPart
    #: The text part of a copy for somebody who has chosen nothing.
    usual_text: str

    def parts(self) -> Iterator[tuple[str, str]]:
        """Yield either part as mail programs read it, after its name."""
        yield from (("text part", self.text), ("HTML part", self.html))


@lru_cache(maxsize=8)
def check_mail(plan: Plan, letter: IssueContent, sent: Plan | None = None) -> tuple[Finding, ...]:
    """Run every check on the mail; `letter` is what it was made from, `sent` how it would leave.

    Remembered: whoever looks at an issue, approves it and lets it go out asks of the same mail each time.
    """
    return tuple(_check_mail(plan, letter, sent))


def _check_mail(plan: Plan, letter: IssueContent, sent: Plan | None) -> Iterator[Finding]:
    try:
        values = {name.value: value for name, value in SAMPLE_VALUES.items()}
        encoded = EncodedPlan(plan)
        message = Composer(plan, longest_program(plan), encoded=encoded).compose(values)
        usual = Composer(plan, common_blocks(plan.block_ids), encoded=encoded).compose(values)
        largest = (
            message if sent is None or sent is plan else Composer(sent, longest_program(sent)).compose(values)
        )
    except BadInput as problem:
        yield error(
            "headers",
            str(problem),
            where="headers",
            why="It cannot be made.",
            how="Put that right.",
            firm=True,
        )
        return
    parsed = message_from_bytes(message, policy=policy.default)
    html = body_of(parsed, Format.HTML)
    mail = CheckedMail(
        plan=plan,
        sent=sent or plan,
        sent_bytes=len(largest),
        letter=letter,
        message=message,
        parsed=parsed,
        text=body_of(parsed, Format.TEXT),
        html=html,
        part=read_html(html),
        usual_text=part_of(usual, Format.TEXT),
    )
    for check in CHECKS:
        yield from check(mail)


def _sizes(mail: CheckedMail) -> Iterator[Finding]:
    html = weight_of(mail.sent)
    sizes = (("HTML", html.largest, html.limit), ("message", mail.sent_bytes, MESSAGE_LIMIT))
    for what, size, most in sizes:
        if size > most:
            yield error(
                f"size-{what.lower()}",
                f"The {what} is {size // 1024} KB long",
                where="size",
                why=f"Mail programs cut it beyond {most // 1024} KB, and with it the unsubscribe link.",
                how="Leave items out.",
                link="#items",
                firm=what == "HTML",
            )


def _missing_headers(mail: CheckedMail) -> Iterator[Finding]:
    for name in HEADERS:
        if not str(mail.parsed.get(name, "")).strip():
            yield error(
                f"header-{name.lower()}",
                f"There is no {name} header",
                where="headers",
                why="Mail providers refuse such a message.",
                how="Correct the settings of [mail].",
                firm=True,
            )


def _malformed(mail: CheckedMail) -> Iterator[Finding]:
    defects = mail.parsed.defects
    if defects or any(len(line) > _LONGEST_LINE for line in mail.message.splitlines()):
        fault = type(defects[0]).__name__ if defects else f"a line of over {_LONGEST_LINE} bytes"
        yield error(
            "message-form",
            f"The message is not well-formed: {fault}",
            where="headers",
            why="Mail programs may show something else.",
            how="Mend the template.",
        )


def _too_many_words(mail: CheckedMail) -> Iterator[Finding]:
    yield from too_long("The issue", "text part", read_words(mail.usual_text), MOST_WORDS, "#items")


def _no_unsubscribe(mail: CheckedMail) -> Iterator[Finding]:
    parts = (("text part", mail.plan.text_blocks()), ("HTML part", mail.plan.html_blocks()))
    for where, blocks in parts:
        slots = (each for block in blocks for each in block.segments if isinstance(each, PlanSlot))
        if not any(each.name is SlotName.UNSUBSCRIBE_URL for each in slots):
            yield error(
                f"no-unsubscribe-{where.split()[0].lower()}",
                "There is no unsubscribe link",
                where=where,
                why="The law and the mail providers want it.",
                how="Mend the template.",
                firm=True,
            )


def _no_postal_address(mail: CheckedMail) -> Iterator[Finding]:
    address = "".join(mail.letter.footer.postal_address.split())
    for where, content in mail.parts():
        # However its lines were broken.
        if address not in "".join(unescape(_TAG.sub("", content)).split()):
            yield error(
                f"no-postal-address-{where.split()[0].lower()}",
                "The postal address is missing",
                where=where,
                why="The law wants it.",
                how="Mend the template.",
                firm=True,
            )


def _unresolved(mail: CheckedMail) -> Iterator[Finding]:
    said = issue_content_to_json(mail.letter)
    for where, content in mail.parts():
        shown = _TAG.sub(" ", content) if content is mail.html else content
        # Braces that the issue itself holds are somebody's words.
        braces = {match[0] for match in _JINJA.finditer(shown)}
        if _SENTINELS.search(shown) or any(each not in said for each in braces):
            yield error(
                f"unresolved-{where.split()[0].lower()}",
                "A value was not put in",
                where=where,
                why="Readers would see the template.",
                how="Mend the template.",
            )


def _no_alternative(mail: CheckedMail) -> Iterator[Finding]:
    for source in dict.fromkeys(mail.part.without_alt):
        yield error(
            f"no-alt:{source[:200]}",
            f"A picture has no alternative text: {source[:120] or 'one without an address'}",
            where="HTML part",
            why="Whoever cannot see it, or blocks pictures, learns nothing from it.",
            how='Give it alt="…" in the template; alt="" where it says nothing.',
        )


def _bad_links(mail: CheckedMail) -> Iterator[Finding]:
    for link in dict.fromkeys(mail.part.links):
        if not link.startswith("mailto:") and not is_web_address(link):
            yield error(
                f"bad-link:{link[:200]}",
                f"This is no web address: {link[:120] or 'an empty one'}",
                where="HTML part",
                why="Nobody can open it.",
                how="Correct it where it comes from: a pack, the note, the settings or the template.",
                link="#note",
            )


def _differing_figures(mail: CheckedMail) -> Iterator[Finding]:
    in_text, in_html = (set(_FIGURE.findall(_ADDRESS.sub(" ", each))) for each in (mail.text, mail.part.text))
    pairs = (("text part", in_html - in_text, "HTML part"), ("HTML part", in_text - in_html, "text part"))
    for where, missing, other in pairs:
        if missing:
            listed = ", ".join(sorted(missing)[:5])
            yield warning(
                f"differing-{where.split()[0].lower()}",
                f"The {where} lacks figures that the {other} has: {listed}",
                where=where,
                why="Readers of one part would read something else than readers of the other.",
                how="Mend the template.",
            )


def _low_contrast(mail: CheckedMail) -> Iterator[Finding]:
    samples: dict[tuple[str, str], str] = {}
    for text, style in mail.part.words:
        if not style.hidden and any(each.isalnum() for each in text) and not _is_legible(style):
            samples.setdefault((style.colour, style.background), " ".join(text.split())[:40])
    for (colour, background), words in samples.items():
        yield warning(
            f"contrast:{colour}:{background}",
            f"{colour} on {background} has a contrast of {contrast(colour, background):.1f}",
            where=f"HTML part, “{words}”",
            why=f"Below {CONTRAST} many people cannot read it.",
            how="Choose other colours in the template.",
        )


def _is_legible(style: TextStyle) -> bool:
    large = style.pixels >= 24 or (style.bold and style.pixels >= 18.66)
    return contrast(style.colour, style.background) >= (LARGE_CONTRAST if large else CONTRAST)


CHECKS = (
    _sizes,
    _missing_headers,
    _malformed,
    _too_many_words,
    _no_unsubscribe,
    _no_postal_address,
    _unresolved,
    _no_alternative,
    _bad_links,
    _differing_figures,
    _low_contrast,
)
