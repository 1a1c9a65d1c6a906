"""A mail's HTML as a mail program shows it in one scheme, light or dark, whatever the scheme of whoever looks.

Only the style's own conditions are decided beforehand; nothing else of the mail is touched. For previews.
"""

import re
from enum import StrEnum

_STYLE = re.compile(r"<style\b[^>]*>.*?</style>", re.DOTALL | re.IGNORECASE)
_ASKED = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)", re.IGNORECASE)
_OWN = re.compile(r"((?:supported-)?color-scheme\s*:\s*)(?:light|dark)(?:\s+(?:light|dark))*", re.IGNORECASE)
_META = re.compile(r"(<meta\s+name=\"(?:supported-)?color-schemes?\"\s+content=\")[^\"]*(\")", re.IGNORECASE)
_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)

#: Conditions that always and never hold, which may stand wherever one on the scheme may.
_ALWAYS, _NEVER = "(min-width:0)", "(max-width:0)"


class Scheme(StrEnum):
    """How a mail program shows mail."""

    LIGHT = "light"
    DARK = "dark"


def in_scheme(html: str, scheme: Scheme) -> str:
    """Decide every condition of the document on the scheme."""
    html = _STYLE.sub(lambda style: _decided(style[0], scheme), html)
    return _META.sub(lambda meta: f"{meta[1]}{scheme.value}{meta[2]}", html)


def with_links_outside(html: str) -> str:
    """Let links open beside the document: a frame that follows them would show no mail any more."""
    return _HEAD.sub(lambda head: f'{head[0]}<base target="_blank">', html, count=1)


def _decided(style: str, scheme: Scheme) -> str:
    style = _ASKED.sub(lambda asked: _ALWAYS if asked[1].lower() == scheme else _NEVER, style)
    return _OWN.sub(lambda own: f"{own[1]}{scheme.value}", style)
