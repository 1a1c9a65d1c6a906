"""Jinja2 as mail templates use it: where templates are found, strict and sandboxed, values as sentinels.

Two environments: `mjml_environment` prints sentinels and marks where each line came from, so that the linter can name
the template's file and line; `text_environment` prints values as they are and only slots as sentinels. Both know
`{% part ID %} … {% endpart %}`, which makes a block of the plan.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from decimal import Decimal
from enum import Enum
from pathlib import Path
from types import CodeType, SimpleNamespace, TracebackType
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.bccache import Bucket
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from newsletter.digest.categories import category_in
from newsletter.digest.content import Figure
from newsletter.digest.wording import visible
from newsletter.errors import Place, TemplateError
from newsletter.language import ENGLISH, Language
from newsletter.render import columns, markdown
from newsletter.render.plan import PlanSlot, SlotName
from newsletter.render.sentinels import BlockBegin, BlockEnd, Html, Sentinels

# What other people's words may carry into a mail: letters and spaces, nothing that acts.
#
# Every text of a letter passes here once, before any template sees it. Escaping for HTML is not done here but where
# a value is put into HTML (render/blocks.py).

#: These keep right-to-left words from turning what stands around them (Unicode annex 9). A text of both directions
#: runs from left to right like the letter, so that "left vs right" stays in this order.
_RIGHT_TO_LEFT_ISOLATE, _LEFT_TO_RIGHT_ISOLATE, _POP_ISOLATE = "\u2067", "\u2066", "\u2069"
ISOLATES = _RIGHT_TO_LEFT_ISOLATE + _LEFT_TO_RIGHT_ISOLATE + _POP_ISOLATE

_BLANKS = re.compile(r"[^\S\xa0\u202f]+")
_RIGHT_TO_LEFT = {"R", "AL", "AN"}
#: More marks on one letter than any script stacks paint over the lines above and below.
_MOST_MARKS = 4


def clean(text: str) -> str:
    """Clean a line of text: no control, bidirectional, invisible and private characters.

    Words written from right to left are isolated, so that they cannot reorder their neighbours.
    """
    line = clean_line(text)
    directions = {unicodedata.bidirectional(character) for character in line}
    if not directions & _RIGHT_TO_LEFT:
        return line
    isolate = _LEFT_TO_RIGHT_ISOLATE if "L" in directions else _RIGHT_TO_LEFT_ISOLATE
    return f"{isolate}{line}{_POP_ISOLATE}"


def clean_line(text: str) -> str:
    """Clean as `clean` does, but never isolate: for addresses of pages and for lines of Markdown."""
    seen = unicodedata.normalize("NFC", visible(_BLANKS.sub(" ", text)))
    return _without_piles(_BLANKS.sub(" ", seen)).strip()


def clean_lines(text: str) -> str:
    """Clean as `clean_line` does, line by line: for Markdown, which lives by its lines. Indentation stays."""
    return "\n".join(
        " " * (len(line) - len(line.lstrip(" "))) + clean_line(line) for line in text.splitlines()
    ).strip("\n")


def clean_values(value: Any, name: str = "") -> Any:
    """Clean every text in `value`, however deep it stands in dataclasses, tuples and mappings.

    Fields called `url` or `…_url` hold addresses of pages and are never isolated.
    """
    if isinstance(value, str) and not isinstance(value, Enum):
        return clean_line(value) if name == "url" or name.endswith("_url") else clean(value)
    if isinstance(value, tuple | list):
        return tuple(clean_values(each, name) for each in value)
    if isinstance(value, Mapping):
        return {key: clean_values(each, str(key)) for key, each in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{each.name: clean_values(getattr(value, each.name), each.name) for each in fields(value)}
        )
    return value


def _without_piles(text: str) -> str:
    kept, marks = [], 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)


#: The longest last word of a name that does not stand alone.
_SHORT = 5
#: Filters that mark text as safe or escape it on the way: both would carry values into MJML.
_BARRED_FILTERS = ("safe", "escape", "e", "forceescape", "xmlattr", "tojson", "urlize")

#: What a broken template raises; everything else is a fault of this program.
_FAULTS = (jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError)

_LINE_MARK = re.compile("\ue002([^\ue003]*)\ue003")
_LEADING_MARKS = re.compile(rf"(?:\s*{_LINE_MARK.pattern})+")


@dataclass(frozen=True, slots=True)
class RenderedTemplate:
    """A rendered template, and the file and line of the template that each of its lines came from."""

    text: str
    places: tuple[Place, ...]

    def place(self, line: int) -> Place:
        """Return where line `line` (from 1) of the text was written."""
        return self.places[min(line, len(self.places)) - 1]


def mjml_environment(
    folders: Sequence[Path], sentinels: Sentinels, language: Language = ENGLISH
) -> jinja2.Environment:
    """Make the environment for MJML: every printed value becomes a sentinel."""

    @jinja2.pass_context
    def finalize(_context: object, value: object) -> Markup:
        return put(value)

    def put(value: object) -> Markup:
        if isinstance(value, Markup):
            return value
        return Markup(sentinels.put(value if isinstance(value, Html) else _slot_or_text(value)))

    extensions = [_LineMarks, PartTag]
    environment = _environment(
        folders, language, _MJML, finalize=finalize, autoescape=True, extensions=extensions
    )
    environment.globals.update(template_messages(language, put, Markup))
    environment.filters["note"] = markdown.line_to_html
    environment.globals["block_mark"] = lambda mark: Markup(f"<mj-raw><!--{sentinels.put(mark)}--></mj-raw>")
    return environment


def text_environment(
    folders: Sequence[Path], sentinels: Sentinels, language: Language = ENGLISH
) -> jinja2.Environment:
    """Make the environment for plain text and subjects: values are printed as they are (cleaned), slots as sentinels."""

    @jinja2.pass_context
    def finalize(_context: object, value: object) -> str:
        return put(value)

    def put(value: object) -> str:
        printed = _slot_or_text(value)
        return sentinels.put(printed) if isinstance(printed, PlanSlot) else printed

    environment = _environment(
        folders, language, _TEXT, finalize=finalize, autoescape=False, extensions=[PartTag]
    )
    environment.globals.update(template_messages(language, put, str))
    environment.globals["block_mark"] = sentinels.put
    environment.globals.update(columns.FUNCTIONS)
    shown = set[str]()

    def once(url: str) -> str:
        """Return an address that was not printed before; its words may stand again."""
        said = "" if url in shown else url
        shown.add(url)
        return said

    environment.filters["once"] = once
    environment.filters.update(columns.filters(language))
    environment.filters["note"] = markdown.line_to_text
    return environment


def render(environment: jinja2.Environment, name: str, values: Mapping[str, Any]) -> RenderedTemplate:
    """Render template `name`; raises TemplateError with its file and line."""
    try:
        return _unmarked(environment.get_template(name).render(values), Place(name))
    except jinja2.TemplateSyntaxError as error:
        place = Place(error.filename or error.name or name, error.lineno)
        raise TemplateError(error.message or "its syntax is wrong", place) from error
    except jinja2.TemplateNotFound as error:
        raise TemplateError(f"there is no template {error.name}", Place(name)) from error
    except _FAULTS as error:
        raise TemplateError(str(error), _place_of(error, environment) or Place(name)) from error


def _environment(
    folders: Sequence[Path],
    language: Language,
    compiled: "CompiledTemplates",
    *,
    extensions: Sequence[type[Extension]],
    **options: Any,
) -> jinja2.Environment:
    environment = _Environment(
        loader=jinja2.FileSystemLoader(folders),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        extensions=[*extensions, "jinja2.ext.i18n"],
        bytecode_cache=compiled,
        **options,
    )
    for name in _BARRED_FILTERS:
        environment.filters.pop(name)
    environment.filters.update(
        long_date=language.long_date,
        minutes=lambda count: language.ngettext("%(count)s minute", "%(count)s minutes", count),
        decision=lambda decision: columns.decision_word(decision, language),
        stance=lambda quote: language.stance(quote.stance, quote.tool),
        category=lambda topic: category_in(topic, language),
        initials=_initials,
        bound=_bound,
    )
    environment.newstyle_gettext = True  # type: ignore[attr-defined]  # as the extension has it
    environment.policies["ext.i18n.trimmed"] = True
    environment.globals = {
        "slots": SimpleNamespace(**{name.value: _SlotOfReader(name) for name in SlotName}),
        "range": environment.globals["range"],
    }
    return environment


def template_messages(
    language: Language, put: Callable[[object], str], literal: Callable[[str], str]
) -> dict[str, Callable[..., str]]:
    """Return what `{% trans %}` and `_` call. The text of `{% trans %}` is the template's own, and may hold markup.

    Each value in it is written by `put`, as if the template printed it there. `_("…")` in an expression is a value
    itself, a text like any other.
    """
    translations = language.translations

    def filled(message: str, values: Mapping[str, object], marks: str) -> str:
        return literal(marks + fill_in(message, values, put))

    def gettext(message: str, **values: object) -> str:
        marks, plain = _plain_message(message)
        return filled(translations.gettext(plain), values, marks)

    def ngettext(one: str, many: str, count: int, /, **values: object) -> str:
        (marks, one), (_, many) = _plain_message(one), _plain_message(many)
        return filled(translations.ngettext(one, many, count), values, marks)

    def pgettext(context: str, message: str, **values: object) -> str:
        marks, plain = _plain_message(message)
        return filled(translations.pgettext(context, plain), values, marks)

    def text(message: str, **values: object) -> str:
        return fill_in(translations.gettext(message), values, _word)

    return {"gettext": gettext, "ngettext": ngettext, "pgettext": pgettext, "_": text}


_VALUE = re.compile(r"%(?:\((\w+)\)s|%)")


def fill_in(message: str, values: Mapping[str, object], write: Callable[[object], str]) -> str:
    """Fill in a message: each value is written by `write`, in the order in which the message has them."""
    return _VALUE.sub(lambda match: write(values[match[1]]) if match[1] else "%", message)


def _plain_message(message: str) -> tuple[str, str]:
    """Return the first mark of a line in a template's message, and the message as the catalogue has it."""
    mark = _LINE_MARK.search(message)
    return mark[0] if mark else "", _BLANKS.sub(" ", _LINE_MARK.sub("", message)).strip(" ")


