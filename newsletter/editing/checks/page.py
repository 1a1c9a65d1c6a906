"""An HTML part as a checker reads it: its words with their colours, its links, its pictures. Pure reading, no judgement."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

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
