"""The editor's note: Markdown to safe HTML and to plain lines. Not for anyone else's words.

Paragraphs, emphasis, lists and links; no headings (the letter has its own), no images, no raw HTML.
"""

from collections.abc import Iterator

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from newsletter.render.columns import wrap
from newsletter.render.sentinels import Html

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).disable(
    ["heading", "lheading", "hr", "image", "code", "fence", "html_block", "html_inline", "blockquote"]
)
_TAGS = {"p", "em", "strong", "a", "ul", "ol", "li", "br", "code"}
_SCHEMES = {"https", "http", "mailto"}


def to_html(markdown: str) -> Html:
    """The note as HTML of a few harmless tags."""
    return Html(
        nh3.clean(
            _MARKDOWN.render(markdown),
            tags=_TAGS,
            attributes={"a": {"href"}},
            url_schemes=_SCHEMES,
            link_rel=None,
        ).strip()
    )


def to_text(markdown: str) -> str:
    """The note as wrapped lines; a link's address follows its words in brackets."""
    return "\n\n".join(_paragraphs(_MARKDOWN.parse(markdown)))


def _paragraphs(tokens: list[Token]) -> Iterator[str]:
    items = 0
    for token in tokens:
        if token.type == "list_item_open":
            items += 1
        elif token.type == "list_item_close":
            items -= 1
        elif token.type == "inline":
            yield wrap(_words(token.children or []), indent="  " * items, first="* " if items else None)


def _words(tokens: list[Token]) -> str:
    words, address = "", ""
    for token in tokens:
        if token.type == "link_open":
            address = str(token.attrs.get("href", ""))
        elif token.type == "link_close":
            words += f" ({address})"
        elif token.type in ("softbreak", "hardbreak"):
            words += " "
        else:
            words += token.content
    return words