def _word(value: object) -> str:
    """Write a value within a text; slots cannot stand there."""
    return str(_slot_or_text(value))


class CompiledTemplates(jinja2.BytecodeCache):
    """The templates' code, kept while their text stays the same: compiling it is most of what an issue costs.

    One for each kind of environment: the code depends on its extensions and on what it escapes.
    """

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, CodeType]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        checksum, code = self._kept.get(bucket.key, ("", None))
        bucket.code = code if checksum == bucket.checksum else None

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._kept[bucket.key] = (bucket.checksum, bucket.code)


_MJML, _TEXT = CompiledTemplates(), CompiledTemplates()


class _Environment(ImmutableSandboxedEnvironment):
    def join_path(self, template: str, parent: str) -> str:
        """Find a partial (`_name`) beside the template that asks for it."""
        return f"{parent.rpartition('/')[0]}/{template}" if template.startswith("_") else template


class _SlotOfReader(PlanSlot):
    """A slot as templates see it: it can be printed, and nothing else."""

    __slots__ = ()

    def __str__(self) -> str:
        raise jinja2.TemplateRuntimeError(
            f"slots.{self.name} can only be printed as it is: {{{{ slots.{self.name} }}}}"
        )


class PartTag(Extension):
    """`{% part "card:" ~ card.tool_id %} … {% endpart %}`: a block of the plan, complete in itself."""

    tags = {"part"}  # noqa: RUF012 (Jinja2 reads a set)

    def parse(self, parser: Parser) -> list[nodes.Node]:
        line = next(parser.stream).lineno
        id_ = parser.parse_expression()
        body = parser.parse_statements(("name:endpart",), drop_needle=True)
        begin = self.call_method("_begin", [id_], lineno=line)
        end = self.call_method("_end", lineno=line)
        return [nodes.Output([begin], lineno=line), *body, nodes.Output([end], lineno=line)]

    def _begin(self, id_: object) -> Any:
        if not isinstance(id_, str) or not id_:
            raise jinja2.TemplateRuntimeError(f"a part needs a name, not {id_!r}")
        return self._mark(BlockBegin(id_))

    def _end(self) -> Any:
        return self._mark(BlockEnd())

    def _mark(self, mark: BlockBegin | BlockEnd) -> Any:
        block_mark: Any = self.environment.globals["block_mark"]
        return block_mark(mark)


