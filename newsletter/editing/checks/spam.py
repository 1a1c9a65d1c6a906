"""What SpamAssassin says of the mail, where it is installed. It is asked without the network."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from tempfile import TemporaryDirectory

from newsletter.editing.checks.findings import Finding, warning
from newsletter.editing.preview import compose
from newsletter.render.plan import SAMPLE_VALUES, Plan

PROGRAM = "spamassassin"
#: It takes a few seconds; longer than this it hangs.
_PATIENCE = 60

_SCORE = re.compile(r"\((-?[\d.]+) points")
_RULE = re.compile(r"^\s*(-?\d+(?:\.\d+)?)\s+([A-Z][A-Z0-9_]{2,})\b", re.MULTILINE)


def score_spam(plan: Plan, program: str | None = None) -> tuple[Decimal, tuple[str, ...]] | None:
    """Return the points that SpamAssassin gives, and the rules that gave some; None where there is no answer to read."""
    found = program or shutil.which(PROGRAM)
    if found is None:
        return None
    message = compose(plan, {name.value: value for name, value in SAMPLE_VALUES.items()})
    with TemporaryDirectory(prefix="newsletter-spam-") as home:
        try:
            asked = subprocess.run(
                [found, "--local", "--test-mode"],
                input=message,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"HOME": home, "PATH": os.defpath},
                timeout=_PATIENCE,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
    report = asked.stdout.decode(errors="replace")
    score = _SCORE.search(report)
    if score is None:
        return None
    rules = (f"{rule} ({points})" for points, rule in _RULE.findall(report) if Decimal(points) > 0)
    return Decimal(score[1]), tuple(rules)


def spam(plan: Plan, program: str | None = None) -> Iterator[Finding]:
    """Warn of a mail with any points at all, with the score and the rules."""
    score, rules = score_spam(plan, program) or (Decimal(), ())
    if score > 0:
        yield warning(
            "spam",
            f"SpamAssassin gives it {score} points: {', '.join(rules) or 'no rule is named'}",
            where="the mail",
            why="Points add up with what a provider knows of the sender; ours should be none.",
            how="Change the words or the template that the rules are about.",
        )
