"""What merging would change, remembered for each draft until it may be another: in a large store choosing takes a second."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock

from newsletter.digest.issues import Issue
from newsletter.editing.drafts.merging import Merge, plan_merge
from newsletter.editing.newsroom import Newsroom
from newsletter.editing.remembered.compiled import CompiledMails
from newsletter.editing.remembered.kept import keep

#: How many drafts' plans are kept.
KEPT = 8
#: A plan's moment lies no further back.
FRESH_FOR = timedelta(minutes=10)


@dataclass(slots=True)
class PlannedMerges:
    """The memory of one installation; safe for many threads. A merge up to a plan's moment does what the plan says."""

    newsroom: Newsroom
    mails: CompiledMails
    _kept: "OrderedDict[str, Merge]" = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def of(self, issue: Issue) -> Merge:
        """What merging now would change; raises as `plan_merge`."""
        stamp = f"{issue.id} {issue.status} {self.mails.stamp(issue)}"
        with self._lock:
            known = self._kept.get(stamp)
            if known is None or self.newsroom.clock.now() - known.cutoff_at >= FRESH_FOR:
                known = plan_merge(self.newsroom, issue)
            keep(self._kept, stamp, known, KEPT)
        return known
