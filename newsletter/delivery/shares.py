"""When too much of an issue is refused, or too many complain, to go on without a person. No database."""

from dataclasses import dataclass

from newsletter.delivery.progress import Progress

#: Fewer say nothing of the issue as a whole.
_REFUSALS, _COMPLAINTS = 50, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """The largest shares at which an issue still goes on, from 0 to 1; 0 for no limit.

    Counted from a sender's beginning: whoever resumed the issue knew what was before.
    """

    rejected: float = 0.0
    complained: float = 0.0

    def objection(self, before: Progress, now: Progress, complaints: int) -> str:
        """Why the issue must not go on, in words; empty while it may. `complaints` came since `before`."""
        refused = now.rejected - before.rejected
        done = refused + now.accepted - before.accepted
        if self.rejected and refused >= _REFUSALS and refused > self.rejected * done:
            return f"{refused:,} of {done:,} messages were refused for good, which is too many to go on"
        # Who complains got the issue earlier, perhaps from a sender before this one.
        if self.complained and complaints >= _COMPLAINTS and complaints > self.complained * now.accepted:
            return f"{complaints:,} of {now.accepted:,} readers complained, which is too many to go on"
        return ""
