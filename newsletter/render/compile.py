"""Templates and values compiled into a `Plan`: the way from Jinja2 over MJML to segments, slots and blocks.

Runs once for an issue or a single mail, never for a reader. Opens templates, and nothing else.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

from mjml import mjml_to_html

from newsletter.db.statuses import Edition
from newsletter.digest.content import IssueContent
from newsletter.errors import BadInput, Place, TemplateError
from newsletter.language import ENGLISH, Language, open_language
from newsletter.render import markdown
from newsletter.render.environment import (
    ISOLATES,
    RenderedTemplate,
    clean_lines,
    clean_values,
    mjml_environment,
    render,
    text_environment,
)
from newsletter.render.headers import MessageFrame, issue_headers, single_mail_headers
from newsletter.render.lint import lint
from newsletter.render.plan import FRAME, Block, Plan, PlanSlot, Segment
from newsletter.render.sentinels import BlockBegin, BlockEnd, Html, Literal, LostSentinel, Printed, Sentinels

# Finished HTML or text cut at its sentinels into the blocks of a plan.
#
# Values go in here: escaped for HTML, bare for text. Checks that each block is complete in itself, so that a reader's
# program can leave it out or move it.

#: The end of a tag that a value continues with an address.
_IN_ADDRESS = re.compile(r'\b(?:href|src|background|action)="$', re.IGNORECASE)
#: A path is one of our own pages as long as nobody has said where they are; nothing is sent before.
_ADDRESS = re.compile(r"https?://[^/\s]\S*|mailto:\S+|/(?:[^/\s]\S*)?", re.IGNORECASE)
#: Behind a whole tag, but for a title's, whose words are no markup.
_IN_TEXT = re.compile(r">[^<>]*\Z(?<!<title>)")
#: "4–0" on one line: browsers break after a dash.
_SPLIT = re.compile(r"\d+–\d+")
_UNBROKEN = r'<span style="white-space:nowrap">\g<0></span>'
_PAIRS = (
    ("<!--[if", "<![endif]"),
    ("<table", "</table"),
    ("<tr", "</tr"),
    ("<td", "</td"),
    ("<div", "</div"),
)


class BrokenBlock(ValueError):
    """A part of a template cannot stand alone."""


Filler = Callable[[str, Printed], Segment]


def html_blocks(html: str, sentinels: Sentinels) -> tuple[Block, ...]:
    """Return the blocks of an HTML part; raises BrokenBlock, LostSentinel, and BadInput for an address that is none."""
    blocks = tuple(block for block in _cut(sentinels.split(html), _html_value) if block.segments != (" ",))
    for block in blocks:
        if block.id != FRAME:
            _check_complete(block)
    return blocks


def text_blocks(text: str, sentinels: Sentinels) -> tuple[Block, ...]:
    """Return the blocks of a text part, each ended by one empty line, so that any of them can follow any other."""
    *blocks, last = (
        _spaced(block, "\n\n") for block in _cut(sentinels.split(text), _text_value) if not _blank(block)
    )
    return (*blocks, _spaced(last, "\n"))


def _cut(pieces: Iterable[Literal | Printed], fill: Filler) -> Iterator[Block]:
    id_, segments = FRAME, list[Segment]()
    for piece in pieces:
        if isinstance(piece, BlockBegin | BlockEnd):
            if isinstance(piece, BlockEnd) is (id_ == FRAME):
                raise BrokenBlock("parts cannot stand in each other")
            if segments:
                yield Block(id_, tuple(segments))
            id_, segments = (piece.id if isinstance(piece, BlockBegin) else FRAME), []
        else:
            before = segments[-1] if segments and isinstance(segments[-1], str) else ""
            _append(segments, piece.text if isinstance(piece, Literal) else fill(before, piece))
    if id_ != FRAME:
        raise BrokenBlock(f"part {id_} does not end")
    if segments:
        yield Block(id_, tuple(segments))


def _append(segments: list[Segment], segment: Segment) -> None:
    last = segments[-1] if segments else None
    if isinstance(segment, str) and isinstance(last, str):
        segments[-1] = last + segment
    elif segment:
        segments.append(segment)


def _html_value(before: str, value: Printed) -> Segment:
    if isinstance(value, PlanSlot):
        return value
    if isinstance(value, Html):
        return value.markup
    text = str(value)
    if _IN_ADDRESS.search(before[-40:]):
        return escape(_address(text.strip(ISOLATES)))
    return _SPLIT.sub(_UNBROKEN, escape(text)) if _IN_TEXT.search(before) else escape(text)


def _text_value(_before: str, value: Printed) -> Segment:
    return value if isinstance(value, PlanSlot) else str(value)


def _address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise BadInput(
            f"{text!r:.120} is to be a link, but an address such as https://example.org was expected."
        )
    return text


def _check_complete(block: Block) -> None:
    static = "".join(segment for segment in block.segments if isinstance(segment, str))
    for opening, end in _PAIRS:
        if static.count(opening) != static.count(end):
            raise BrokenBlock(
                f"part {block.id} is not complete in itself: {opening}> and {end}> differ in number"
            )


def _blank(block: Block) -> bool:
    return all(isinstance(segment, str) and not segment.strip() for segment in block.segments)


def _spaced(block: Block, end: str) -> Block:
    """Return the block without empty lines around it, and with `end` behind it."""
    first, *rest = block.segments
    segments = [first.lstrip("\n") if isinstance(first, str) else first, *rest]
    last = segments[-1]
    if isinstance(last, str):
        segments[-1] = last.rstrip() + end
    else:
        segments.append(end)
    return Block(block.id, tuple(segments))


# The one door to PyPI `mjml`: MJML in, HTML out, with its gaps guarded.
#
# The port does not validate, so the linter goes first; it keeps authors' comments unless told otherwise; and it is
# the reference's twin only for the components that the linter lets through.

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


def minify(html: str) -> str:
    """Return the same document in fewer bytes."""
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


_AIR = re.compile(r"\n{3,}")
_TRAILING = re.compile(r"[ \t]+\n")


def compile_issue(letter: IssueContent, frame: MessageFrame, folders: Sequence[Path]) -> Plan:
    """Compile an issue's plan. `folders` are those of `template_folders`.

    Raises TemplateError for a broken template, and BadInput for a link that is none. How large it may be is checked
    where it is known what leaves: links may be numbered yet.
    """
    values = issue_values(letter, frame)
    language = open_language(frame.language, folders)
    name = template_of(letter.masthead.edition)
    return Plan(
        headers=issue_headers(frame, _subject(name, values, folders, language)),
        text=_text(name, values, folders, language),
        html=_html(name, values, folders, language),
    )


def compile_mail(
    kind: str, values: Mapping[str, object], frame: MessageFrame, folders: Sequence[Path]
) -> Plan:
    """Compile a single mail's plan, from `templates/email/<kind>/`; the templates say which `values` they print."""
    name = f"email/{kind}"
    language = open_language(frame.language, folders)
    cleaned = {**clean_values(dict(values)), "frame": frame}
    return Plan(
        headers=single_mail_headers(frame, _subject(name, cleaned, folders, language)),
        text=_text(name, cleaned, folders, language),
        html=_html(name, cleaned, folders, language),
    )


