"""An HTML part as a checker reads it: its text with the colours, its links, its pictures. What is wrong with it is said in mail.py."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
_UNSEEN = frozenset({"style", "script", "title", "head"})
_DECLARATION = re.compile(r"(?:^|;)\s*([a-z-]+)\s*:\s*([^;]+)")
_COLOUR = re.compile(r"#(?:[0-9a-f]{6}|[0-9a-f]{3})\b", re.IGNORECASE)
_PIXELS = re.compile(r"(\d+(?:\.\d+)?)px")
_BOLD = re.compile(r"\b(?:bold|[6-9]00)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextStyle:
    """How the text in an element looks; colours as "#rrggbb"."""

    colour: str = "#000000"
    background: str = "#ffffff"
    pixels: float = 16
    bold: bool = False
    hidden: bool = False


@dataclass(slots=True)
class HtmlPart:
    """What stands in an HTML part."""

    #: Text and its style.
    words: list[tuple[str, TextStyle]] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    #: The addresses of pictures without an alternative text.
    without_alt: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What can be seen, elements apart."""
        return " ".join(text for text, style in self.words if not style.hidden)


def read_html(html: str) -> HtmlPart:
    """Read an HTML part; whatever is wrong with it, something is read."""
    reader = _HtmlReader()
    reader.feed(html)
    reader.close()
    return reader.part


class _HtmlReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.part = HtmlPart()
        self._open: list[tuple[str, TextStyle]] = [("", TextStyle())]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "img" and "alt" not in given:
            self.part.without_alt.append(given.get("src", ""))
        if tag == "a" and "href" in given:
            self.part.links.append(given["href"])
        if tag not in _VOID:
            self._open.append((tag, _style(self._open[-1][1], tag, given)))

    def handle_endtag(self, tag: str) -> None:
        while any(name == tag for name, _ in self._open[1:]):
            if self._open.pop()[0] == tag:
                return

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.part.words.append((data, self._open[-1][1]))


def _style(outer: TextStyle, tag: str, given: dict[str, str]) -> TextStyle:
    style = {found[1]: found[2].strip() for found in _DECLARATION.finditer(given.get("style", "").lower())}
    background = _colour(style.get("background-color") or style.get("background") or given.get("bgcolor", ""))
    weight = style.get("font-weight") or style.get("font", "")
    size = _PIXELS.search(style.get("font-size") or style.get("font", ""))
    hidden = style.get("display", "").startswith("none") or tag in _UNSEEN
    return TextStyle(
        colour=_colour(style.get("color", "")) or outer.colour,
        background=background or outer.background,
        pixels=float(size[1]) if size else outer.pixels,
        bold=bool(_BOLD.search(weight)) if weight else outer.bold or tag in ("b", "strong", "h1", "h2", "h3"),
        hidden=outer.hidden or hidden,
    )


def _colour(value: str) -> str:
    """Return the first colour in a value as "#rrggbb"; empty for none, or one that is not written in hex digits."""
    found = _COLOUR.search(value)
    if found is None:
        return ""
    digits = found[0][1:].lower()
    return "#" + (digits if len(digits) == 6 else "".join(2 * each for each in digits))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours "#rrggbb", as WCAG 2.2 defines it: 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
