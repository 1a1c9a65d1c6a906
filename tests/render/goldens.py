"""What the golden files hold: the MJML of real mails, and the reference renderer's HTML of it.

`python -m tests.oracle.make_golden` makes them anew, where Node is; comparing needs none.
"""

from collections.abc import Mapping
from pathlib import Path

from newsletter.config import template_folders
from newsletter.render.compile import issue_values, mjml_source, template_of
from newsletter.render.environment import RenderedTemplate
from newsletter.render.sentinels import Sentinels
from tests.render import letters

FOLDER = Path(__file__).parent / "golden"

#: The values of the single mails, by their template's name.
MAILS: Mapping[str, Mapping[str, object]] = {
    "confirmation": {"confirm_url": "https://news.example.org/confirm/abc", "days": 7},
    "reminder": {"confirm_url": "https://news.example.org/confirm/abc", "days": 7},
    "welcome": {
        "next_issue": "Thursday 3 December",
        "latest_url": "https://news.example.org/archive/12",
        "preferences_url": "https://news.example.org/preferences/abc",
        "unsubscribe_url": "https://news.example.org/unsubscribe/abc",
    },
    "follow": {"tool": "Heron Small", "follow_url": "https://news.example.org/preferences/abc/follow/heron"},
    "personal-link": {"personal_url": "https://news.example.org/personal/abc", "minutes": 60},
    "sign-in": {"sign_in_url": "https://news.example.org/sign-in/abc", "minutes": 15},
    "alert": {
        "title": "Issue 12 is paused",
        "why": "The relay refused 40 messages in a row.",
        "since": "26 November 2026, 09:14 UTC",
        "next": "nothing; a person has to look",
        "command": "newsletter send 12",
    },
}


def golden_sources() -> dict[str, str]:
    """Return the MJML of each golden: of the issues, and of the single mails in one frame, a section for each."""
    mails = {name: source.text for name, source in sources().items()}
    cut = [_cut_at_section(mails.pop(kind)) for kind in MAILS]
    head, _, end = cut[0]
    return {**mails, "mails": "\n".join((head, *(section for _, section, _ in cut), end))}


def _cut_at_section(mjml: str) -> tuple[str, str, str]:
    """Cut a mail around its last section, which is all that it does not share with the others."""
    head, begin, rest = mjml.rpartition("<mj-section>")
    body, close, end = rest.partition("</mj-section>")
    return head.rstrip(), f"{begin}{body}{close}", end.lstrip()


def sources() -> dict[str, RenderedTemplate]:
    """The MJML of each mail as it is today, with sentinels for its values."""
    folders = template_folders(None)
    mails = {
        kind: mjml_source(f"email/{kind}", {**values, "frame": letters.FRAME}, folders, Sentinels())
        for kind, values in MAILS.items()
    }
    issues = {
        each.masthead.edition.value: mjml_source(
            template_of(each.masthead.edition), issue_values(each, letters.FRAME), folders, Sentinels()
        )
        for each in (letters.HEAVY, letters.MONTHLY)
    }
    return {**issues, **mails}