def template_of(edition: Edition) -> str:
    """Return the folder of an edition's templates."""
    return f"email/{edition}"


def issue_values(letter: IssueContent, frame: MessageFrame) -> dict[str, Any]:
    """Return what an issue's templates see: the cleaned letter, the frame, and the note in both forms (None for none)."""
    note = clean_lines(letter.note)
    address = ", ".join(line.strip() for line in letter.footer.postal_address.splitlines() if line.strip())
    on_one_line = replace(letter, footer=replace(letter.footer, postal_address=address))
    return {
        "letter": clean_values(on_one_line),
        "frame": frame,
        "note_html": markdown.to_html(note) if note else None,
        "note_text": markdown.to_text(note) if note else None,
    }


def mjml_source(
    name: str,
    values: Mapping[str, Any],
    folders: Sequence[Path],
    sentinels: Sentinels,
    language: Language = ENGLISH,
) -> RenderedTemplate:
    """Render the MJML of a mail with sentinels for its values: what the linter and the renderer read."""
    return render(mjml_environment(folders, sentinels, language), f"{name}/body.mjml.j2", values)


def _html(
    name: str, values: Mapping[str, Any], folders: Sequence[Path], language: Language
) -> tuple[Block, ...]:
    sentinels = Sentinels()
    source = mjml_source(name, values, folders, sentinels, language)
    html = minify(html_of(source))
    try:
        sentinels.check_all_arrived(source.text, html)
        return html_blocks(html, sentinels)
    except (LostSentinel, BrokenBlock) as error:
        raise TemplateError(str(error), Place(f"{name}/body.mjml.j2")) from error


def _text(
    name: str, values: Mapping[str, Any], folders: Sequence[Path], language: Language
) -> tuple[Block, ...]:
    sentinels = Sentinels()
    template = f"{name}/body.txt.j2"
    rendered = render(text_environment(folders, sentinels, language), template, values).text
    text = _AIR.sub("\n\n", _TRAILING.sub("\n", rendered))
    try:
        return text_blocks(text, sentinels)
    except (LostSentinel, BrokenBlock) as error:
        raise TemplateError(str(error), Place(template)) from error


def _subject(name: str, values: Mapping[str, Any], folders: Sequence[Path], language: Language) -> str:
    """Render the subject on one line; slots cannot stand in it."""
    sentinels = Sentinels()
    template = f"{name}/subject.txt.j2"
    subject = " ".join(render(text_environment(folders, sentinels, language), template, values).text.split())
    if not subject or list(sentinels.split(subject))[1:]:
        raise TemplateError("a subject is one line of text, the same for everyone", Place(template))
    return subject
