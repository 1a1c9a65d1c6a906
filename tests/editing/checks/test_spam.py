"""SpamAssassin's word on an issue, where there is one: quiet on ours, with score and rules on a suspicious one."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from newsletter.editing.checks.spam import score_spam, spam
from newsletter.render.plan import Plan
from tests.parts import require_part
from tests.render import letters


@pytest.fixture(scope="module")
def plan() -> Plan:
    return letters.plan_of("USUAL")


def test_an_issue_of_ours_is_not_complained_of(plan: Plan) -> None:
    assert list(spam(plan, require_part("spamassassin"))) == []


def test_a_suspicious_mail_is_shown_with_its_score_and_rules(plan: Plan) -> None:
    first, *rest = plan.text
    gtube = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
    bad = replace(plan, text=(replace(first, segments=(f"{gtube}\n", *first.segments)), *rest))
    [finding] = spam(bad, require_part("spamassassin"))
    assert finding.what.startswith("SpamAssassin gives it ")
    assert "GTUBE (1000)" in finding.what


def test_without_the_program_there_is_no_finding(plan: Plan, tmp_path: Path) -> None:
    assert score_spam(plan, str(tmp_path / "none")) is None


def test_a_program_that_says_nothing_is_no_score(plan: Plan) -> None:
    assert score_spam(plan, "/bin/true") is None


def test_points_are_decimals(plan: Plan, tmp_path: Path) -> None:
    program = tmp_path / "spamassassin"
    said = "Content analysis details:   (0.7 points, 5.0 required)\\n\\n 0.7 HTML_IMAGE_ONLY_24 text\\n"
    program.write_text(f"#!/bin/sh\ncat >/dev/null\nprintf '{said}'\n")
    program.chmod(0o755)
    assert score_spam(plan, str(program)) == (Decimal("0.7"), ("HTML_IMAGE_ONLY_24 (0.7)",))
