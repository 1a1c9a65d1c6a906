"""What the mail lacks that the letter has become: sizes, headers, the way out, links, alternative texts, colours.

It is looked at as the largest copy that any reader can get, with values of usual length.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from html import unescape
from html.parser import HTMLParser

from newsletter.digest.content import IssueContent, issue_content_to_json
from newsletter.digest.writing import MOST_WORDS, read_words
from newsletter.editing.checks.content import is_web_address, too_long
from newsletter.editing.checks.findings import Finding, error, warning
from newsletter.editing.preview import Format, compose, part_of, weight_of
from newsletter.errors import BadInput
from newsletter.render.plan import SAMPLE_VALUES, Block, Plan, Slot, SlotName, common_blocks, longest_program

# An HTML part as a checker reads it: its words with their colours, its links, its pictures. Pure reading, no judgement.

_VOID = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
_UNSEEN = frozenset({"style", "script", "title", "head"})
_DECLARATION = re.compile(r"(?:^|;)\s*([a-z-]+)\s*:\s*([^;]+)")
_COLOUR = re.compile(r"#(?:[0-9a-f]{6}|[0-9a-f]{3})\b", re.IGNORECASE)
_PIXELS = re.compile(r"(\d+(?:\.\d+)?)px")
_BOLD = re.compile(r"\b(?:bold|[6-9]00)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How the words in an element look; colours as "#rrggbb"."""

    colour: str = "#000000"
    background: str = "#ffffff"
    pixels: float = 16
    bold: bool = False
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """Some text and its look."""

    text: str
    look: Look


@dataclass(slots=True)
class Page:
    """What stands in an HTML part."""

    words: list[Words] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    #: The addresses of pictures without an alternative text.
    without_alt: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What can be seen, elements apart."""
        return " ".join(each.text for each in self.words if not each.look.hidden)


def read_page(html: str) -> Page:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.page


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self._open: list[tuple[str, Look]] = [("", Look())]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "img" and "alt" not in given:
            self.page.without_alt.append(given.get("src", ""))
        if tag == "a" and "href" in given:
            self.page.links.append(given["href"])
        if tag not in _VOID:
            self._open.append((tag, _look(self._open[-1][1], tag, given)))

    def handle_endtag(self, tag: str) -> None:
        while any(name == tag for name, _ in self._open[1:]):
            if self._open.pop()[0] == tag:
                return

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.page.words.append(Words(data, self._open[-1][1]))


def _look(outer: Look, tag: str, given: dict[str, str]) -> Look:
    style = dict(_declarations(given.get("style", "")))
    background = _colour(style.get("background-color") or style.get("background") or given.get("bgcolor", ""))
    weight = style.get("font-weight") or style.get("font", "")
    size = _PIXELS.search(style.get("font-size") or style.get("font", ""))
    hidden = style.get("display", "").startswith("none") or tag in _UNSEEN
    return Look(
        colour=_colour(style.get("color", "")) or outer.colour,
        background=background or outer.background,
        pixels=float(size[1]) if size else outer.pixels,
        bold=bool(_BOLD.search(weight)) if weight else outer.bold or tag in ("b", "strong", "h1", "h2", "h3"),
        hidden=outer.hidden or hidden,
    )


def _declarations(style: str) -> Iterator[tuple[str, str]]:
    return ((found[1], found[2].strip()) for found in _DECLARATION.finditer(style.lower()))


def _colour(value: str) -> str:
    """The first colour in a value as six hex digits; empty for none, or one that is not written so."""
    found = _COLOUR.search(value)
    if found is None:
        return ""
    digits = found[0][1:].lower()
    return "#" + (digits if len(digits) == 6 else "".join(2 * each for each in digits))


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


def in_mail(plan: Plan, letter: IssueContent, sent: Plan | None = None) -> Iterator[Finding]:
    """Everything that shows in the finished mail alone; `letter` is what it was made from, `sent` how it would leave."""
    try:
        values = {name.value: value for name, value in SAMPLE_VALUES.items()}
        message = compose(plan, values, longest_program(plan))
        largest = message if sent is None else compose(sent, values, longest_program(sent))
        usual = compose(plan, values, common_blocks(plan.block_ids))
    except BadInput as problem:
        yield error("headers", str(problem), "headers", "It cannot be made.", "Put that right.", firm=True)
        return
    text, html = part_of(message, Format.TEXT), part_of(message, Format.HTML)
    page = read_page(html)
    yield from _sizes(sent or plan, len(largest))
    yield from _headers(message)
    words = read_words(part_of(usual, Format.TEXT))
    if words > MOST_WORDS:
        yield too_long("The issue", "text part", words, MOST_WORDS)
    yield from _ways_out(plan)
    yield from _parts(text, html, letter)
    yield from _page(page)
    yield from _differing(text, page)
    yield from _contrast(page)


def _sizes(plan: Plan, message_bytes: int) -> Iterator[Finding]:
    html = weight_of(plan)
    for what, size, most in (("HTML", html.largest, html.limit), ("message", message_bytes, MESSAGE_LIMIT)):
        if size > most:
            yield error(
                f"size-{what.lower()}",
                f"The {what} is {size // 1024} KB long",
                "size",
                f"Mail programs cut it beyond {most // 1024} KB, and with it the unsubscribe link.",
                "Leave items out.",
                link="#items",
                firm=what == "HTML",
            )


def _headers(message: bytes) -> Iterator[Finding]:
    parsed = message_from_bytes(message, policy=policy.default)
    for name in HEADERS:
        if not str(parsed.get(name, "")).strip():
            yield error(
                f"header-{name.lower()}",
                f"There is no {name} header",
                "headers",
                "Mail providers refuse such a message.",
                "Correct the settings of [mail].",
                firm=True,
            )
    if parsed.defects or any(len(line) > _LONGEST_LINE for line in message.splitlines()):
        fault = (
            type(parsed.defects[0]).__name__ if parsed.defects else f"a line of over {_LONGEST_LINE} bytes"
        )
        yield error(
            "message-form",
            f"The message is not well-formed: {fault}",
            "headers",
            "Mail programs may show something else.",
            "Mend the template.",
        )


def _ways_out(plan: Plan) -> Iterator[Finding]:
    for where, blocks in (("text part", plan.text_blocks()), ("HTML part", plan.html_blocks())):
        if not _has(blocks, SlotName.UNSUBSCRIBE_URL):
            yield error(
                f"no-unsubscribe-{where.split()[0].lower()}",
                "There is no unsubscribe link",
                where,
                "The law and the mail providers want it.",
                "Mend the template.",
                firm=True,
            )


def _has(blocks: tuple[Block, ...], name: SlotName) -> bool:
    return any(isinstance(each, Slot) and each.name is name for block in blocks for each in block.segments)


def _parts(text: str, html: str, letter: IssueContent) -> Iterator[Finding]:
    postal_address = letter.footer.postal_address
    said = issue_content_to_json(letter)
    for where, content in (("text part", text), ("HTML part", html)):
        part = where.split()[0].lower()
        if postal_address and not _holds(content, postal_address):
            yield error(
                f"no-postal-address-{part}",
                "The postal address is missing",
                where,
                "The law wants it.",
                "Mend the template.",
                firm=True,
            )
        if _has_remains(_TAG.sub(" ", content) if part == "html" else content, said):
            yield error(
                f"unresolved-{part}",
                "A value was not put in",
                where,
                "Readers would see the template.",
                "Mend the template.",
            )


def _has_remains(shown: str, said: str) -> bool:
    """Whether something of the template is left; braces that the letter itself holds are somebody's words."""
    left = {match[0] for match in _JINJA.finditer(shown)}
    return bool(_SENTINELS.search(shown)) or any(each not in said for each in left)


