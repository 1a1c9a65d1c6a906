"""Plans for providers that fill in values themselves."""

import re

import pytest
from hypothesis import given

from newsletter.errors import BadHeader
from newsletter.render.compose import TaggedMail
from newsletter.render.plan import Plan
from tests.render.plans import PLAN, VALUES, plans, reader_values, substituted


def _filled(text: str, substitutions: dict[str, str]) -> str:
    """As the provider does it: each tag by its value, in one pass, whatever the part."""
    if not substitutions:
        return text
    pattern = "|".join(map(re.escape, substitutions))
    return re.sub(pattern, lambda match: substitutions[match[0]], text)


@given(plans(), reader_values)
def test_tags_filled_in_give_what_composing_gives(plan: Plan, values: dict[str, str]) -> None:
    mail = TaggedMail(plan)
    filled = mail.substitutions(values)
    text, html = _filled(mail.text, filled), _filled(mail.html, filled)
    assert text.rstrip("\n") == substituted(plan.text, values, html=False).rstrip("\n")
    assert html.rstrip("\n") == substituted(plan.html, values, html=True).rstrip("\n")


def test_a_program_selects_blocks_and_tags_only_what_is_left() -> None:
    mail = TaggedMail(PLAN, ["more"])
    assert ".lead" not in mail.html
    assert "More: é" in mail.html


def test_a_value_is_escaped_for_html_and_bare_in_text() -> None:
    filled = TaggedMail(PLAN).substitutions({**VALUES, "address": "a&b@example.org"})
    assert {value for tag, value in filled.items() if "address" in tag} == {
        "a&b@example.org",
        "a&amp;b@example.org",
    }


def test_tags_hold_no_blanks_and_no_markup() -> None:
    assert all(re.fullmatch(r"[\w.\[\]%]+", tag) for tag in TaggedMail(PLAN).substitutions(VALUES))


def test_headers_of_the_providers_own_fields_are_left_out() -> None:
    mail = TaggedMail(PLAN)
    assert mail.headers == {
        "List-Id": "Weekly Verdicts <weekly.news.example.org>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Archive": "<https://news.example.org/archive>",
        "Feedback-ID": "12:weekly:issue:verdicts",
        "Precedence": "bulk",
    }
    assert mail.personal_headers(VALUES) == {
        "Message-ID": VALUES["message_id"],
        "List-Unsubscribe": f"<{VALUES['unsubscribe_url']}>, <{VALUES['unsubscribe_mailto']}>",
    }
    assert mail.subject == PLAN.subject


def test_a_personal_header_with_a_line_end_is_refused() -> None:
    with pytest.raises(BadHeader):
        TaggedMail(PLAN).personal_headers({**VALUES, "message_id": "<a>\r\nBcc: b"})
