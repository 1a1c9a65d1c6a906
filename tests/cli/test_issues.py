"""The commands of an issue until it goes out, as a person types them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from newsletter.app import open_app
from newsletter.cli.program import program
from tests.digest.week import WEEK
from tests.editing.wider import WIDER
from tests.installed import install

#: The commands read the machine's time.
LONG_AGO = datetime(2025, 1, 2, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An installation that has seen a small week."""
    folder = tmp_path / "weekly"
    install(folder, example=True)
    app = open_app(folder)
    with app.content() as content:
        for pack in WEEK:
            content.import_pack(pack, LONG_AGO)
    app.close()
    return folder


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(program, arguments, env={"NEWSLETTER_FOLDER": str(folder)})


def said(folder: Path, *arguments: str) -> str:
    result = run(folder, *arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_an_issue_is_drafted_looked_at_and_approved(folder: Path) -> None:
    assert "is drafted" in said(folder, "draft")
    assert "There is already an issue" in said(folder, "draft")
    shown = said(folder, "show", "latest")
    assert "Subject:   Borealis 3 (22B) beats Meridian Medium" in shown
    assert "And in the overflow line: 1." in shown
    assert "Sources differ: Heron Small" in said(folder, "check", "1")
    assert "Issue #1 is approved" in said(folder, "approve", "1", "--by", "dora", "--acknowledge")
    assert "All four reviewers would use it" in said(folder, "preview", "#1", "--format", "text")
    assert "Issue 1 is a draft again." in said(folder, "withdraw", "#1")
    assert "Issue 1 is cancelled." in said(folder, "cancel", "1")


def test_a_slot_may_be_named_by_its_day(folder: Path) -> None:
    assert "for Thu 02 Jan 2031 09:00 (UTC) is drafted" in said(folder, "draft", "--slot", "2031-01-02")


def test_a_list_shows_local_times_with_their_zone_and_names_beside_keys(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER_SCHEDULE_TIME_ZONE", "Europe/Berlin")
    said(folder, "draft", "--slot", "2031-01-02")
    assert "2031-01-02 09:00 CET" in said(folder, "issues")
    shown = said(folder, "show", "latest")
    assert "(weekly, Thu 02 Jan 2031 09:00 (Europe/Berlin)): draft" in shown
    [lead] = [line for line in shown.splitlines() if line.startswith("lead") and "comparison" in line]
    assert "Borealis 3 (22B) vs Meridian Medium" in lead


def test_a_mail_is_from_the_newsletter_by_its_name_unless_another_is_set(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER_SITE_NAME", "Tooly Digest")
    said(folder, "draft")
    assert "From: Tooly Digest <" in said(folder, "preview", "latest", "--format", "eml")
    monkeypatch.setenv("NEWSLETTER_MAIL_FROM_NAME", "The Tooly desk")
    assert "From: The Tooly desk <" in said(folder, "preview", "latest", "--format", "eml")


def test_a_folder_of_templates_that_is_not_there_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER_PATHS_TEMPLATES", "mine")
    said(folder, "draft")
    refused = run(folder, "preview", "latest", "--format", "text")
    assert (refused.exit_code, refused.output) == (
        2,
        f"newsletter: paths.templates is {folder / 'mine'}, but there is no such folder\n",
    )


def test_after_a_cancelled_issue_it_is_said_how_to_go_on(folder: Path) -> None:
    assert "There is no issue yet" in said(folder, "status")
    said(folder, "draft")
    said(folder, "cancel", "latest")
    status = said(folder, "status")
    assert status.startswith("Issue 1: cancelled")
    assert "next      newsletter draft --now" in status
    assert "For one outside the schedule: newsletter draft --now" in said(folder, "draft")


def test_nobody_approves_without_a_name(folder: Path) -> None:
    said(folder, "draft")
    refused = run(folder, "approve", "latest", "--by", " ")
    assert refused.exit_code == 2
    assert "say who approves" in refused.output
    assert "draft" in said(folder, "issues")


def test_tables_are_json_on_demand(folder: Path) -> None:
    said(folder, "draft")
    [listed] = json.loads(said(folder, "issues", "--json"))
    assert (listed["id"], listed["number"], listed["status"]) == (1, None, "draft")
    shown = json.loads(said(folder, "show", "1", "--json"))
    assert {"lead", "more", "card", "overflow", "question"} == {each["room"] for each in shown["items"]}
    checked = json.loads(said(folder, "check", "1", "--json"))
    assert {each["severity"] for each in checked} == {"warning"}
    assert checked[0]["key"] == "disputed:heron-small:input_price"


def test_an_editor_writes_over_what_is_computed(folder: Path) -> None:
    said(folder, "draft")
    said(
        folder,
        "edit",
        "latest",
        "--subject",
        "Ours",
        "--bottom-line",
        "Take the Borealis.",
        "--note",
        "Hello.",
    )
    text = said(folder, "preview", "latest", "--format", "text")
    assert "=> Take the Borealis." in text
    assert "Hello." in text
    assert "Subject: Ours" in said(folder, "preview", "latest", "--format", "eml")
    said(folder, "edit", "latest", "--subject", "")
    assert "Subject: Ours" not in said(folder, "preview", "latest", "--format", "eml")


def test_items_are_moved_taken_out_and_put_back(folder: Path) -> None:
    said(folder, "draft")
    both = ("borealis-3-22b-vs-meridian-medium", "pelican-large-vs-heron-small")
    said(
        folder,
        "edit",
        "latest",
        "--lead",
        both[1],
        "--exclude",
        "tern-notes",
        "--item-note",
        both[0],
        "*Mind*",
    )
    assert leads(folder) == [both[1]]
    assert "tern-notes" not in said(folder, "show", "latest", "--json")
    assert "Undone: moved Pelican Large vs Heron Small to the lead; took Tern Notes out" in said(
        folder, "undo", "latest"
    )
    assert leads(folder) == [both[0]]
    assert "Done again: moved Pelican Large" in said(folder, "undo", "latest", "--redo")
    said(folder, "edit", "latest", "--bring-back", "verdict:tern-notes", "--move", both[0], "lead")
    assert leads(folder) == [both[0]]
    assert "tern-notes" in said(folder, "show", "latest", "--json")
    assert "so already" in said(folder, "edit", "latest", "--pin", both[0])
    result = run(folder, "edit", "latest", "--never", "kestrel")
    assert (result.exit_code, "There is no item kestrel." in result.output) == (2, True)


def leads(folder: Path) -> list[str]:
    shown = json.loads(said(folder, "show", "latest", "--json"))["items"]
    return [each["key"] for each in shown if each["room"] == "lead" and each["kind"] == "comparison"]


def test_another_sentence_is_quoted(folder: Path) -> None:
    said(folder, "draft")
    app = open_app(folder)
    with app.content() as content:
        reviews = content.reviews(["borealis-3-22b"])["borealis-3-22b"]
    app.close()
    builder = next(each.id for each in reviews if each.reviewer == "Builder")
    said(folder, "edit", "latest", "--quote", builder, "It installs in one line.")
    assert "It installs in one line." in said(folder, "preview", "latest", "--format", "text")
    assert "no whole sentence" in run(folder, "edit", "latest", "--quote", builder, "It does not.").output


def test_what_a_merge_would_change_is_said_and_not_done(folder: Path) -> None:
    slot = ("--slot", "2031-01-02T09:00")
    assert (
        "There is no issue for 2031-01-02T09:00" in run(folder, "draft", *slot, "--merge", "--dry-run").output
    )
    said(folder, "draft", *slot)
    app = open_app(folder)
    with app.content() as content:
        content.import_pack(WIDER, app.clock.now())
    app.close()
    dry = said(folder, "draft", *slot, "--merge", "--dry-run")
    assert "Avocet vs Bittern comes in: the lead" in dry
    assert "Borealis 3 (22B) vs Meridian Medium moves: the lead → more comparisons" in dry
    assert leads(folder) == ["borealis-3-22b-vs-meridian-medium"]
    said(folder, "draft", *slot, "--merge")
    assert leads(folder) == ["avocet-vs-bittern"]


def test_a_preview_goes_to_a_file(folder: Path, tmp_path: Path) -> None:
    said(folder, "draft")
    file = tmp_path / "issue.html"
    assert f"Written: {file.as_uri()}" in said(folder, "preview", "latest", "-o", str(file))
    assert "<html" in file.read_text(encoding="utf-8")


def test_a_preview_as_a_reader_has_that_readers_address(folder: Path) -> None:
    said(folder, "draft")
    said(folder, "readers", "add", "alice@example.org", "--consent", "fair")
    assert "To: alice@example.org" in said(
        folder, "preview", "latest", "--reader", "alice@example.org", "--format", "eml"
    )


def test_a_preview_as_somebody_made_up_leads_nowhere(folder: Path) -> None:
    said(folder, "draft")
    text = said(folder, "preview", "latest", "--team", "12", "--tokens", "25000000", "--format", "text")
    assert "/unsubscribe/preview" in text
    both = run(folder, "preview", "latest", "--team", "12", "--reader", "alice@example.org")
    assert both.exit_code == 2
    assert "not both" in both.output


def test_a_mistake_is_put_right_only_in_what_went_out(folder: Path) -> None:
    said(folder, "draft")
    wrong = ("--said", "$0.10", "--right", "$0.07", "--tell-next")
    refused = run(folder, "correct", "latest", *wrong)
    assert refused.exit_code == 2
    assert "has not gone out: change the draft instead" in refused.output
    said(folder, "approve", "latest", "--acknowledge")
    said(folder, "send", "latest")
    assert "its page in the archive and the next issue say so" in said(folder, "correct", "#1", *wrong)


def test_an_issue_outside_the_schedule_may_go_at_once(folder: Path) -> None:
    said(folder, "draft", "--now")
    [listed] = json.loads(said(folder, "issues", "--json"))
    slot = datetime.fromisoformat(listed["slot"]).replace(tzinfo=UTC)
    assert abs(datetime.fromisoformat(listed["cutoff"]) - slot) < timedelta(minutes=2)


def test_newer_items_are_merged_into_a_draft(folder: Path) -> None:
    said(folder, "draft", "--slot", "2031-01-02T09:00")
    assert "is drafted" in said(folder, "draft", "--slot", "2031-01-02T09:00", "--merge")


def test_a_thin_week_is_said_to_be_thin(tmp_path: Path) -> None:
    install(tmp_path / "empty", example=True)
    assert "Nothing is waiting" in said(tmp_path / "empty", "draft")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["show", "latest"], "There is no issue latest."),
        (["show", "seven"], "'seven' is no issue: give an id"),
        (["approve", "#4"], "There is no issue #4."),
        (["draft", "--slot", "Thursday"], "'Thursday' is no slot"),
        (["draft", "--slot", "2020-01-02"], "The slot Thu 02 Jan 2020 09:00 (UTC) is over."),
        (["draft", "--slot", "2031-01-03T11:11"], "schedule's next after it is 2031-01-09T09:00"),
        (["draft", "--slot", "2031-01-02T09:00+01:00"], "a slot is local time in UTC"),
        (["draft", "--slot", "2031-01-02T09:00", "--now"], "give --slot or --now, not both"),
        (["edit", "latest"], "say what to change"),
        (["undo", "latest"], "There is no issue latest."),
        (["draft", "--dry-run"], "--dry-run goes with --merge"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(
    folder: Path, arguments: list[str], sentence: str
) -> None:
    result = run(folder, *arguments)
    assert result.exit_code == 2
    assert sentence in result.output


def test_what_holds_an_issue_back_is_an_exit_status(folder: Path) -> None:
    said(folder, "draft")
    settings = folder / "newsletter.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(
        "\n".join(line for line in text.splitlines() if not line.startswith("postal_address")),
        encoding="utf-8",
    )
    result = run(folder, "check", "latest")
    assert result.exit_code == 1
    assert "site.postal_address" in result.output
    assert run(folder, "approve", "latest").exit_code == 2


def test_an_approved_issue_is_not_edited(folder: Path) -> None:
    said(folder, "draft")
    said(folder, "approve", "latest", "--acknowledge")
    result = run(folder, "edit", "latest", "--subject", "Late")
    assert result.exit_code == 2
    assert "issue #1 is approved: it cannot be edited. From approved it can: be withdrawn" in result.output
