"""The five real pages become an issue in a mailbox, by commands alone and over real SMTP."""

import os
import subprocess
import sys
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from newsletter.delivery.loopback import Loopback

PAGES = Path(os.environ.get("NEWSLETTER_REAL_PAGES", ""))


def newsletter(folder: Path, *arguments: str, **environment: str) -> str:
    own = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")}
    done = subprocess.run(
        [sys.executable, "-m", "newsletter", "--folder", str(folder), *arguments],
        env=own | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def received(tmp_path_factory: pytest.TempPathFactory) -> EmailMessage:
    """What alice gets, after import, draft, approval and sending."""
    if not os.environ.get("NEWSLETTER_REAL_PAGES"):
        pytest.skip("NEWSLETTER_REAL_PAGES names no folder")
    folder = tmp_path_factory.mktemp("newsletter")
    newsletter(folder, "init", "--example")
    newsletter(folder, "content", "import", "--ours", *(str(page) for page in sorted(PAGES.glob("*.txt"))))
    newsletter(folder, "readers", "add", "alice@example.org", "--consent", "asked in person")
    newsletter(folder, "draft")
    newsletter(folder, "preview", "latest", "--format", "eml", "-o", str(folder / "preview.eml"))
    newsletter(
        folder, "approve", "latest", "--acknowledge", NEWSLETTER_SITE_PUBLIC_URL="https://weekly.example.org"
    )
    with Loopback(keeps=True) as server:
        newsletter(
            folder,
            "send",
            "latest",
            NEWSLETTER_MAIL_TRANSPORT="smtp",
            NEWSLETTER_SMTP_HOST="127.0.0.1",
            NEWSLETTER_SMTP_PORT=str(server.port),
            NEWSLETTER_SMTP_TLS="none",
            NEWSLETTER_SITE_PUBLIC_URL="https://weekly.example.org",
        )
        (taken,) = server.taken
    assert taken.recipient == "alice@example.org"
    message = message_from_bytes(taken.content, policy=default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


@pytest.fixture(scope="module")
def words(received: EmailMessage) -> str:
    """The text part on one line."""
    part = received.get_body(("plain",))
    assert part is not None
    return " ".join(part.get_content().split())


def test_the_lead_is_the_panel_comparison_with_its_splits_and_scores(words: str) -> None:
    assert "Use Mistral 3 Small (22B)" in words
    assert (
        "All four reviewers would use it, three of four Mistral Medium 3.2. "
        "Mistral 3 Small (22B) is free, Mistral Medium 3.2 paid per token." in words
    )
    for reviewer, left, right in (
        ("Builder", 85, 78),
        ("Skeptic", 78, 72),
        ("Futurist", 82, 75),
        ("Founder", 72, 55),
    ):
        row = words.partition(f" {reviewer} {left} ")[2]
        assert row, f"{reviewer} {left} is missing"
        assert f" {right} " in row[:40]


def test_the_other_panel_comparison_has_its_derived_split(words: str) -> None:
    assert "Mistral 3 Small (24B) vs Mistral Medium 3.2" in words
    assert "ll four reviewers would use Mistral 3 Small (24B), three of four Mistral Medium 3.2." in words


def test_the_head_to_head_comes_with_its_own_costs_and_its_question(words: str) -> None:
    more = words.partition("MORE COMPARISONS")[2]
    assert "Mistral Medium 3.1 costs $12.00 a month for 10M tokens, Mistral Small 3.2 $1.35." in more
    assert "Which is cheaper, Mistral Medium 3.1 or Mistral Small 3.2?" in more


def test_what_sources_dispute_is_said_with_both_values_and_dates(words: str) -> None:
    dispute = words.partition("Where sources differ")[2]
    for value in ("$0.10", "$0.07", "$0.30", "$0.20", "checked 1 Mar 2026"):
        assert value in dispute


def test_the_headers_are_what_mailbox_providers_want(received: EmailMessage) -> None:
    assert received["To"] == "alice@example.org"
    assert received["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "<https://weekly.example.org/unsubscribe/" in received["List-Unsubscribe"]
    assert received["List-Id"]
    assert received["Precedence"] == "bulk"
    assert received.get_content_type() == "multipart/alternative"
