"""SpamAssassin, without the network, finds nothing in an issue to hold against it."""

import re
import subprocess
from pathlib import Path

from newsletter.render.compose import Composer
from newsletter.render.plan import SAMPLE_VALUES
from tests.parts import require_part
from tests.render import letters


def test_no_issue_scores_a_point(tmp_path: Path) -> None:
    values = {name.value: value for name, value in SAMPLE_VALUES.items()}
    # All in one mailbox: the program takes longer to read its rules than a message.
    mailbox = b"".join(
        b"From news@example.org Thu Nov 26 09:00:00 2026\n"
        + Composer(letters.plan_of(name)).compose(values).replace(b"\r\n", b"\n")
        + b"\n\n"
        for name in letters.REPRESENTATIVE
    )
    report = subprocess.run(
        [require_part("spamassassin"), "--local", "--test-mode", "--mbox"],
        input=mailbox,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        check=True,
    ).stdout.decode()
    scores = [float(score) for score in re.findall(r"\((-?[\d.]+) points", report)]
    assert len(scores) == len(letters.REPRESENTATIVE), report
    assert max(scores) <= 0, report
