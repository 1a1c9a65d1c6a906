"""The preflight checks: what holds an issue back, and what an editor should see."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from newsletter.app import App
from newsletter.config import template_folders
from newsletter.db.engine import Database
from newsletter.digest.content import Brief, Correction, Figure, Followed, IssueContent, Link
from newsletter.editing.approve import approve
from newsletter.editing.checks import Finding, Severity, check
from newsletter.editing.checks.content import all_links
from newsletter.editing.compiled import letter_of
from newsletter.editing.preview import Format, compose, part_of
from newsletter.render.compile import compile_issue
from newsletter.render.plan import SAMPLE_VALUES
from tests.editing.checks.examining import examine
from tests.editing.desk import drafted, edit, newsroom, with_settings


@pytest.fixture
def app(tmp_path: Path, sqlite_database: Database) -> App:
    return newsroom(tmp_path, sqlite_database)


@pytest.fixture
def letter(app: App) -> IssueContent:
    return letter_of(app, drafted(app))


def whats(findings: tuple[Finding, ...], severity: Severity = Severity.ERROR) -> list[str]:
    return [each.what for each in findings if each.severity is severity]


def own_template(app: App, name: str, old: str, new: str) -> App:
    """The app with one of the weekly templates changed by its operator."""
    [original] = [each for each in template_folders(None) if (each / name).is_file()]
    own = app.settings.folder / "templates" / name
    own.parent.mkdir(parents=True, exist_ok=True)
    text = (original / name).read_text(encoding="utf-8")
    assert old in text
    own.write_text(text.replace(old, new), encoding="utf-8")
    return with_settings(app, {"paths.templates": Path("templates")})


def test_a_usual_week_has_no_errors(app: App, letter: IssueContent) -> None:
    assert whats(examine(app, letter)) == []


def test_sources_that_differ_are_shown_to_the_editor_first(app: App) -> None:
    warning = check(app, drafted(app))[0]
    assert warning.severity is Severity.WARNING
    assert warning.key == "disputed:heron-small:input_price"
    assert warning.link == "/desk/facts/heron-small#on-input_price"
    assert warning.what.startswith("Sources differ: Heron Small, input price: $0.10")


def test_a_comparison_without_an_address_has_no_link_and_a_warning(app: App, letter: IssueContent) -> None:
    assert letter.lead is not None
    nowhere = Link(label="Read the full comparison", url="")
    more = tuple(replace(each, link=replace(nowhere, label=each.headline)) for each in letter.more)
    unlinked = replace(letter, lead=replace(letter.lead, link=nowhere), more=more)
    assert [each.what for each in examine(app, unlinked) if each.where == "links"] == [
        "No address is known for Borealis 3 (22B) vs Meridian Medium",
        "No address is known for Pelican Large vs Heron Small",
    ]
    plan = compile_issue(unlinked, app.frame, app.template_folders)
    mail = compose(plan, {name.value: value for name, value in SAMPLE_VALUES.items()})
    assert "Read the full comparison" not in part_of(mail, Format.TEXT)
    assert 'href=""' not in part_of(mail, Format.HTML)


def test_every_link_is_looked_at_but_those_to_our_own_archive(letter: IssueContent) -> None:
    broken = Link(label="News", url="ftp://example.org/")
    ours = Link(label="No. 1", url=f"{letter.footer.archive_url}/1")
    followed = Followed(tool_id="heron-small", name="Heron Small", link=broken)
    correction = Correction(erratum_id=1, words="We were wrong.", link=ours)
    links = list(all_links(replace(letter, followed=(followed,), corrections=(correction,))))
    assert broken in links
    assert ours not in links


def test_a_date_after_the_issues_own_is_a_warning(app: App, letter: IssueContent) -> None:
    first, *others = letter.sources.origins
    late = replace(first, dated="as of 1 Jan 2099", newest_on=date(2099, 1, 1))
    changed = replace(letter, sources=replace(letter.sources, origins=(late, *others)))
    assert whats(examine(app, letter), Severity.WARNING) == []
    assert whats(examine(app, changed), Severity.WARNING)[0] == (
        f"{first.name} gives a date after the issue's: 1 Jan 2099"
    )


def test_an_empty_issue_is_held(app: App, letter: IssueContent) -> None:
    empty = replace(letter, lead=None, more=(), cards=())
    assert "The issue is empty" in whats(examine(app, empty))


@pytest.mark.parametrize("field", ["subject", "preheader"])
def test_an_issue_without_subject_or_preheader_is_held(app: App, letter: IssueContent, field: str) -> None:
    assert f"There is no {field}" in whats(examine(app, replace(letter, **{field: ""})))  # type: ignore[arg-type]


def test_an_issue_that_mail_programs_would_cut_is_held(app: App, letter: IssueContent) -> None:
    link = Link(label="x", url="https://a.example/")
    long = Brief(
        comparison_id="x", topic="", headline="Long", words=Figure(text="Much too long. " * 8_000), link=link
    )
    found = examine(app, replace(letter, more=(long,)))
    [held] = [each for each in found if each.severity is Severity.ERROR and "HTML" in each.what]
    assert "KB long" in held.what
    assert held.firm


def test_a_text_part_without_a_way_out_is_held(app: App, letter: IssueContent) -> None:
    changed = own_template(app, "email/weekly/_end.txt.j2", "slots.unsubscribe_url", "slots.preferences_url")
    assert whats(examine(changed, letter)) == ["There is no unsubscribe link"]


def test_a_text_part_without_the_postal_address_is_held(app: App, letter: IssueContent) -> None:
    changed = own_template(app, "email/weekly/_end.txt.j2", "footer.postal_address", "footer.privacy_url")
    [error] = [each for each in examine(changed, letter) if each.severity is Severity.ERROR]
    assert (error.what, error.where) == ("The postal address is missing", "text part")


def test_a_broken_template_is_a_finding_with_its_place(app: App) -> None:
    changed = own_template(app, "email/weekly/_end.txt.j2", "{{ footer.postal", "{{ footer.nothing")
    assert "_end.txt.j2" in whats(check(changed, drafted(changed)))[0]


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"note": "word " * 90}, "The note has 90 words"),
        ({"findings": (Figure(text="word " * 900),)}, "The issue has 1"),
        (
            {"subject": "A subject that is a good deal longer than what any phone shows"},
            "The subject has 62 characters",
        ),
    ],
)
def test_what_is_too_long_to_be_read_is_a_warning(
    app: App, letter: IssueContent, changes: dict[str, str], what: str
) -> None:
    found = examine(app, replace(letter, **changes))  # type: ignore[arg-type]
    assert any(each.startswith(what) for each in whats(found, Severity.WARNING))


def test_an_approved_issue_is_checked_as_it_was_approved(app: App) -> None:
    issue = approve(app, edit(app, drafted(app), subject="Mine"), "dora")
    found = check(with_settings(app, {"site.postal_address": ""}), issue)
    # That it cannot go out meanwhile; not that its own text lacks the address.
    assert [each.key for each in found] == ["setting:site.postal_address"]


def test_sendgrid_without_a_webhook_seen_working_is_warned_of(app: App) -> None:
    issue = drafted(app)
    through = {
        "mail.transport": "sendgrid",
        "sendgrid.api_key": "SG.x",
        "site.public_url": "https://a.example",
    }
    warning = check(with_settings(app, through), issue)[-1]
    assert warning.severity is Severity.WARNING
    assert warning.what.startswith("SendGrid's event webhook is not set up (sendgrid.webhook_key)")
    warning = check(with_settings(app, {**through, "sendgrid.webhook_key": ("MFkw",)}), issue)[-1]
    assert "has never reached https://a.example/webhooks/sendgrid" in warning.what
