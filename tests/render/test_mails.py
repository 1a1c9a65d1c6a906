"""The single mails: confirmation, welcome, sign-in, alert."""

import pytest

from newsletter.config import template_folders
from newsletter.db.statuses import MailKind
from newsletter.errors import TemplateError
from newsletter.render.compile import compile_mail
from tests.render import letters
from tests.render.goldens import MAILS
from tests.render.views import for_browsers, for_outlook, html_of, parse_errors, text_of, tree

FOLDERS = template_folders(None)


@pytest.mark.parametrize("kind", sorted(MAILS))
def test_each_says_the_same_in_both_parts(kind: str) -> None:
    plan = compile_mail(kind, MAILS[kind], letters.FRAME, FOLDERS)
    html, text = html_of(plan), text_of(plan)
    assert parse_errors(for_browsers(html)) == parse_errors(for_outlook(html)) == []
    for value in MAILS[kind].values():
        assert str(value) in html
        assert str(value) in text


@pytest.mark.parametrize("kind", sorted(MAILS))
def test_each_is_small_and_belongs_to_no_list(kind: str) -> None:
    plan = compile_mail(kind, MAILS[kind], letters.FRAME, FOLDERS)
    assert plan.html_size().encoded < 16 * 1024
    assert plan.header("Auto-Submitted") == "auto-generated"
    assert "List-Id" not in {header.name for header in plan.headers}


@pytest.mark.parametrize("kind", sorted(MAILS))
def test_each_has_one_h1_and_no_picture(kind: str) -> None:
    html = html_of(compile_mail(kind, MAILS[kind], letters.FRAME, FOLDERS))
    assert len(list(tree(html).iter("h1"))) == 1
    assert "<img" not in html


@pytest.mark.parametrize(
    ("kind", "value", "one", "many"),
    [
        ("confirmation", "days", "works for one day.", "works for 2 days."),
        ("reminder", "days", "works for one day.", "works for 2 days."),
        ("personal-link", "minutes", "works for one minute.", "works for 2 minutes."),
    ],
)
def test_a_time_is_in_the_singular_or_plural(kind: str, value: str, one: str, many: str) -> None:
    for number, words in (("1", one), ("2", many)):
        plan = compile_mail(kind, {**MAILS[kind], value: number}, letters.FRAME, FOLDERS)
        assert words in " ".join(html_of(plan).split())
        assert words in " ".join(text_of(plan).split())


def test_a_missing_value_is_named() -> None:
    with pytest.raises(TemplateError, match="'confirm_url' is undefined"):
        compile_mail("confirmation", {"days": 7}, letters.FRAME, FOLDERS)


def test_names_are_those_of_the_statuses() -> None:
    assert set(MAILS) <= set(MailKind)
