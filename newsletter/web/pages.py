"""Render a page: a template and the values that it uses, as HTML.

    return show(request, "follow-mailed", tool=tool)      # templates/web/follow-mailed.html.j2 sees `tool` and `site`

A test reads every such call and holds its values to what the template uses. Templates are found like those of mails: the
operator's own folder first, then ours. Readers' pages are in the language of the settings, the desk's in English. What a
route asks of a request is in dependencies.py, what the desk's pages share in desk/layout.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
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
from newsletter.digest.arranging import ROOM_NAMES, rooms_for
from newsletter.digest.categories import category_in
from newsletter.digest.issues import Issue
from newsletter.language import ENGLISH, Language
from newsletter.render.columns import decision_word
from newsletter.render.environment import CompiledTemplates, template_messages
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

    def render(self, template: str, **values: object) -> str:
        """Return templates/web/<template>.html.j2 with these values as HTML."""
        environment = self.desk_environment if template.startswith("desk/") else self.environment
        return environment.get_template(f"web/{template}.html.j2").render(values, site=self.site)


_COMPILED = CompiledTemplates()


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
        bytecode_cache=_COMPILED,
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
        stance=lambda quote: language.stance(quote.stance, quote.tool),
        # 26 Nov 2026 09:00.
        moment=lambda at: f"{at.astimezone(zone):%d %b %Y %H:%M}",
        initials=lambda name: [word[0] for word in name.split()[:2]],
        asset=asset,
        category_name=lambda category: category_in(category, language),
        # An editor's Markdown, cleaned by render/markdown.py.
        note=lambda markdown: Markup(line_to_html(markdown).markup),
        room_name=ROOM_NAMES.__getitem__,
        rooms_for=rooms_for,
    )
    return environment


def render(request: Request, template: str, **values: object) -> str:
    """Return a page as HTML."""
    pages: Pages = request.app.state.pages
    return pages.render(template, **values)


def show(request: Request, template: str, *, status_code: int = 200, **values: object) -> HTMLResponse:
    """Answer with a page. Unless the response says otherwise it is personal: security.py keeps it from caches."""
    return HTMLResponse(render(request, template, **values), status_code)


def issue_name(issue: Issue) -> str:
    """Return what pages call an issue: "Weekly #12", or before it has a number "Weekly" and its id."""
    return f"{issue.edition.value.capitalize()} {issue.label}"


def issue_title(issue: ArchivedIssue, language: Language) -> str:
    """Return what readers' pages call an issue that went out: "Weekly issue 12"."""
    if issue.edition is Edition.WEEKLY:
        return language.gettext("Weekly issue %(number)s", number=issue.number)
    return language.gettext("Monthly issue %(number)s", number=issue.number)