def _holds(text: str, words: str) -> bool:
    """Whether the words stand in the text or HTML, however its lines were broken."""
    shown = unescape(_TAG.sub("", text))
    return "".join(words.split()) in "".join(shown.split())


def _page(page: Page) -> Iterator[Finding]:
    for source in dict.fromkeys(page.without_alt):
        yield error(
            f"no-alt:{source[:200]}",
            f"A picture has no alternative text: {source[:120] or 'one without an address'}",
            "HTML part",
            "Whoever cannot see it, or blocks pictures, learns nothing from it.",
            'Give it alt="…" in the template; alt="" where it says nothing.',
        )
    for link in dict.fromkeys(page.links):
        if not link.startswith("mailto:") and not is_web_address(link):
            yield error(
                f"bad-link:{link[:200]}",
                f"This is no web address: {link[:120] or 'an empty one'}",
                "HTML part",
                "Nobody can open it.",
                "Correct it where it comes from: a pack, the note, the settings or the template.",
                link="#note",
            )


def _differing(text: str, page: Page) -> Iterator[Finding]:
    in_text, in_html = _figures(text), _figures(page.text)
    pairs = (("text part", in_html - in_text, "HTML part"), ("HTML part", in_text - in_html, "text part"))
    for where, missing, other in pairs:
        if missing:
            listed = ", ".join(sorted(missing)[:5])
            yield warning(
                f"differing-{where.split()[0].lower()}",
                f"The {where} lacks figures that the {other} has: {listed}",
                where,
                "Readers of one part would read something else than readers of the other.",
                "Mend the template.",
            )


def _figures(text: str) -> set[str]:
    return set(_FIGURE.findall(_ADDRESS.sub(" ", text)))


def _contrast(page: Page) -> Iterator[Finding]:
    pairs: Counter[tuple[str, str]] = Counter()
    samples: dict[tuple[str, str], str] = {}
    for words in page.words:
        look = words.look
        if not look.hidden and any(each.isalnum() for each in words.text) and not _is_legible(look):
            pairs[look.colour, look.background] += 1
            samples.setdefault((look.colour, look.background), " ".join(words.text.split())[:40])
    for colour, background in pairs:
        yield warning(
            f"contrast:{colour}:{background}",
            f"{colour} on {background} has a contrast of {contrast(colour, background):.1f}",
            f"HTML part, “{samples[colour, background]}”",
            f"Below {CONTRAST} many people cannot read it.",
            "Choose other colours in the template.",
        )


def _is_legible(look: Look) -> bool:
    large = look.pixels >= 24 or (look.bold and look.pixels >= 18.66)
    return contrast(look.colour, look.background) >= (LARGE_CONTRAST if large else CONTRAST)


def contrast(one: str, other: str) -> float:
    """The ratio of two colours "#rrggbb", as WCAG 2.2 defines it: 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
