"""Checks that take seconds and ask others: whether links open, what SpamAssassin says. Run only when somebody asks for them."""

from newsletter.digest.issues import Issue
from newsletter.editing.checks.findings import Finding
from newsletter.editing.checks.reach import Opener, unreachable
from newsletter.editing.checks.spam import spam as ask_spamassassin
from newsletter.editing.newsroom import Newsroom
from newsletter.editing.proofs.proof import pull_proof


def check_slowly(
    newsroom: Newsroom, issue: Issue, *, spam: bool = True, links: bool = True, opener: Opener | None = None
) -> tuple[Finding, ...]:
    """What only others can say of the issue."""
    proof = pull_proof(newsroom, issue)
    found = [*unreachable(proof.letter, opener or Opener())] if links else []
    if spam and proof.plan is not None:
        found += ask_spamassassin(proof.plan)
    return tuple(found)
