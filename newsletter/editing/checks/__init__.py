"""The preflight checks of an issue: errors hold its approval, warnings are for the editor to answer.

What each looks at has a module of its own; examine.py runs them, and what an editor says to a finding is in
answers.py.
"""

from newsletter.editing.checks.findings import Finding, Severity
from newsletter.editing.checks.run import check

__all__ = ["Finding", "Severity", "check"]
