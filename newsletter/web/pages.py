"""Render a page: a frozen dataclass with what its template may use, and the template, as HTML.

A page's template sees the fields of its dataclass and `site`; a test holds each to the other. The templates are
templates/web/<page>.html.j2, found like those of mails: the operator's own folder first, then ours. Readers' pages are
in the language of the settings, the desk's in English. What a route asks of a request is in dependencies.py, what the
desk's pages share in desk/layout.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

import jinja2
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from newsletter.app import App
from newsletter.config import Settings
from newsletter.db.statuses import Edition
from newsletter.digest.archive import ArchivedIssue
from newsletter.digest.categories import category_in
from newsletter.digest.issues import Issue
from newsletter.digest.selection import ROOM_NAMES
from newsletter.language import ENGLISH, Language
from newsletter.render.columns import decision_word
from newsletter.render.environment import template_messages
from newsletter.render.markdown import line_to_html
from newsletter.web.assets import asset, mark_path, style_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What every page says of the newsletter. URLs are without a slash at their end."""

    name: str
    language: str
    public_url: str
    site_url: str
    style_path: str
    mark_path: str
    controller: str
    privacy_url: str
    postal_address: str
    reply_to: str

    @classmethod
    def of(cls, settings: Settings) -> "Site":
        return cls(
            name=settings.site.name,
            language=settings.site.language,
            public_url=settings.site.public_url.rstrip("/"),
            site_url=settings.site.url,
            style_path=style_path(),
            mark_path=mark_path(settings.site.name),
            controller=settings.site.controller,
            privacy_url=settings.site.privacy_url,
            postal_address=settings.site.postal_address,
            reply_to=settings.mail.reply_to,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one page's template sees, beside `site`."""

    template: ClassVar[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLinkPage(Page):
    """For every link that is forged, cut, meant for something else, too old, or nobody's: always the same."""

    template: ClassVar[str] = "bad-link"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPage(Page):
    """Something else that did not work, and what to do."""

    template: ClassVar[str] = "error"
    title: str
    words: str


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of one installation."""

    site: Site
    #: For readers, and for the desk.
    environment: jinja2.Environment
    desk_environment: jinja2.Environment

    @classmethod
    def of(cls, app: App) -> "Pages":
        folders, zone = app.template_folders, app.settings.zone
        environment = make_environment(folders, zone, app.settings.language)
        return cls(Site.of(app.settings), environment, make_environment(folders, zone))

    def write(self, page: Page) -> str:
        """Return the page as HTML."""
        values = {each.name: getattr(page, each.name) for each in fields(page)}
        environment = self.desk_environment if page.template.startswith("desk/") else self.environment
        return environment.get_template(f"web/{page.template}.html.j2").render(values, site=self.site)


def make_environment(
    folders: Sequence[Path], zone: ZoneInfo, language: Language = ENGLISH
) -> jinja2.Environment:
    """Return templates, strict and sandboxed, that escape every value and show moments as the clocks of `zone` do."""
    environment = ImmutableSandboxedEnvironment(
        loader=jinja2.FileSystemLoader(folders),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.newstyle_gettext = True  # type: ignore[attr-defined]  # as the extension has it
    environment.policies["ext.i18n.trimmed"] = True
    environment.globals.update(template_messages(language, escape, Markup))
    environment.filters.update(
        issue_name=issue_name,
        issue_title=lambda issue: issue_title(issue, language),
        day_of_year=language.day_of_year,
        long_date=language.long_date,
        count=language.count,
        decision=lambda decision: decision_word(decision, language),
        stance=lambda stance: language.gettext("for") if stance == "for" else language.gettext("against"),
        moment=lambda at: _moment(at, zone),
        initials=_initials,
        asset=asset,
        category_name=lambda category: category_in(category, language),
        note=_note,
        room_name=ROOM_NAMES.__getitem__,
    )
    return environment


def show(request: Request, page: Page, status: int = 200) -> HTMLResponse:
    """Answer with a page. Unless the response says otherwise it is personal: security.py keeps it from caches."""
    pages: Pages = request.app.state.pages
    return HTMLResponse(pages.write(page), status)


def issue_name(issue: Issue) -> str:
    """Return what pages call an issue: "Weekly #12", or before it has a number "Weekly" and its id."""
    return f"{issue.edition.value.capitalize()} {issue.label}"


def issue_title(issue: ArchivedIssue, language: Language) -> str:
    """Return what readers' pages call an issue that went out: "Weekly issue 12"."""
    if issue.edition is Edition.WEEKLY:
        return language.gettext("Weekly issue %(number)s", number=issue.number)
    return language.gettext("Monthly issue %(number)s", number=issue.number)


def _moment(at: datetime, zone: ZoneInfo) -> str:
    """26 Nov 2026 09:00."""
    return f"{at.astimezone(zone):%d %b %Y %H:%M}"


def _note(markdown: str) -> Markup:
    """An editor's note on one item: its Markdown, cleaned by render/markdown.py."""
    return Markup(line_to_html(markdown).markup)


def _initials(name: str) -> list[str]:
    """The first letters of a name's first two words."""
    return [word[0] for word in name.split()[:2]]
