"""Puts together what a running desk remembers from page to page."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from newsletter.app.parts import Parts

if TYPE_CHECKING:
    from newsletter.editing.release.start import Audiences
    from newsletter.editing.remembered.asked import AskedChecks
    from newsletter.editing.remembered.compiled import CompiledMails
    from newsletter.editing.remembered.disputes import Disputes
    from newsletter.editing.remembered.looks import Looks
    from newsletter.editing.remembered.planned import PlannedMerges


@dataclass(frozen=True)
class DeskParts(Parts):
    """What editors look at."""

    @cached_property
    def compiled(self) -> "CompiledMails":
        """The mails of issues as they stand, remembered."""
        from newsletter.editing.remembered.compiled import CompiledMails

        return CompiledMails(self)

    @cached_property
    def audiences(self) -> "Audiences":
        """How many readers an issue would go to; remembered for a minute."""
        from newsletter.editing.release.start import Audiences

        return Audiences(self)

    @cached_property
    def looks(self) -> "Looks":
        """Issues as an editor sees them, with the findings of the checks; remembered."""
        from newsletter.editing.remembered.looks import Looks

        return Looks(self, self.compiled, self.disputes, self.asked)

    @cached_property
    def asked(self) -> "AskedChecks":
        """What links and SpamAssassin said of issues, once an editor asked; remembered."""
        from newsletter.editing.remembered.asked import AskedChecks

        return AskedChecks(self.settings)

    @cached_property
    def merges(self) -> "PlannedMerges":
        """What merging would change in a draft; remembered."""
        from newsletter.editing.remembered.planned import PlannedMerges

        return PlannedMerges(self, self.compiled)

    @cached_property
    def disputes(self) -> "Disputes":
        """What contradicts itself, remembered."""
        from newsletter.editing.remembered.disputes import Disputes

        return Disputes(self)
