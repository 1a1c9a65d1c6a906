"""The mail itself, to be looked at: in a frame on any page of the desk, and on a page of its own with every option.

What the frame shows is the sender's composition for somebody, not a likeness: only the scheme and the images are decided
here instead of by a mail program, and links open beside it. Links that act for a reader lead nowhere. All options stand in
the address of the page, so that a preview can be kept and sent on; a reader stands there by number.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from html import escape
from typing import Any, TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from newsletter.app import App
from newsletter.digest.content import IssueContent
from newsletter.digest.issues import Issue
from newsletter.editing.cache import CheckedIssue
from newsletter.editing.compiled import CompiledIssue
from newsletter.editing.editors import Editor
from newsletter.editing.issues import find_issue_before
from newsletter.editing.preview import (
    Format,
    Personalization,
    Weight,
    compose,
    find_reader_id,
    part_of,
    personalize,
    personalize_for_viewing,
    topics_in,
    weight_of,
)
from newsletter.errors import BadInput, NotFound
from newsletter.readers.preferences import NO_PREFERENCES, OF_CONTENT, Preferences, read_preferences
from newsletter.render.scheme import Scheme, in_scheme, with_links_outside
from newsletter.web.dependencies import Cached, Installed, OneIssue, cache_of
from newsletter.web.desk.auth import AnyEditor, DeskForm, NotAllowed, Publisher
from newsletter.web.desk.flash import done
from newsletter.web.desk.layout import show_desk

router = APIRouter(include_in_schema=False)

#: The one answer of the desk with styles in it: they are the mail's own. Nothing in it runs, and links open beside it.
SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
SECURITY = (
    f"sandbox {SANDBOX}; default-src 'none'; style-src 'unsafe-inline'; img-src {{images}}; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'self'"
)
IMAGES, NO_IMAGES = "'self' https: data:", "'none'"


class Width(StrEnum):
    PHONE = "phone"
    DESKTOP = "desktop"


class Part(StrEnum):
    """What of the mail is shown."""

    MAIL = "mail"
    TEXT = "text"
    HEADERS = "headers"
    SOURCE = "source"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewOptions:
    """How a mail is shown. `reader` is a reader's number, 0 for somebody made up with these `preferences`."""

    width: Width = Width.DESKTOP
    scheme: Scheme = Scheme.LIGHT
    images: bool = True
    part: Part = Part.MAIL
    beside: bool = False
    reader: int = 0
    preferences: Preferences = NO_PREFERENCES

    def query(self, **changes: Any) -> str:
        """Return the same options but for the changes, as the end of an address: "?width=phone", or nothing."""
        other = replace(self, **changes)
        usual = PreviewOptions()
        pairs: list[tuple[str, str]] = [
            (name, getattr(other, name).value)
            for name in ("width", "scheme", "part")
            if getattr(other, name) is not getattr(usual, name)
        ]
        pairs += [] if other.images else [("images", "off")]
        pairs += [("beside", "on")] if other.beside else []
        pairs += [("reader", str(other.reader))] if other.reader else []
        pairs += [("topics", each) for each in other.preferences.topics]
        pairs += [("tools", each) for each in other.preferences.tools]
        texts = other.preferences.as_texts()
        pairs += [(name, texts[name]) for name in OF_CONTENT if texts.get(name)]
        return f"?{urlencode(pairs)}" if pairs else ""

    @property
    def is_made_up(self) -> bool:
        """Whether it is as somebody with preferences, whom there is not."""
        return not self.reader and self.preferences != NO_PREFERENCES


def topics_of(letter: IssueContent) -> list[str]:
    """Return the topics that a made-up reader of the issue can choose."""
    return sorted(set(topics_in(letter)), key=str.casefold)


def options_of(request: Request, topics: Sequence[str], today: date) -> PreviewOptions:
    """Return the options in an address: what is not understood is as usual. Raises FieldFault for a wrong number."""
    asked = request.query_params
    many = {name: asked.getlist(name) for name in ("topics", "tools")}
    chosen = read_preferences(dict(asked), many, topics=topics, today=today)
    return PreviewOptions(
        width=_one(Width, asked, "width", Width.DESKTOP),
        scheme=_one(Scheme, asked, "scheme", Scheme.LIGHT),
        images=asked.get("images") != "off",
        part=_one(Part, asked, "part", Part.MAIL),
        beside=asked.get("beside") == "on",
        reader=int(asked["reader"][:18]) if asked.get("reader", "").isdecimal() else 0,
        preferences=chosen.of_content(),
    )


_Choice = TypeVar("_Choice", bound=StrEnum)


def _one(kind: type[_Choice], asked: Mapping[str, str], name: str, usual: _Choice) -> _Choice:
    given = asked.get(name, "")
    return kind(given) if given in set(kind) else usual


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFrame:
    """An issue's mail in a frame, and what is to be known of it; without a mail `look.compiled.fault` says why."""

    issue: Issue
    look: CheckedIssue
    options: PreviewOptions = PreviewOptions()
    sandbox: str = SANDBOX

    @property
    def letter(self) -> IssueContent:
        return self.look.compiled.letter

    @property
    def weight(self) -> Weight | None:
        return None if self.look.compiled.sent is None else weight_of(self.look.compiled.sent)

    @property
    def src(self) -> str:
        return f"/desk/issues/{self.issue.id}/mail{self.options.query(width=Width.DESKTOP, beside=False)}"


