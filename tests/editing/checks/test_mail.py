"""What the finished mail lacks: found in a copy of the template, or in a page written for it."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.app import App
from newsletter.db.engine import open_database
from newsletter.db.schema import metadata
from newsletter.digest.content import IssueContent, Link
from newsletter.editing.checks import Finding, Severity
from newsletter.editing.checks.content import is_web_address
from newsletter.editing.checks.html_part import contrast, read_html
from newsletter.editing.checks.mail import check_mail
from newsletter.editing.compiled import compile_issue, letter_of
from newsletter.editing.preview import weight_of
from newsletter.render.compile import compile_issue as compile_plan
from newsletter.render.plan import Header, Plan
from tests.config.written import changed
from tests.editing.checks.test_content import own_template
from tests.editing.desk import drafted, newsroom


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("newsroom")
    with closing(open_database(f"sqlite:///{folder / 'subscribers.db'}")) as database:
        metadata.create_all(database.write_engine)
        yield newsroom(folder, database)


@pytest.fixture(scope="module")
def letter(app: App) -> IssueContent:
    return letter_of(app, drafted(app))


@pytest.fixture(scope="module")
def plan(app: App, letter: IssueContent) -> Plan:
    return compile_plan(letter, app.frame, app.template_folders)


def found(app: App, letter: IssueContent, key: str) -> Finding:
    plan = compile_plan(letter, app.frame, app.template_folders)
    [finding] = [each for each in check_mail(plan, letter) if each.key == key]
    return finding


def test_a_usual_mail_has_nothing_wrong(plan: Plan, letter: IssueContent) -> None:
    assert list(check_mail(plan, letter)) == []


@pytest.mark.parametrize(
    ("added", "key", "severity"),
    [
        ('<img src="https://a.example/x.png"/>', "no-alt:https://a.example/x.png", Severity.ERROR),
        ('<a href="javascript:alert(1)">x</a>', "bad-link:javascript:alert(1)", Severity.ERROR),
        ('<span style="color:#dddddd">pale</span>', "contrast:#dddddd:#fbfaf7", Severity.WARNING),
        ("<b>4711 readers</b>", "differing-text", Severity.WARNING),
        ("{{ '{{ left }}' }}", "unresolved-html", Severity.ERROR),
    ],
)
def test_what_a_template_does_wrong_is_found(
    app: App, letter: IssueContent, tmp_path: Path, added: str, key: str, severity: Severity
) -> None:
    own = replace(app.settings, folder=tmp_path)
    changed = own_template(App(own, app.clock, app.database), "email/_masthead.mjml.j2", "<h1", f"{added}<h1")
    finding = found(changed, letter, key)
    assert finding.severity is severity
    assert finding.why
    assert finding.how


@pytest.mark.parametrize("words", ["{{ 7 * 7 }}", "{% raw %}", "{{"])
def test_braces_in_somebodys_words_are_words(app: App, letter: IssueContent, words: str) -> None:
    named = replace(letter, subject=f"{words} of the week", note=words)
    keys = {each.key for each in check_mail(compile_plan(named, app.frame, app.template_folders), named)}
    assert not {"unresolved-html", "unresolved-text"} & keys


def test_a_sentinel_that_is_left_holds_the_issue(plan: Plan, letter: IssueContent) -> None:
    first, *rest = plan.text
    left = replace(plan, text=(replace(first, segments=(*first.segments, " \ue00047\ue001 ")), *rest))
    assert "unresolved-text" in {each.key for each in check_mail(left, letter)}


def test_a_mail_without_a_needed_header_is_held_for_good(plan: Plan, letter: IssueContent) -> None:
    without = replace(
        plan, headers=tuple(each for each in plan.headers if each.name != "List-Unsubscribe-Post")
    )
    [finding] = check_mail(without, letter)
    assert (finding.key, finding.firm) == ("header-list-unsubscribe-post", True)


def test_a_header_that_cannot_be_is_an_error_and_no_crash(plan: Plan, letter: IssueContent) -> None:
    broken = replace(plan, headers=(*plan.headers, Header("X-Odd", ("a\r\nBcc: b@example.org",))))
    [finding] = check_mail(broken, letter)
    assert finding.firm
    assert "X-Odd" in finding.what


def test_what_is_too_large_is_held_for_good_as_it_would_leave(plan: Plan, letter: IssueContent) -> None:
    first, *rest = plan.html
    long = replace(plan, html=(replace(first, segments=(*first.segments, "word " * 20_000)), *rest))
    found = {each.key: each for each in check_mail(plan, letter, long)}
    assert set(found) == {"size-html", "size-message"}
    assert found["size-html"].firm
    assert found["size-html"].why.startswith("Mail programs cut it beyond 80 KB")
    assert not {"size-html", "size-message"} & {each.key for each in check_mail(long, letter, plan)}


def test_a_draft_is_weighed_with_its_links_numbered(app: App) -> None:
    counting = changed(
        app.settings, {"site.public_url": "https://" + "n" * 60 + ".example", "privacy.count_clicks": True}
    )
    counted = App(counting, app.clock, app.database)
    proof = compile_issue(counted, drafted(counted))
    assert proof.plan is not None
    assert proof.sent is not None
    assert weight_of(proof.sent).largest > weight_of(proof.plan).largest


def test_a_figure_that_only_the_text_part_has_is_a_warning(plan: Plan, letter: IssueContent) -> None:
    first, *rest = plan.text
    more = replace(plan, text=(replace(first, segments=(*first.segments, " $47.11 ")), *rest))
    [finding] = check_mail(more, letter)
    assert finding.what == "The HTML part lacks figures that the text part has: $47.11"


@pytest.mark.parametrize(
    ("url", "works"),
    [
        ("https://a.example/x?y=1#z", True),
        ("http://[2001:db8::1]:8080/", True),
        ("https://a..example/", False),
        ("https:///nowhere", False),
        ("https://a.example:99999/", False),
        ("https://user@a.example/", False),
        ("ftp://a.example/", False),
        ("https://a.example/a b", False),
        ("https://[broken/", False),
    ],
)
def test_web_addresses_are_told_from_what_only_looks_like_one(url: str, works: bool) -> None:
    assert is_web_address(url) is works


def test_a_malformed_link_of_the_letter_holds_it(app: App, letter: IssueContent) -> None:
    assert letter.lead is not None
    wrong = replace(letter.lead, link=Link(label="Read", url="https://a..example/"))
    finding = found(app, replace(letter, lead=wrong), "bad-link:https://a..example/")
    assert finding.severity is Severity.ERROR


def test_colours_are_inherited_and_backgrounds_too() -> None:
    page = read_html('<div style="color:#123456;background:#fff"><p bgcolor="#000">a<br>b</p><i>c</i></div>')
    assert [(text, style.colour, style.background) for text, style in page.words] == [
        ("a", "#123456", "#000000"),
        ("b", "#123456", "#000000"),
        ("c", "#123456", "#ffffff"),
    ]
    assert (round(contrast("#000000", "#ffffff")), round(contrast("#777777", "#ffffff"), 2)) == (21, 4.48)


def test_what_nobody_sees_is_not_read() -> None:
    page = read_html(
        '<style>p{color:#eee}</style><p style="display:none">9</p><!--[if mso]><p>8</p><![endif]-->7'
    )
    assert page.text.strip() == "7"
