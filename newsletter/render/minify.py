"""Takes the air out of MJML's HTML and keeps everything that a mail client reads.

General minifiers delete Outlook's conditional comments, some with the VML inside. This one only shortens white space
in markup and in styles; comments, tags and their order stay.
"""

import re

#: Around these a blank or a line end means nothing; around others one blank stays.
_STRUCTURE = (
    "!doctype|html|head|body|meta|title|style|noscript|xml|table|tbody|thead|tfoot|tr|td|th|caption|div|p|h[1-6]"
    "|ul|ol|li|blockquote|dl|dt|dd|br|hr|o:[a-z]+|v:[a-z]+|mso:[a-z]+"
)
_STYLE = re.compile(r"(<style\b[^>]*>)(.*?)(</style>)", re.DOTALL)
_TAG = re.compile(r"<(?![!/])[^<>]*>")
_STYLE_ATTRIBUTE = re.compile(r'\sstyle="([^"]*)"')
_EMPTY_ATTRIBUTE = re.compile(r'\s(?:class|style)="\s*"')
_BLANKS = re.compile(r"[ \t\r\n]+")
_AFTER_STRUCTURE = re.compile(
    rf"(</?(?:{_STRUCTURE})\b[^<>]*>|<!\[endif\]-->|-->|<!--\[if [^\]]*\]>)[ \t\r\n]+", re.I
)
_BEFORE_STRUCTURE = re.compile(rf"[ \t\r\n]+(?=</?(?:{_STRUCTURE})\b|<!--|<!\[endif\]-->)", re.I)


def minify(html: str) -> str:
    """The same document in fewer bytes."""
    html = _STYLE.sub(lambda match: match[1] + _short_css(match[2]) + match[3], html)
    html = _TAG.sub(lambda match: _short_tag(match[0]), html)
    html = _BLANKS.sub(" ", html)
    return _BEFORE_STRUCTURE.sub("", _AFTER_STRUCTURE.sub(r"\1", html)).strip()


def _short_tag(tag: str) -> str:
    tag = _STYLE_ATTRIBUTE.sub(lambda match: f' style="{_short_css(match[1]).rstrip(";")}"', tag)
    return _BLANKS.sub(" ", _EMPTY_ATTRIBUTE.sub("", tag)).replace(' type="text/css"', "").replace(" >", ">")


def _short_css(css: str) -> str:
    """CSS without the blanks that mean nothing. Blanks inside selectors and around `+` and `-` may mean something."""
    css = _BLANKS.sub(" ", css)
    return (
        re.sub(r" ?([{};,]) ?|(?<=[a-z-]): ", lambda match: match[1] or ":", css).replace(";}", "}").strip()
    )
