"""An editor's notes: Markdown to safe HTML and to plain lines. Not for anyone else's words.

Paragraphs, emphasis, lists and links; no headings (the letter has its own), no raw HTML, which is printed as it is written.
An image is left out, words and all: the mail fetches nothing. Whoever writes one is told so by `has_image`.
"""

from collections.abc import Iterator

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from newsletter.render.columns import wrap
from newsletter.render.sentinels import Html

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).disable(
    ["heading", "lheading", "hr", "code", "fence", "html_block", "html_inline", "blockquote"]
)
_MARKDOWN.add_render_rule("image", lambda renderer, tokens, place, options, environment: "")
_TAGS = {"p", "em", "strong", "a", "ul", "ol", "li", "br", "code"}
_INLINE = {"em", "strong", "a", "code"}
_SCHEMES = {"https", "http", "mailto"}


def to_html(markdown: str) -> Html:
    """Return the note as HTML of a few harmless tags."""
    return _cleaned(_MARKDOWN.render(markdown), _TAGS)


def line_to_html(markdown: str) -> Html:
    """Return a note on one line, as HTML that may stand in a paragraph."""
    return _cleaned(_MARKDOWN.renderInline(markdown), _INLINE)


def line_to_text(markdown: str) -> str:
    """Return the same as one plain line, not wrapped."""
    return " ".join(_words(each.children or []) for each in _MARKDOWN.parseInline(markdown))


def has_image(markdown: str) -> bool:
    """Return whether there is an image in it, however it is written."""
    inline = (each.children or [] for each in _MARKDOWN.parse(markdown) if each.type == "inline")
    return any(each.type == "image" for children in inline for each in children)


def _cleaned(html: str, tags: set[str]) -> Html:
    return Html(
        nh3.clean(html, tags=tags, attributes={"a": {"href"}}, url_schemes=_SCHEMES, link_rel=None).strip()
    )


def to_text(markdown: str) -> str:
    """Return the note as wrapped lines; a link's address follows its words in brackets, unless it is its words."""
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
    words, address, begun = "", "", 0
    for token in tokens:
        if token.type == "link_open":
            # An address in <> is its own words, with its letters written out.
            address = "" if token.markup == "autolink" else str(token.attrs.get("href", ""))
            begun = len(words)
        elif token.type == "link_close":
            words += (
                f" ({address})"
                if address and words[begun:] not in (address, address.removeprefix("mailto:"))
                else ""
            )
        elif token.type in ("softbreak", "hardbreak"):
            words += " "
        elif token.type != "image":
            words += token.content
    return words
