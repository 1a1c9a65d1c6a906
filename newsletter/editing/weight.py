"""How heavy an issue's mail is, and what names its contents: the largest copy's size, and the hash that approval fixes."""

from dataclasses import dataclass

from newsletter.digest.issues import Issue
from newsletter.digest.letter import Letter
from newsletter.digest.letter_json import letter_to_json
from newsletter.digest.record import record_to_json
from newsletter.digest.store import Frozen
from newsletter.editing.approve import hash_of
from newsletter.editing.letters import EVERYBODY, is_frozen, written_record
from newsletter.editing.newsroom import Newsroom
from newsletter.render.compile import HTML_LIMIT
from newsletter.render.frame import MessageFrame
from newsletter.render.personal import longest_program
from newsletter.render.plan import Plan

#: Gmail cuts HTML somewhere between 102 and 105 KB and says so nowhere; the least of what was measured.
GMAIL_CLIP = 102_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """Bytes of the HTML part of the largest copy that any reader can get, as it travels; `limit` is our own."""

    largest: int
    limit: int = HTML_LIMIT
    clip: int = GMAIL_CLIP

    @property
    def is_heavy(self) -> bool:
        return self.largest > self.limit


def weight_of(plan: Plan) -> Weight:
    return Weight(largest=plan.html_size(longest_program(plan)).encoded)


def content_hash(newsroom: Newsroom, issue: Issue, letter: Letter, plan: Plan, frame: MessageFrame) -> str:
    """What was approved, as SHA-256 in hex; of a draft what would be if it were approved as it stands."""
    if is_frozen(issue) and issue.content_hash is not None:
        return issue.content_hash
    return hash_of(
        Frozen(
            letter=letter_to_json(letter),
            sender=frame.to_json(),
            plans={EVERYBODY: plan.to_bytes()},
            record=record_to_json(written_record(newsroom, issue)),
        )
    )