@router.get("/desk/issues/{issue_id}/mail")
def mail(request: Request, app: Installed, editor: AnyEditor, issue: OneIssue) -> Response:
    compiled = cache_of(request).compiled(issue)
    options = _options(request, app, editor, compiled)
    security = SECURITY.format(images=IMAGES if options.images else NO_IMAGES)
    headers = {"Content-Security-Policy": security, "X-Frame-Options": "SAMEORIGIN"}
    if compiled.plan is None:
        words = compiled.fault.reason if compiled.fault else ""
        return HTMLResponse(f"<!doctype html><title>No mail</title><p>{escape(words)}", 422, headers=headers)
    html = part_of(_message(app, compiled, options), Format.HTML)
    return HTMLResponse(with_links_outside(in_scheme(html, options.scheme)), headers=headers)


@router.get("/desk/issues/{issue_id}/preview")
def preview(request: Request, app: Installed, editor: AnyEditor, issue: OneIssue) -> Response:
    look = cache_of(request).checked(issue)
    try:
        options = _options(request, app, editor, look.compiled)
    except BadInput as error:
        return _page(request, app, editor, issue, look, PreviewOptions(), faults=(str(error),))
    return _page(request, app, editor, issue, look, options)


@router.post("/desk/issues/{issue_id}/preview")
def look_as(
    request: Request, app: Installed, cache: Cached, editor: Publisher, issue: OneIssue, form: DeskForm
) -> Response:
    """Look as the reader with an address: in the page's own address stands their number."""
    typed = form.get("address")
    try:
        reader_id = find_reader_id(app, typed)
    except NotFound:
        fault = f"No reader has the address {typed}."
    except BadInput as error:
        fault = str(error)
    else:
        return done(f"/desk/issues/{issue.id}/preview{PreviewOptions(reader=reader_id).query()}")
    look = cache.checked(issue)
    return _page(request, app, editor, issue, look, PreviewOptions(), typed=typed, faults=(fault,))


def _page(
    request: Request,
    app: App,
    editor: Editor,
    issue: Issue,
    look: CheckedIssue,
    options: PreviewOptions,
    *,
    typed: str = "",
    faults: tuple[str, ...] = (),
) -> Response:
    compiled = look.compiled
    address = ""
    if options.reader and compiled.plan is not None:
        address = _copy(app, compiled, options).values["address"]
    with app.database.read() as connection:
        before = find_issue_before(connection, issue)
    letter = compiled.letter
    costs = letter.lead.costs if letter.lead is not None else None
    return show_desk(
        request,
        "desk/preview",
        editor,
        "issues",
        status_code=422 if faults else 200,
        issue=issue,
        frame=MailFrame(issue=issue, look=look, options=options),
        before=MailFrame(issue=before, look=cache_of(request).checked(before), options=options)
        if before is not None and options.beside
        else None,
        shown=_shown(app, compiled, options),
        switches=list(_switches(issue, options, has_before=before is not None)),
        # What a made-up reader can choose: only that changes their copy.
        topics=topics_of(letter),
        tools=letter.followed,
        has_costs=costs is not None and costs.rates is not None,
        address=address,
        typed=typed,
        faults=faults,
    )


def _options(request: Request, app: App, editor: Editor, compiled: CompiledIssue) -> PreviewOptions:
    """Return the options that are asked for; raises NotAllowed where a writer asks for a reader's."""
    today = app.clock.now().astimezone(app.settings.zone).date()
    options = options_of(request, topics_of(compiled.letter), today)
    if options.reader and not editor.may_publish:
        raise NotAllowed
    return options


def _copy(app: App, compiled: CompiledIssue, options: PreviewOptions) -> Personalization:
    assert compiled.plan is not None
    if options.reader:
        return personalize_for_viewing(app, compiled.letter, compiled.plan, options.reader)
    return personalize(app, compiled.letter, compiled.plan, options.preferences)


def _message(app: App, compiled: CompiledIssue, options: PreviewOptions) -> bytes:
    assert compiled.plan is not None
    copy = _copy(app, compiled, options)
    return compose(compiled.plan, copy.values, copy.program)


def _shown(app: App, compiled: CompiledIssue, options: PreviewOptions) -> str:
    """Return what stands in place of the frame; empty for the mail itself."""
    if options.part is Part.MAIL or compiled.plan is None:
        return ""
    message = _message(app, compiled, options)
    match options.part:
        case Part.TEXT:
            return part_of(message, Format.TEXT)
        case Part.HEADERS:
            message = message.partition(b"\r\n\r\n")[0]
    return message.decode("utf-8", "replace").replace("\r\n", "\n")


#: The options that a link changes: heading, field of PreviewOptions, and its values with what they are called.
_SWITCHES: Sequence[tuple[str, str, Sequence[tuple[object, str]]]] = (
    (
        "Show",
        "part",
        (
            (Part.MAIL, "Mail"),
            (Part.TEXT, "Text part"),
            (Part.HEADERS, "Headers"),
            (Part.SOURCE, "Source"),
        ),
    ),
    ("Width", "width", [(each, each.capitalize()) for each in Width]),
    ("Scheme", "scheme", [(each, each.capitalize()) for each in Scheme]),
    ("Images", "images", ((True, "Shown"), (False, "Off"))),
    ("Beside", "beside", ((False, "Alone"), (True, "The issue before"))),
)


def _switches(
    issue: Issue, options: PreviewOptions, *, has_before: bool
) -> Iterator[tuple[str, list[tuple[str, str, bool]]]]:
    """Yield headings with their links: words, path, whether it is so now."""
    for heading, name, values in _SWITCHES:
        # Words are as wide as they are.
        if (name != "part" and options.part is not Part.MAIL) or (name == "beside" and not has_before):
            continue
        now = getattr(options, name)
        path = f"/desk/issues/{issue.id}/preview"
        yield (
            heading,
            [(words, f"{path}{options.query(**{name: each})}", now == each) for each, words in values],
        )
