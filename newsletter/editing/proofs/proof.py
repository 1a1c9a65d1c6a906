"""A proof: an issue exactly as it would be approved now. Its letter, its plan, what approval would freeze, and the hash of it.

Preview, checks and approval all work on one, so that what is looked at is what is approved.
"""

import hashlib
from dataclasses import dataclass

from newsletter.digest.clicks import IssueLink
from newsletter.digest.issues import Issue
from newsletter.digest.letter import Letter
from newsletter.digest.letter_json import letter_from_json, letter_to_json
from newsletter.digest.record import record_to_json
from newsletter.digest.store import Frozen, get_frozen
from newsletter.editing.newsroom import Newsroom
from newsletter.editing.proofs.letters import EVERYBODY, is_frozen, written_letter, written_record
from newsletter.errors import BadInput
from newsletter.render.compile import compile_letter
from newsletter.render.counting import counted_plan
from newsletter.render.frame import MessageFrame
from newsletter.render.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What an issue says and the mail that makes. Without a plan none can be made: `trouble` says why."""

    issue: Issue
    number: int
    letter: Letter
    frame: MessageFrame
    plan: Plan | None
    #: The plan as approval freezes it, its links numbered where clicks are counted: what is as large as what leaves.
    sent: Plan | None
    frozen: Frozen | None
    #: Of all that approval freezes; empty without a plan.
    content_hash: str
    trouble: str = ""


def pull_proof(newsroom: Newsroom, issue: Issue) -> Proof:
    """Of a draft, compiled once from what is recorded now; of an approved issue what was approved."""
    if is_frozen(issue):
        return _approved(newsroom, issue)
    letter, number = written_letter(newsroom, issue)
    return compile_proof(newsroom, issue, letter, number=number)


def compile_proof(newsroom: Newsroom, issue: Issue, letter: Letter, *, number: int) -> Proof:
    """The proof of a draft that says this."""
    try:
        plan = compile_letter(letter, newsroom.frame, newsroom.template_folders)
    except BadInput as trouble:
        return proof_of(newsroom, issue, letter, None, number=number, trouble=str(trouble))
    return proof_of(newsroom, issue, letter, plan, number=number)


def proof_of(
    newsroom: Newsroom, issue: Issue, letter: Letter, plan: Plan | None, *, number: int, trouble: str = ""
) -> Proof:
    """The proof of a draft whose letter was compiled already, or could not be."""
    if plan is None:
        return Proof(
            issue=issue,
            number=number,
            letter=letter,
            frame=newsroom.frame,
            plan=None,
            sent=None,
            frozen=None,
            content_hash="",
            trouble=trouble,
        )
    sent, links = _as_sent(newsroom, issue, letter, plan)
    frozen = Frozen(
        letter=letter_to_json(letter),
        sender=newsroom.frame.to_json(),
        plans={EVERYBODY: sent.to_bytes()},
        record=record_to_json(written_record(newsroom, issue)),
        links=links,
    )
    return Proof(
        issue=issue,
        number=number,
        letter=letter,
        frame=newsroom.frame,
        plan=plan,
        sent=sent,
        frozen=frozen,
        content_hash=hash_of(frozen),
    )


def _as_sent(
    newsroom: Newsroom, issue: Issue, letter: Letter, plan: Plan
) -> tuple[Plan, tuple[IssueLink, ...]]:
    """The plan as approval freezes it. A draft keeps its links: before approval nothing knows where a number leads."""
    if not newsroom.settings.count_clicks:
        return plan, ()
    return counted_plan(plan, issue.id, newsroom.frame.public_url, left_alone=letter.footer.privacy_url)


def hash_of(frozen: Frozen) -> str:
    """SHA-256 over everything that was approved: plans, the letter with its subject, its record, From, public URL, counted links; hex."""
    parts = [frozen.letter.encode(), frozen.sender.encode(), frozen.record.encode()]
    for name, plan in sorted(frozen.plans.items()):
        parts += [name.encode(), plan]
    for link in frozen.links:
        parts += [str(link.number).encode(), link.url.encode(), link.place.encode()]
    whole = hashlib.sha256()
    for part in parts:
        whole.update(b"%d:%b," % (len(part), part))
    return whole.hexdigest()


def _approved(newsroom: Newsroom, issue: Issue) -> Proof:
    with newsroom.database.read() as connection:
        frozen = get_frozen(connection, issue.id)
    plan = Plan.from_bytes(frozen.plans[EVERYBODY])
    return Proof(
        issue=issue,
        number=issue.number or 0,
        letter=letter_from_json(frozen.letter),
        frame=MessageFrame.from_json(frozen.sender),
        plan=plan,
        sent=plan,
        frozen=frozen,
        content_hash=issue.content_hash or "",
    )
