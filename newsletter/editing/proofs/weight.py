"""How heavy an issue's mail is: the size of the largest copy, which mail programs must not cut."""

from dataclasses import dataclass

from newsletter.render.personal import longest_program
from newsletter.render.plan import Plan

#: What we allow. Counted as it travels, in quoted-printable.
HTML_LIMIT = 80 * 1024
#: Gmail cuts HTML somewhere between 102 and 105 KB and says so nowhere; the least of what was measured.
GMAIL_CLIP = 102_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """Bytes of the HTML part of the largest copy that any reader can get, as it travels; `limit` is our own."""

    largest: int
    limit: int = HTML_LIMIT
    clip: int = GMAIL_CLIP

    @property
    def percent(self) -> int:
        """Of what Gmail shows."""
        return round(100 * self.largest / self.clip)


def weight_of(plan: Plan) -> Weight:
    return Weight(largest=plan.html_size(longest_program(plan)).encoded)
