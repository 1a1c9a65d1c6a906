"""The one door to PyPI `mjml`: MJML in, HTML out, with its gaps guarded.

The port does not validate: it passes over what it does not know, or breaks without naming a line. So a strict reader
goes first, and lets only those components through that the port renders as the reference does. What comes out is
made shorter.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from html.entities import html5
from xml.parsers import expat

from mjml import mjml_to_html
from mjml.core.registry import components, register_core_components

from newsletter.errors import TemplateError
from newsletter.render.environment import RenderedTemplate
from newsletter.render.sentinels import sentinels_in, without_sentinels

#: MJML fetches some fonts from elsewhere as soon as a style names them.
_FETCHED = re.compile(r"<link\b[^>]*>|@import[^;]*;")


def html_of(source: RenderedTemplate) -> str:
    """Return the HTML of a rendered MJML template; raises TemplateError that names the template's first faulty line."""
    if faults := lint(source.text):
        first = faults[0]
        more = f" ({len(faults) - 1} more faults)" if len(faults) > 1 else ""
        raise TemplateError(first.reason + more, source.place(first.line))
    html = _html_of_mjml(source.text)
    if fetched := _FETCHED.search(html):
        raise TemplateError(
            f"readers' programs would fetch {fetched[0]!r}: use fonts that everyone has", source.place(1)
        )
    return html


@lru_cache(maxsize=16)
def _html_of_mjml(text: str) -> str:
    """Return MJML as HTML. Remembered, since it takes half of the time of an issue, whose checks, preview and approval ask alike.

    Sentinels stand for all values, so that other words in the same places make the same text.
    """
    return str(mjml_to_html(text, keep_comments=False).html)


# What is wrong with MJML: unknown components and attributes, values of the wrong kind, components in the wrong place,
# and markup that is not closed.

_CONTENT = frozenset({"mj-text", "mj-table", "mj-button", "mj-divider", "mj-spacer", "mj-image"})
#: What may stand directly inside what.
_CHILDREN: Mapping[str, frozenset[str]] = {
    "": frozenset({"mjml"}),
    "mjml": frozenset({"mj-head", "mj-body"}),
    "mj-head": frozenset({"mj-title", "mj-attributes", "mj-style", "mj-raw", "mj-breakpoint"}),
    "mj-attributes": frozenset({"mj-all", "mj-class", "mj-section", "mj-column"}) | _CONTENT,
    "mj-body": frozenset({"mj-section", "mj-wrapper", "mj-raw"}),
    "mj-wrapper": frozenset({"mj-section"}),
    "mj-section": frozenset({"mj-column", "mj-group"}),
    "mj-group": frozenset({"mj-column"}),
    "mj-column": _CONTENT | {"mj-raw"},
}
#: Components that hold HTML or CSS, which the linter reads only for being closed.
_HOLD_HTML = frozenset({"mj-text", "mj-table", "mj-button", "mj-raw"})
_HOLD_TEXT = frozenset({"mj-title", "mj-style"})
_KNOWN = frozenset().union(*_CHILDREN.values())

#: Why some components of MJML are not for us.
_BARRED: Mapping[str, str] = {
    "mj-include": "use Jinja2's include",
    "mj-preview": "its white text counts as spam; write a hidden preheader in mj-raw",
    "mj-accordion": "readers' programs would fetch its icons",
    "mj-carousel": "the Python port draws it wrongly in Outlook",
    "mj-navbar": "the Python port draws it wrongly in Outlook",
    "mj-hero": "it needs images",
    "mj-social": "it needs images",
    "mj-font": "readers' programs would fetch it",
}
#: Attributes beside those that the port's components declare; those that crash it or that it ignores are barred.
_MORE_ATTRIBUTES: Mapping[str, Mapping[str, str]] = {
    "mjml": {"lang": "string", "dir": "enum(ltr,rtl,auto)"},
    "mj-body": {"background-color": "color", "width": "unit(px)"},
    "mj-style": {"inline": "enum(inline)"},
    "mj-breakpoint": {"width": "unit(px)"},
}
_EVERYWHERE: Mapping[str, str] = {"css-class": "string", "mj-class": "string"}
_BARRED_ATTRIBUTES = frozenset(
    {"inner-border", "inner-border-top", "inner-border-right", "inner-border-bottom", "inner-border-left"}
)
#: Attributes whose values come out unchanged; in all others a printed value would have to mean a length or colour.
_MAY_HOLD_VALUES = frozenset({"href", "alt", "title", "src", "lang"})

_COLOR = re.compile(r"#[0-9a-fA-F]{3}(?:[0-9a-fA-F]{3})?|transparent|inherit")
_EXPAT_WORDS = {
    "not well-formed (invalid token)": "this is not well-formed: a bare & or <, or an attribute without quotes",
    "mismatched tag": "this end does not match",
    "no element found": "the document ends too early",
}


@dataclass(frozen=True, slots=True)
class MjmlFault:
    """What is wrong on a line (from 1) of the MJML."""

    line: int
    reason: str


def lint(mjml: str) -> list[MjmlFault]:
    """Return all faults of a document, in order; the first unclosed or broken tag ends the search."""
    register_core_components()
    return _Linter().read(mjml)


