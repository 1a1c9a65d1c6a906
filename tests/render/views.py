"""Ways to look at a rendered mail: as text, as the tree a browser builds, as the tree Outlook builds."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import html5lib

from newsletter.render.encode import html_text
from newsletter.render.plan import SAMPLE_VALUES, Block, Plan

_OUTLOOK_ONLY = re.compile(r"<!--\[if (?:mso|mso \| IE|lte mso 11)\]>(.*?)<!\[endif\]-->", re.DOTALL)
_OFFICE = re.compile(r"<noscript><xml>.*?</xml></noscript>", re.DOTALL)
_OTHERS_ONLY = re.compile(r"<!--\[if !mso\]><!-->(.*?)<!--<!\[endif\]-->", re.DOTALL)


def html_of(plan: Plan, program: Sequence[str] | None = None) -> str:
    """The HTML part with sample values in its slots."""
    return "".join(
        segment if isinstance(segment, str) else html_text(SAMPLE_VALUES[segment.name])
        for segment in _segments(plan.html_blocks(program))
    )


def text_of(plan: Plan, program: Sequence[str] | None = None) -> str:
    """The text part with sample values in its slots."""
    return "".join(
        segment if isinstance(segment, str) else SAMPLE_VALUES[segment.name]
        for segment in _segments(plan.text_blocks(program))
    )


def for_outlook(html: str) -> str:
    """The document that Word's engine sees: its conditional comments opened, the others' left out."""
    return _OUTLOOK_ONLY.sub(r"\1", _OTHERS_ONLY.sub("", html))


def for_browsers(html: str) -> str:
    """The document that everything else sees."""
    return _OTHERS_ONLY.sub(r"\1", _OUTLOOK_ONLY.sub("", html))


def conditionals(html: str) -> list[str]:
    """What only Outlook reads, in order: openings and ends of conditional comments, VML and Office tags."""
    return re.findall(r"<!--\[if\b|<!\[endif\]-->|<v:|<o:", html)


def tree(html: str) -> Any:
    """The tree of a document, as the HTML standard builds it."""
    return html5lib.parse(html, treebuilder="etree", namespaceHTMLElements=False)


def parse_errors(html: str) -> list[str]:
    """What the standard's parser had to repair, apart from Office's settings in the head."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    parser.parse(_OFFICE.sub("", html))
    return [f"{position}: {code} {values}" for position, code, values in parser.errors]


#: Attributes of old that the reference's inliner adds to repeat a style declaration.
_REPEATED = {
    "align": "text-align",
    "valign": "vertical-align",
    "bgcolor": "background-color",
    "width": "width",
    "height": "height",
}


def lines(html: str) -> list[str]:
    """A document as lines that two renderers must agree on.

    Blanks, the order of attributes and of style declarations, empty attributes and those that repeat a style do not
    count.
    """
    return list(_lines(tree(html), 0))


def _segments(blocks: Sequence[Block]) -> Iterator[Any]:
    for block in blocks:
        yield from block.segments


def _lines(node: Any, depth: int) -> Iterator[str]:
    if not isinstance(node.tag, str):
        yield from _text(node.tail, depth)
        return
    yield " " * depth + " ".join([node.tag, *sorted(_attributes(node))])
    yield from _text(_style(node.text) if node.tag == "style" else node.text, depth + 1)
    for child in node:
        yield from _lines(child, depth + 1)
    yield from _text(node.tail, depth)


def _attributes(node: Any) -> Iterator[str]:
    styles = {each.partition(":")[0].strip() for each in node.attrib.get("style", "").split(";")}
    for name, value in node.attrib.items():
        repeats = _REPEATED.get(name) in styles or (node.tag, name) == ("style", "type")
        if value.strip() and not repeats:
            yield f"{name}={_value(name, value)}"


def _text(text: str | None, depth: int) -> Iterator[str]:
    words = " ".join((text or "").split())
    if words:
        yield " " * depth + "|" + words


def _value(name: str, value: str) -> str:
    if name == "style":
        return ";".join(sorted(_declaration(each) for each in value.split(";") if each.strip()))
    return " ".join(sorted(value.split())) if name == "class" else " ".join(value.split())


def _declaration(declaration: str) -> str:
    name, _, value = declaration.partition(":")
    return name.strip() + ":" + re.sub(r" ?, ?", ",", " ".join(value.split()))


def _style(css: str | None) -> str:
    """CSS without its air."""
    return re.sub(r"\s*([{};:,>])\s*", r"\1", " ".join((css or "").split())).replace(";}", "}")
