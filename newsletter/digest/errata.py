"""Errata: what an issue that went out said wrongly, and what is right. Values and their words; the rows are in errata_store.py.

The issue itself stays as it was frozen. Its page shows the erratum beside it; the edition's next issue may say so in a line.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from newsletter.config import Settings
from newsletter.digest.amounts import day
from newsletter.digest.letter import Correction, Link
from newsletter.digest.links import archive_url

#: Where an issue's page shows its errata.
ANCHOR = "corrections"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erratum:
    """One mistake of an issue that went out. `told_in` is the issue that says so too; None while none does."""

    id: int
    issue_id: int
    said: str
    right: str
    by: str
    at: datetime
    to_tell: bool
    told_in: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """An erratum for the edition's next issue, and the issue that was wrong; `slug` is empty where the web has it not."""

    erratum: Erratum
    slug: str
    number: int
    date_on: date


def corrections_of(untold: Iterable[Untold], settings: Settings) -> tuple[Correction, ...]:
    """The lines with which an issue corrects earlier ones."""
    return tuple(_correction(each, settings) for each in untold)


def _correction(untold: Untold, settings: Settings) -> Correction:
    erratum = untold.erratum
    label = f"No. {untold.number}"
    return Correction(
        erratum_id=erratum.id,
        words=f"Correction to {label} ({day(untold.date_on)}): we wrote “{erratum.said}”. Right is: {erratum.right}",
        link=Link(label=label, url=_url(untold, settings)) if untold.slug else None,
    )


def _url(untold: Untold, settings: Settings) -> str:
    return f"{archive_url(settings)}/{untold.slug}#{ANCHOR}"
