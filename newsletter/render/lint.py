"""A strict reader of MJML: PyPI `mjml` passes over what it does not know, or breaks without naming a line.

Refuses unknown components and attributes, values of the wrong kind, components in the wrong place, and markup that
is not closed. Only the components that the Python port renders as the reference does are let through.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.entities import html5
from xml.parsers import expat

from mjml.core.registry import components, register_core_components

from newsletter.render.sentinels import sentinels_in, without_sentinels

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
    "mj-accordion": "the Python port draws it wrongly in Outlook",
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
