"""Templates and values compiled into a `Plan`: the way from Jinja2 over MJML to segments, slots and blocks.

Runs once for an issue or a single mail, never for a reader. Opens templates, and nothing else.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from newsletter.db.statuses import Edition
from newsletter.digest.letter import Letter
from newsletter.errors import Place, TemplateError
from newsletter.render import markdown
from newsletter.render.blocks import BrokenBlock, html_blocks, text_blocks
from newsletter.render.clean import clean_lines, clean_values
from newsletter.render.environment import Source, mjml_environment, render, text_environment
from newsletter.render.frame import MessageFrame
from newsletter.render.headers import issue_headers, single_mail_headers
from newsletter.render.minify import minify
from newsletter.render.mjml import html_of
from newsletter.render.plan import Block, Plan
from newsletter.render.sentinels import LostSentinel, Sentinels

_AIR = re.compile(r"\n{3,}")
_TRAILING = re.compile(r"[ \t]+\n")


def compile_letter(letter: Letter, frame: MessageFrame, folders: Sequence[Path]) -> Plan:
    """An issue's plan. `folders` are those of `template_folders`.

    Raises TemplateError for a broken template, and BadInput for a link that is none. How large it may be is checked
    where it is known what leaves: links may be numbered yet.
    """
    values = letter_values(letter, frame)
    name = template_of(letter.masthead.edition)
    return Plan(
        headers=issue_headers(frame, _subject(name, values, folders)),
        text=_text(name, values, folders),
        html=_html(name, values, folders),
    )


def compile_mail(
    kind: str, values: Mapping[str, object], frame: MessageFrame, folders: Sequence[Path]
) -> Plan:
    """A single mail's plan, from `templates/email/<kind>/`; the templates say which `values` they print."""
    name = f"email/{kind}"
    cleaned = {**clean_values(dict(values)), "frame": frame}
    return Plan(
        headers=single_mail_headers(frame, _subject(name, cleaned, folders)),
        text=_text(name, cleaned, folders),
        html=_html(name, cleaned, folders),
    )


def template_of(edition: Edition) -> str:
    """The folder of an edition's templates."""
    return f"email/{edition}"


def letter_values(letter: Letter, frame: MessageFrame) -> dict[str, Any]:
    """What an issue's templates see: the cleaned letter, the frame, and the note in both forms (None for none)."""
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
    name: str, values: Mapping[str, Any], folders: Sequence[Path], sentinels: Sentinels
) -> Source:
    """The MJML of a mail with sentinels for its values: what the linter and the renderer read."""
    return render(mjml_environment(folders, sentinels), f"{name}/body.mjml.j2", values)


def _html(name: str, values: Mapping[str, Any], folders: Sequence[Path]) -> tuple[Block, ...]:
    sentinels = Sentinels()
    source = mjml_source(name, values, folders, sentinels)
    html = minify(html_of(source))
    try:
        sentinels.check_all_arrived(source.text, html)
        return html_blocks(html, sentinels)
    except (LostSentinel, BrokenBlock) as error:
        raise TemplateError(str(error), Place(f"{name}/body.mjml.j2")) from error


def _text(name: str, values: Mapping[str, Any], folders: Sequence[Path]) -> tuple[Block, ...]:
    sentinels = Sentinels()
    template = f"{name}/body.txt.j2"
    rendered = render(text_environment(folders, sentinels), template, values).text
    text = _AIR.sub("\n\n", _TRAILING.sub("\n", rendered))
    try:
        return text_blocks(text, sentinels)
    except (LostSentinel, BrokenBlock) as error:
        raise TemplateError(str(error), Place(template)) from error


def _subject(name: str, values: Mapping[str, Any], folders: Sequence[Path]) -> str:
    """The subject on one line; slots cannot stand in it."""
    sentinels = Sentinels()
    template = f"{name}/subject.txt.j2"
    subject = " ".join(render(text_environment(folders, sentinels), template, values).text.split())
    if not subject or list(sentinels.split(subject))[1:]:
        raise TemplateError("a subject is one line of text, the same for everyone", Place(template))
    return subject