class _LineMarks(Extension):
    """Puts the template's file and line before every line of its literal text; `_unmarked` takes them out."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        for token in stream:
            if token.type == "data":
                file = stream.filename or stream.name
                lines = token.value.split("\n")
                marked = (f"\ue002{file}:{token.lineno + n}\ue003{line}" for n, line in enumerate(lines))
                yield Token(token.lineno, "data", "\n".join(marked))
            else:
                yield token


def _unmarked(text: str, start: Place) -> RenderedTemplate:
    places, place = [], start
    for line in text.split("\n"):
        leading = _LEADING_MARKS.match(line)
        place = _place(leading[1]) if leading else place
        places.append(place)
        marks = _LINE_MARK.findall(line)
        place = _place(marks[-1]) if marks else place
    return RenderedTemplate(_LINE_MARK.sub("", text), tuple(places))


def _place(mark: str) -> Place:
    file, _, line = mark.rpartition(":")
    return Place(file, int(line))


def _place_of(error: BaseException, environment: jinja2.Environment) -> Place | None:
    """Find the innermost line of a template on the way to `error`: Jinja2 writes them into the traceback."""
    loader = environment.loader
    assert isinstance(loader, jinja2.FileSystemLoader)
    place, step = None, error.__traceback__
    while isinstance(step, TracebackType):
        file = step.tb_frame.f_code.co_filename
        if any(Path(folder) in Path(file).parents for folder in loader.searchpath) and file.endswith(".j2"):
            place = Place(file, step.tb_lineno)
        step = step.tb_next
    return place


def _slot_or_text(value: object) -> PlanSlot | str:
    """Return what may be printed: slots, texts, figures and whole numbers. Anything else is a slip of the template."""
    if isinstance(value, PlanSlot):
        return PlanSlot(value.name)
    if isinstance(value, jinja2.Undefined):
        str(value)
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal | Figure):
        raise jinja2.TemplateRuntimeError(f"only texts and whole numbers can be printed, not {value!r:.80}")
    return value.value if isinstance(value, Enum) else str(value)


def _initials(name: str) -> list[str]:
    """Return the first letters of a name's first two words."""
    return [word[0] for word in name.strip(ISOLATES).split()[:2]]


def _bound(name: str) -> str:
    """Keep a short last word of a name with the one before: "Tessel Coder 2" breaks before "Coder"."""
    head, _, tail = name.rpartition(" ")
    return f"{head}\u00a0{tail}" if head and len(tail.strip(ISOLATES)) <= _SHORT else name
