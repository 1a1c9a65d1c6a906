"""A small week for tests, in our own words: three comparisons over six tools, and one page that is not ours."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

from newsletter.config import Settings
from newsletter.content.records import (
    BenchmarkEntry,
    ClaimEntry,
    ComparisonEntry,
    Decision,
    NoteEntry,
    NoteKind,
    Pack,
    QuestionEntry,
    ReviewEntry,
    SourceEntry,
    ToolEntry,
    VerdictEntry,
    VotesEntry,
)
from newsletter.readers.keys import make_link_keys, make_suppression_key
from tests.config.written import changed
from tests.installed import open_content

#: The issue's slot, and when its draft is due.
SLOT = "2026-11-26T09:00"
SEND_AT = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
CUTOFF = SEND_AT - timedelta(days=1)
SEEN = CUTOFF - timedelta(days=2)


def settings_in(folder: Path, changes: Mapping[str, object] = MappingProxyType({})) -> Settings:
    """Return the settings of a newsletter that may send; `changes` by their names: {"digest.item_limit": 3}."""
    values = {
        "site.public_url": "https://news.example.org",
        "site.url": "https://tools.example.org/",
        "site.postal_address": "Weekly Verdicts, 1 Harbour Road, 20457 Hamburg",
        "site.controller": "Weekly Verdicts, Hamburg",
        "site.privacy_url": "https://news.example.org/privacy",
        "mail.from_address": "news@example.org",
        "mail.reply_to": "editor@example.org",
        **changes,
    }
    return changed(Settings(folder=folder), values)


def furnish(settings: Settings) -> Settings:
    """Make the content store and the keys that an installation has, where they are not there yet."""
    with open_content(settings.path(settings.paths.content_db)):
        pass
    if not settings.path(settings.paths.link_keys).exists():
        make_link_keys(settings.path(settings.paths.link_keys))
        make_suppression_key(settings.path(settings.paths.suppression_key))
    return settings


def _tool(key: str, name: str, tagline: str, entry: str = "", url: str = "") -> ToolEntry:
    return ToolEntry(id=key, name=name, tagline=tagline, category="Developer Tools", entry=entry, url=url)


def _panel(tool: str, *said: tuple[str, int, str, str]) -> tuple[ReviewEntry, ...]:
    return tuple(
        ReviewEntry(tool_id=tool, reviewer=who, score=score, decision=Decision(decision), words=words)
        for who, score, decision, words in said
    )


PANEL_PAGE = Pack(
    source=SourceEntry(name="Tool desk", url="https://tools.example.org/borealis-vs-meridian", ours=True),
    tools=(
        _tool(
            "borealis-3-22b", "Borealis 3 (22B)", "Open-weight 22B model for laptops and edge boxes", "Free"
        ),
        _tool("meridian-medium", "Meridian Medium", "Hosted model with a code sandbox built in", "Paid"),
    ),
    comparisons=(
        ComparisonEntry(
            left_id="borealis-3-22b",
            right_id="meridian-medium",
            url="https://tools.example.org/borealis-vs-meridian",
            headline="Borealis 3 (22B) vs Meridian Medium",
            published_on=date(2026, 11, 23),
        ),
    ),
    verdicts=(
        VerdictEntry(tool_id="borealis-3-22b", ships=4, skips=0, share=Decimal(100)),
        VerdictEntry(tool_id="meridian-medium", ships=3, skips=1, share=Decimal(75)),
    ),
    reviews=(
        *_panel(
            "borealis-3-22b",
            (
                "Builder",
                85,
                "ship",
                "It installs in one line. The licence is the decision that earns the ship here, "
                "since nothing stops a team from selling what it builds on top. Setup took e.g. 4.5 minutes.",
            ),
            (
                "Skeptic",
                78,
                "ship",
                "Fine-tuning breaks first: 22B parameters need a second card. Still a ship.",
            ),
            ("Futurist", 82, "ship", "Local inference is where regulated teams are going anyway."),
            ("Founder", 72, "ship", "Nobody makes money from the weights alone. That is a worry for later."),
        ),
        *_panel(
            "meridian-medium",
            (
                "Builder",
                78,
                "ship",
                "The sandbox saves a service that every team would otherwise run itself.",
            ),
            ("Skeptic", 72, "ship", "The price holds until a larger rival cuts its own."),
            ("Futurist", 75, "ship", "Tools inside the model are the right direction for small teams."),
            (
                "Founder",
                55,
                "skip",
                "The problem is the moat, which is thin the day a larger rival opens in Europe. "
                "They sell tokens.",
            ),
        ),
    ),
    claims=(
        ClaimEntry(tool_id="borealis-3-22b", attribute="price", value="Free (Apache 2.0 open weights)"),
        ClaimEntry(
            tool_id="meridian-medium",
            attribute="price",
            value="API access, pay-per-token; enterprise on request",
        ),
    ),
    votes=(VotesEntry(tool_id="meridian-medium", ship=7, skip=2),),
)

PRICE_PAGE = Pack(
    source=SourceEntry(name="Tool desk, prices", url="https://tools.example.org/pelican-vs-heron", ours=True),
    tools=(
        _tool("pelican-large", "Pelican Large", "Careful writer for long reports"),
        _tool("heron-small", "Heron Small", "Cheap sorter of short texts"),
    ),
    comparisons=(
        ComparisonEntry(
            left_id="pelican-large",
            right_id="heron-small",
            url="https://tools.example.org/pelican-vs-heron",
            headline="Pelican Large vs Heron Small",
            pick_left_if="you write reports that somebody signs—its steady tone is worth waiting for in most offices",
            pick_right_if="you sort short texts all day, where its low price counts more than anything it gets wrong",
        ),
    ),
    claims=(
        ClaimEntry(tool_id="pelican-large", attribute="input_price", value="0.40", unit="USD/Mtok"),
        ClaimEntry(tool_id="pelican-large", attribute="output_price", value="2.00", unit="USD/Mtok"),
        ClaimEntry(tool_id="heron-small", attribute="input_price", value="0.07", unit="USD/Mtok"),
        ClaimEntry(tool_id="heron-small", attribute="output_price", value="0.20", unit="USD/Mtok"),
    ),
    benchmarks=(
        BenchmarkEntry(tool_id="pelican-large", test="Rewriting", score=None),
        BenchmarkEntry(tool_id="heron-small", test="Rewriting", score=Decimal(2), out_of=Decimal(3)),
        BenchmarkEntry(tool_id="pelican-large", test="Long context", score=None),
        BenchmarkEntry(tool_id="heron-small", test="Long context", score=None),
    ),
    questions=(
        QuestionEntry(
            comparison_id="pelican-large-vs-heron-small",
            question="Which is cheaper?",
            answer="Heron Small costs $0.20 per million output tokens, ten times less.",
        ),
        QuestionEntry(
            comparison_id="pelican-large-vs-heron-small",
            question="Which writes better reports?",
            answer="Pelican Large keeps its tone over many pages. Heron Small was not made for that.",
        ),
    ),
)

PROFILE_PAGE = Pack(
    source=SourceEntry(name="Model almanac", url="https://almanac.example.net/heron", ours=False),
    tools=(_tool("osprey-7b", "Osprey 7B", "The almanac calls it a small wonder"),),
    claims=(
        ClaimEntry(
            tool_id="heron-small",
            attribute="input_price",
            value="0.10",
            unit="USD/Mtok",
            verified_on=date(2026, 3, 1),
        ),
        ClaimEntry(
            tool_id="osprey-7b",
            attribute="context",
            value="128000",
            unit="tokens",
            verified_on=date(2026, 3, 1),
        ),
        ClaimEntry(tool_id="osprey-7b", attribute="licence", value="Apache 2.0"),
    ),
    notes=(NoteEntry(tool_id="osprey-7b", kind=NoteKind.BEST_FOR, words="Whatever the almanac likes"),),
)

VERDICT_PAGE = Pack(
    source=SourceEntry(name="Tool desk, verdicts", url="https://tools.example.org/verdicts", ours=True),
    tools=(
        _tool(
            "tern-notes",
            "Tern Notes",
            "Turns meetings into a list of decisions",
            "Freemium",
            url="https://shop.example.com/tern",
        ),
    ),
    reviews=_panel(
        "tern-notes",
        ("Builder", 64, "ship", "It does one thing and stops."),
        ("Skeptic", 48, "skip", "Without a microphone nearby it hears nothing useful."),
    ),
)

WEEK = (PANEL_PAGE, PRICE_PAGE, PROFILE_PAGE, VERDICT_PAGE)
