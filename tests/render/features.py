"""Which features of HTML and CSS a mail uses, by the names that caniemail.com gives them."""

import re
from collections.abc import Iterator
from typing import Any

from tests.render.views import for_browsers, tree

_DECLARATION = re.compile(r"([a-z-]+)\s*:\s*([^;{}]+)")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_AT = re.compile(r"@media\s*([^{]*)\{")
_UNIT = re.compile(r"(?<![\w#])-?[\d.]+(px|em|rem|pt|%|vw|vh|ch|ex)")
_UNITS = {"%": "css-unit-percent"}

#: Properties that caniemail.com measures under another's name.
_AS = {
    "font-family": "font",
    "font-style": "font",
    "text-decoration-line": "text-decoration",
    "border-width": "border",
    "border-color": "border",
    "border-top": "border",
    "border-bottom": "border",
    "border-left": "border",
    "border-right": "border",
    "color": "color",
}
_ELEMENTS = {
    **{f"h{level}": "h1-h6" for level in range(1, 7)},
    **dict.fromkeys(("table", "tr", "td", "th", "tbody", "caption"), "table"),
    **dict.fromkeys(("ul", "ol", "li"), "lists"),
    "b": "strong",
    "strong": "strong",
    **{
        name: name
        for name in ("p", "div", "span", "blockquote", "body", "style", "small", "img", "svg", "form")
    },
}
_ATTRIBUTES = (
    "align", "valign", "width", "height", "lang", "role", "aria-label", "aria-hidden", "background",
    "cellpadding", "cellspacing", "target",
)  # fmt: skip


def features_of(html: str) -> set[str]:
    """Every feature that the document uses outside of Outlook's own comments."""
    document = tree(for_browsers(html))
    found = {"html-doctype"}
    for element in document.iter():
        if isinstance(element.tag, str):
            found |= set(_of_element(element))
    return found


def _of_element(element: Any) -> Iterator[str]:
    if element.tag in _ELEMENTS:
        yield f"html-{_ELEMENTS[element.tag]}"
    yield from (f"html-{name}" for name in _ATTRIBUTES if name in element.attrib)
    if element.tag == "meta" and element.get("name") == "color-scheme":
        yield "html-meta-color-scheme"
    if element.tag == "a" and element.get("href", "").startswith("mailto:"):
        yield "html-mailto-links"
    yield from _of_declarations(element.get("style", ""))
    if element.tag == "style":
        yield from _of_sheet(element.text or "")


def _of_sheet(css: str) -> Iterator[str]:
    for condition in _AT.findall(css):
        yield "css-at-media"
        if "prefers-color-scheme" in condition:
            yield "css-at-media-prefers-color-scheme"
    for selectors, declarations in _RULE.findall(_AT.sub("", css)):
        yield from _of_selectors(selectors.strip())
        yield from _of_declarations(declarations)


def _of_selectors(selectors: str) -> Iterator[str]:
    marks = {
        ",": "grouping", ".": "class", "#": "id", "[": "attribute", ">": "child", "+": "adjacent-sibling", "~": "general-sibling", "*": "universal",
    }  # fmt: skip
    yield from (f"css-selector-{name}" for mark, name in marks.items() if mark in selectors)
    if any(" " in each.strip() for each in selectors.split(",")):
        yield "css-selector-descendant"
    yield from (f"css-pseudo-class-{name}" for name in re.findall(r":([a-z-]+)", selectors))


def _of_declarations(css: str) -> Iterator[str]:
    for name, value in _DECLARATION.findall(css):
        if name.startswith(("mso-", "-webkit-", "-ms-", "-moz-")):
            continue
        base = re.sub(r"^(margin|padding)-(top|right|bottom|left)$", r"\1", name)
        yield f"css-{_AS.get(base, base)}"
        if name == "display" and value.strip() in ("none", "flex", "grid"):
            yield f"css-display-{value.strip()}"
        if "!important" in value:
            yield "css-important"
        yield from (_UNITS.get(unit, f"css-unit-{unit}") for unit in _UNIT.findall(value))
        yield from (f"css-function-{name}" for name in re.findall(r"\b(clamp|min|max|light-dark)\(", value))
