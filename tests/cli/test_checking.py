"""Checking, answering, testing and holding an issue, as a person types it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.app import open_app
from tests.cli.test_issues import run, said
from tests.digest.week import PANEL_PAGE, PRICE_PAGE, PROFILE_PAGE
from tests.installed import install

DISPUTED = "disputed:heron-small:input_price"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An installation with a draft on which two sources differ."""
    install(tmp_path / "weekly", example=True)
    app = open_app(tmp_path / "weekly")
    with app.content() as content:
        for pack in (PANEL_PAGE, PRICE_PAGE, PROFILE_PAGE):
            content.import_pack(pack, datetime(2025, 1, 2, tzinfo=UTC))
    app.close()
    said(tmp_path / "weekly", "draft")
    return tmp_path / "weekly"


def findings(folder: Path) -> dict[str, dict[str, object]]:
    return {each["key"]: each for each in json.loads(said(folder, "check", "1", "--json"))}


def test_a_dispute_is_settled_by_the_claim_that_the_check_names(folder: Path) -> None:
    listed = said(folder, "check", "latest")
    assert f"newsletter answer 1 {DISPUTED} --use CLAIM | --both | --leave-out | --acknowledge" in listed
    assert said(folder, "answer", "1", DISPUTED, "--both").startswith("Answered: Sources differ: Heron Small")
    assert findings(folder)[DISPUTED]["answer"] == "both"
    assert said(folder, "answer", "1", DISPUTED, "--take-back") == "It is asked again.\n"
    claim = findings(folder)[DISPUTED]["choices"][1]["claim"]  # type: ignore[index]
    said(folder, "answer", "1", DISPUTED, "--use", claim, "--by", "Dora")
    assert DISPUTED not in findings(folder)


def test_approval_waits_for_answers_and_expects_what_was_seen(folder: Path) -> None:
    refused = run(folder, "approve", "1")
    assert (refused.exit_code, "cannot be approved yet" in refused.output) == (2, True)
    for key in findings(folder):
        said(folder, "answer", "1", key, "--acknowledge")
    seen = json.loads(said(folder, "show", "1", "--json"))["content_hash"]
    other = run(folder, "approve", "1", "--expect", "0" * 64)
    assert (other.exit_code, "reads otherwise" in other.output) == (1, True)
    assert seen[:12] in said(folder, "approve", "1", "--expect", seen)


def test_a_held_issue_is_not_sent_until_it_is_released(folder: Path) -> None:
    said(folder, "approve", "1", "--acknowledge")
    assert "is on hold. To let it go: newsletter release 1" in said(folder, "hold", "1", "--reason", "wait")
    refused = run(folder, "send", "1")
    assert (refused.exit_code, "is on hold since" in refused.output) == (2, True)
    assert "goes out at its time" in said(folder, "release", "1")
    assert "is sent" in said(folder, "send", "1")


def test_an_issue_is_released_at_a_time_of_its_own(folder: Path) -> None:
    at = datetime.now(UTC) + timedelta(days=3)
    assert f"goes out on {at:%a %d %b %Y} 08:00 (" in said(
        folder, "release", "1", "--at", f"{at:%Y-%m-%dT08:00}"
    )
    assert f"Goes out:  {at:%a %d %b %Y} 08:00 (" in said(folder, "show", "1")
    refused = run(folder, "release", "1", "--at", "2020-01-01T08:00")
    assert (refused.exit_code, "is past" in refused.output) == (2, True)


def test_a_test_goes_to_whom_it_is_said_to_go(folder: Path) -> None:
    sent = said(folder, "test-send", "1", "--to", "dora@example.org", "--as", "usual", "--as", "volume")
    assert sent.count("dora@example.org") == sent.count("accepted") == 2
    missing = run(folder, "test-send", "1", "--group")
    assert (missing.exit_code, "desk.test_group is empty" in missing.output) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("answer", "1", DISPUTED), "give one of --acknowledge, --override REASON"),
        (("answer", "1", DISPUTED, "--both", "--leave-out"), "give one of --acknowledge"),
        (("answer", "1", "nothing", "--acknowledge"), "There is no finding nothing."),
        (("answer", "1", DISPUTED, "--override", "so be it"), "Only errors are overridden"),
        (("answer", "1", DISPUTED, "--use", "claim-x"), "claim-x cannot be chosen here; these can: claim-"),
        (("test-send", "1"), "A test send is 1 to 50 mails"),
        (("test-send", "1", "--to", "nobody"), "nobody"),
        (("test-send", "1", "--to", "a@example.org", "--as-reader", "b@example.org"), "There is no reader"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(
    folder: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    result = run(folder, *arguments)
    assert result.exit_code == 2
    assert sentence in result.output
