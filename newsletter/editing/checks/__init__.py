"""The checks before approval: errors hold an issue back, warnings are for the editor to answer.

Each module holds the checks on one thing and lists them in its CHECKS; run.py runs them, slow.py those that ask others, and
answers.py is what an editor says to a finding.
"""

from newsletter.editing.checks.findings import Finding, Severity
from newsletter.editing.checks.run import check

__all__ = ["Finding", "Severity", "check"]