class _Linter:
    def __init__(self) -> None:
        self._faults: list[MjmlFault] = []
        self._open: list[tuple[str, int]] = []
        self._parser = expat.ParserCreate()
        self._parser.UseForeignDTD(True)
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.SkippedEntityHandler = self._entity

    def read(self, mjml: str) -> list[MjmlFault]:
        try:
            self._parser.Parse(mjml.encode(), True)
        except expat.ExpatError as error:
            self._faults.append(self._broken(error))
        return sorted(self._faults, key=lambda fault: fault.line)

    def _broken(self, error: expat.ExpatError) -> MjmlFault:
        words = expat.ErrorString(error.code) or ""
        reason = _EXPAT_WORDS.get(words, words)
        if self._open and words in ("mismatched tag", "no element found"):
            tag, line = self._open[-1]
            return MjmlFault(
                line, f"{tag} is not closed ({reason} on line {error.lineno} of the rendered MJML)"
            )
        return MjmlFault(error.lineno, reason)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        line = self._parser.CurrentLineNumber
        parent = self._open[-1][0] if self._open else ""
        self._open.append((tag, line))
        for reason in self._reasons(tag, parent, attributes):
            self._faults.append(MjmlFault(line, reason))

    def _end(self, _tag: str) -> None:
        self._open.pop()

    def _entity(self, name: str, is_parameter: bool) -> None:
        if not is_parameter and f"{name};" not in html5:
            self._faults.append(MjmlFault(self._parser.CurrentLineNumber, f"&{name}; is no entity of HTML"))

    def _reasons(self, tag: str, parent: str, attributes: dict[str, str]) -> Iterator[str]:
        holder = next((name for name, _ in self._open[:-1] if name in _HOLD_HTML | _HOLD_TEXT), None)
        if holder is not None:
            yield from _html_reasons(tag, holder)
        elif tag not in _KNOWN:
            yield f"there is no component {tag} here" + (f": {_BARRED[tag]}" if tag in _BARRED else "")
        elif tag not in _CHILDREN.get(parent, frozenset()):
            yield f"{tag} cannot stand in {parent or 'front of mjml'}"
        else:
            yield from _attribute_reasons(tag, parent, attributes)


def _html_reasons(tag: str, holder: str) -> Iterator[str]:
    if tag.startswith("mj"):
        yield f"{tag} cannot stand in {holder}"
    elif holder in _HOLD_TEXT:
        yield f"{holder} holds text only, not {tag}"


def _attribute_reasons(tag: str, parent: str, attributes: dict[str, str]) -> Iterator[str]:
    if parent == "mj-attributes" and tag in ("mj-all", "mj-class"):
        return
    allowed = _allowed(tag)
    for name, value in attributes.items():
        if name in _BARRED_ATTRIBUTES or name not in allowed:
            yield f"{tag} has no attribute {name}"
        elif sentinels_in(value) and name not in _MAY_HOLD_VALUES:
            yield f"{tag} {name}: a printed value cannot stand here"
        elif reason := _value_reason(without_sentinels(value), allowed[name]):
            yield f"{tag} {name}={value!r}: {reason}"


def _allowed(tag: str) -> Mapping[str, str]:
    component = components.get(tag)
    declared = (
        {name: kind or "string" for name, kind in component.allowed_attrs().items()} if component else {}
    )
    return {**_EVERYWHERE, **declared, **_MORE_ATTRIBUTES.get(tag, {})}


def _value_reason(value: str, kind: str) -> str | None:
    """Return why `value` is not of MJML's `kind`, such as "unit(px,%){1,4}", "enum(left,right)" or "color"."""
    name, _, rest = kind.partition("(")
    choices, _, times = rest.partition(")")
    units = choices.split(",")
    if name == "enum" and value not in units:
        return f"one of {', '.join(units)} was expected"
    if name == "color" and not _COLOR.fullmatch(value):
        return "a colour such as #1b1f24 was expected"
    if name == "integer" and not value.isdigit():
        return "a whole number was expected"
    if name == "boolean" and value not in ("true", "false"):
        return "true or false was expected"
    if name in ("unit", "unitWithNegative") and not _is_length(value, units, many=bool(times)):
        return f"a length in {' or '.join(unit or 'lines' for unit in units)} was expected"
    return None


def _is_length(value: str, units: list[str], *, many: bool) -> bool:
    lengths = value.split()
    if not lengths or len(lengths) > (4 if many else 1):
        return False
    endings = "|".join(re.escape(unit) for unit in units)
    return all(
        length in ("0", *units) or re.fullmatch(rf"-?\d+(\.\d+)?({endings})", length) for length in lengths
    )


# Takes the air out of MJML's HTML and keeps everything that a mail client reads.
#
# General minifiers delete Outlook's conditional comments, some with the VML inside. This one only shortens white space
# in markup and in styles; comments, tags and their order stay.

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


@lru_cache(maxsize=16)
def minify(html: str) -> str:
    """Return the same document in fewer bytes. Remembered as MJML's own HTML is, and for as many."""
    html = _STYLE.sub(lambda match: match[1] + _short_css(match[2]) + match[3], html)
    html = _TAG.sub(lambda match: _short_tag(match[0]), html)
    html = _BLANKS.sub(" ", html)
    return _BEFORE_STRUCTURE.sub("", _AFTER_STRUCTURE.sub(r"\1", html)).strip()


def _short_tag(tag: str) -> str:
    tag = _STYLE_ATTRIBUTE.sub(lambda match: f' style="{_short_css(match[1]).rstrip(";")}"', tag)
    return _BLANKS.sub(" ", _EMPTY_ATTRIBUTE.sub("", tag)).replace(' type="text/css"', "").replace(" >", ">")


def _short_css(css: str) -> str:
    """Strip blanks that mean nothing. Blanks inside selectors and around `+` and `-` may mean something."""
    css = _BLANKS.sub(" ", css)
    return (
        re.sub(r" ?([{};,]) ?|(?<=[a-z-]): ", lambda match: match[1] or ":", css).replace(";}", "}").strip()
    )
