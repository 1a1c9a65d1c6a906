"""Templates and values compiled into a `Plan`: the way from Jinja2 over MJML to segments, slots and blocks.

Runs once for an issue or a single mail, never for a reader. Opens templates, and nothing else.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from newsletter.db.statuses import Edition
from newsletter.digest.content import IssueContent
from newsletter.errors import Place, TemplateError
from newsletter.language import ENGLISH, Language, open_language
from newsletter.render import markdown
from newsletter.render.blocks import BrokenBlock, html_blocks, text_blocks
from newsletter.render.environment import (
    RenderedTemplate,
    clean_lines,
    clean_values,
    mjml_environment,
    render,
    text_environment,
)
from newsletter.render.headers import MessageFrame, issue_headers, single_mail_headers
from newsletter.render.mjml import html_of, minify
from newsletter.render.plan import Block, Plan
from newsletter.render.sentinels import LostSentinel, Sentinels

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
