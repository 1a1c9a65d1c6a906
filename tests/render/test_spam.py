"""SpamAssassin, without the network, finds nothing in an issue to hold against it."""

import re
import subprocess
from pathlib import Path

import pytest

from newsletter.render.compose import Composer
from newsletter.render.plan import SAMPLE_VALUES
from tests.parts import require_part
from tests.render import letters


@pytest.mark.parametrize("name", letters.REPRESENTATIVE)
def test_an_issue_scores_no_points(tmp_path: Path, name: str) -> None:
    program = require_part("spamassassin")
    plan = letters.plan_of(name)
    message = Composer(plan).compose({name.value: value for name, value in SAMPLE_VALUES.items()})
    report = subprocess.run(
        [program, "--local", "--test-mode"],
        input=message,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        check=True,
    ).stdout.decode()
    score = re.search(r"\((-?[\d.]+) points", report)
    assert score is not None
    assert float(score[1]) <= 0, report
