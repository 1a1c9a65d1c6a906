from pathlib import Path

import pytest

from newsletter.errors import Place, TemplateError
from newsletter.render.environment import RenderedTemplate, mjml_environment, render
from newsletter.render.mjml import MjmlFault, html_of, lint
from newsletter.render.sentinels import Sentinels


def mail(body: str, head: str = "") -> str:
    """A document whose body begins on line 3."""
    return f'<mjml lang="en">\n<mj-head>{head}</mj-head><mj-body>\n{body}\n</mj-body></mjml>'


def column(content: str) -> str:
    return mail(f"<mj-section><mj-column>\n{content}\n</mj-column></mj-section>")


@pytest.mark.parametrize(
    ("mjml", "line", "reason"),
    [
        (mail("<mj-foo></mj-foo>"), 3, "there is no component mj-foo here"),
        (column("<p>x</p>"), 4, "there is no component p here"),
        (mail("<mj-text>x</mj-text>"), 3, "mj-text cannot stand in mj-body"),
        (mail("<mj-column></mj-column>"), 3, "mj-column cannot stand in mj-body"),
        (mail("<mj-section><mj-text>x</mj-text></mj-section>"), 3, "mj-text cannot stand in mj-section"),
        (column("<mj-text><mj-text>x</mj-text></mj-text>"), 4, "mj-text cannot stand in mj-text"),
        (column('<mj-text colour="#fff">x</mj-text>'), 4, "mj-text has no attribute colour"),
        (column('<mj-text color="reddish">x</mj-text>'), 4, "a colour such as #1b1f24 was expected"),
        (column('<mj-text font-size="big">x</mj-text>'), 4, "a length in px was expected"),
        (column('<mj-text padding="1px 2px 3px 4px 5px">x</mj-text>'), 4, "a length in px or % was expected"),
        (
            column('<mj-text align="middle">x</mj-text>'),
            4,
            "one of left, right, center, justify was expected",
        ),
        (column('<mj-table cellpadding="1px"></mj-table>'), 4, "a whole number was expected"),
        (column("<mj-text>\n<b>x</mj-text>"), 5, "b is not closed"),
        (column("<mj-text>fish & chips</mj-text>"), 4, "this is not well-formed"),
        (column("<mj-text>&nbsb;</mj-text>"), 4, "&nbsb; is no entity of HTML"),
        (mail("<mj-include path='x' />"), 3, "use Jinja2's include"),
        (mail("<mj-carousel></mj-carousel>"), 3, "draws it wrongly in Outlook"),
        (mail("", head="<mj-preview>x</mj-preview>"), 2, "its white text counts as spam"),
        (mail("", head="<mj-style>a <b>c</b></mj-style>"), 2, "mj-style holds text only, not b"),
        (
            mail("<mj-section><mj-column inner-border='1px'></mj-column></mj-section>"),
            3,
            "has no attribute inner-border",
        ),
        ("<html></html>", 1, "there is no component html here"),
    ],
)
def test_faults_are_found_with_their_line(mjml: str, line: int, reason: str) -> None:
    faults = lint(mjml)
    assert [fault.line for fault in faults] == [line]
    assert reason in faults[0].reason


def test_all_faults_are_listed_in_order() -> None:
    faults = lint(mail("<mj-foo></mj-foo>\n<mj-bar></mj-bar>"))
    assert faults == [
        MjmlFault(3, "there is no component mj-foo here"),
        MjmlFault(4, "there is no component mj-bar here"),
    ]


@pytest.mark.parametrize(
    "content",
    [
        '<mj-text padding="0 12px" line-height="1.5" color="inherit"><p>&nbsp;&#8212;<br /></p></mj-text>',
        '<mj-button href="https://example.org" inner-padding="13px 22px">x</mj-button>',
        "<mj-raw><!-- x --></mj-raw>",
        '<mj-divider border-width="1px" border-color="#ddd" />',
    ],
)
def test_good_mjml_passes(content: str) -> None:
    assert lint(column(content)) == []


def test_values_stand_where_they_come_out_unchanged() -> None:
    value = Sentinels().put("x")
    assert lint(column(f'<mj-button href="{value}">{value}</mj-button>')) == []
    faults = lint(column(f'<mj-text height="{value}">x</mj-text>'))
    assert [fault.reason for fault in faults] == ["mj-text height: a printed value cannot stand here"]


def test_a_fault_is_reported_in_the_template_that_holds_it(tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail/_part.mjml.j2").write_text("{# a remark #}\n\n<mj-text colour='red'>x</mj-text>\n")
    (tmp_path / "mail/body.mjml.j2").write_text(column('{% include "_part.mjml.j2" %}'))
    source = render(mjml_environment([tmp_path], Sentinels()), "mail/body.mjml.j2", {})
    with pytest.raises(TemplateError) as caught:
        html_of(source)
    assert str(caught.value) == f"{tmp_path}/mail/_part.mjml.j2:3: mj-text has no attribute colour"


def test_a_font_that_would_be_fetched_is_refused() -> None:
    mjml = column('<mj-text font-family="Roboto">x</mj-text>')
    with pytest.raises(TemplateError, match="would fetch"):
        html_of(RenderedTemplate(mjml, (Place("body.mjml.j2"),)))
