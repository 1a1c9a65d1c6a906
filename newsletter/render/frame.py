"""What a message needs besides its contents: who it is from, which list it belongs to, where its pages are.

Built from the settings by the caller; values only. Nothing of one reader stands here: that is what slots are for.
"""

import json
from dataclasses import asdict, dataclass

from newsletter.errors import StoreError


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFrame:
    """The sender's side of a message.

    `list_id` and `list_name` are empty for single mails (confirmation, sign-in …), which belong to no list; so
    is `archive_url`. `feedback_id` is the ready Feedback-ID value, "issue:list:weekly:sender", or empty.
    `leave_address` is where a mail lets its writer leave; empty where none does.
    `language` is an HTML lang such as "en".
    """

    from_name: str
    from_address: str
    reply_to: str
    public_url: str
    language: str = "en"
    list_id: str = ""
    list_name: str = ""
    archive_url: str = ""
    feedback_id: str = ""
    leave_address: str = ""

    def to_json(self) -> str:
        """The stored form; the same frame always gives the same text."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, stored: str) -> "MessageFrame":
        """Read the stored form; raises StoreError when it is none."""
        try:
            return cls(**json.loads(stored))
        except (ValueError, TypeError) as error:
            raise StoreError(f"A stored frame cannot be read: {error}") from error
