"""Everything an issue may print about its tools and comparisons, read from the content store in a few queries."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Protocol

from newsletter.content.facts import resolve
from newsletter.content.records import (
    Benchmark,
    Comparison,
    Fact,
    Note,
    NoteKind,
    Offer,
    Question,
    Review,
    Source,
    Tool,
    Verdict,
    Votes,
)
from newsletter.content.store import ContentStore
from newsletter.digest.panel import Panel, others_say, panel_of
from newsletter.digest.wording import clip, plain
from newsletter.language import ENGLISH, Language

#: Asked with tools' ids, gives an editor's rulings by tool and attribute: a claim's id, or None to leave it out.
RulingsOn = Callable[[Iterable[str]], Mapping[str, Mapping[str, str | None]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """One tool with all that is recorded about it."""

    tool: Tool
    panel: Panel
    reviews: tuple[Review, ...]
    verdicts: tuple[Verdict, ...]
    votes: Votes | None
    facts: Mapping[str, Fact]
    benchmarks: tuple[Benchmark, ...]
    offers: tuple[Offer, ...]
    notes: tuple[Note, ...]
    #: The tool's one line in our own words; empty where it is not ours.
    tagline: str
    #: What its issue is written in.
    language: Language = ENGLISH

    @property
    def name(self) -> str:
        return clip(self.tool.name)

    @property
    def best_for(self) -> str:
        """What it is best for, in our own words: a note of that kind. What it is, its tagline, says something else."""
        return next((plain(note.words) for note in self.notes if note.kind is NoteKind.BEST_FOR), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What the blocks are written from. Prose in it is ours throughout; figures may come from anyone."""

    comparisons: Mapping[str, Comparison]
    dossiers: Mapping[str, Dossier]
    #: The sides of the comparisons as each comparison's own page has them, by tool and source.
    own: Mapping[tuple[str, str], Dossier] = field(default_factory=dict)
    questions: tuple[Question, ...]
    sources: Mapping[str, Source]
    #: What the blocks are written in.
    language: Language = ENGLISH

    def is_ours(self, record: "_Sourced") -> bool:
        return _is_ours(self.sources, record)

    def sides(self, comparison: Comparison) -> tuple[Dossier, Dossier]:
        """Return the two tools as the comparison's own page has them; what it does not say is as recorded elsewhere."""
        return self._side(comparison.left_id, comparison), self._side(comparison.right_id, comparison)

    def _side(self, tool_id: str, comparison: Comparison) -> Dossier:
        return self.own.get((tool_id, comparison.source_id)) or self.dossiers[tool_id]

    def every_dossier(self) -> Iterator[Dossier]:
        """Yield the dossiers, those of comparisons' own pages first."""
        yield from self.own.values()
        yield from self.dossiers.values()


def gather(
    content: ContentStore,
    *,
    comparison_ids: Sequence[str],
    tool_ids: Iterable[str],
    source_order: Sequence[str],
    rulings: RulingsOn,
    language: Language = ENGLISH,
) -> Material:
    """Read all about these comparisons, their sides and these tools; `rulings` is asked for the tools' rulings."""
    comparisons = content.comparisons(comparison_ids)
    sides = (side for each in comparisons.values() for side in (each.left_id, each.right_id))
    tools = content.tools(dict.fromkeys((*sides, *tool_ids)))
    # A tool may since have become another's alias: what is recorded stands under the id it has now.
    ids = tuple({tool.id: None for tool in tools.values()})
    reviews, verdicts, votes = content.reviews(ids), content.verdicts(ids), content.votes(ids)
    claims, benchmarks = content.claims(ids), content.benchmarks(ids)
    offers, notes = content.offers(ids), content.notes(ids)
    questions = content.questions(comparison_ids=comparison_ids, tool_ids=ids)
    by_tool = (reviews, verdicts, claims, benchmarks, offers, notes)
    recorded: Iterable[_Sourced] = chain(
        tools.values(),
        comparisons.values(),
        questions,
        votes.values(),
        *(chain(*each.values()) for each in by_tool),
    )
    sources = content.sources({each.source_id for each in recorded if each.source_id})
    ruled = rulings(ids)
    pages = {
        (side, each.source_id) for each in comparisons.values() for side in (each.left_id, each.right_id)
    }
    own_reviews = content.reviews_by_source({side for side, _ in pages})

    def dossier(tool: Tool, page: str = "") -> Dossier:
        """Return what is recorded of a tool; what the source `page` says goes before all else."""
        judged = verdicts.get(tool.id, ())
        own_judged = tuple(each for each in judged if each.source_id == page)
        said = own_reviews.get((tool.id, page), ())
        if not own_judged and not said:
            own_judged, said = judged, reviews.get(tool.id, ())
        panel = panel_of(own_judged, said, language)
        noted = [each for each in notes.get(tool.id, ()) if _is_ours(sources, each)]
        return Dossier(
            tool=tool,
            panel=replace(
                panel, others=others_say(panel, (each for each in judged if _is_ours(sources, each)))
            ),
            reviews=said,
            verdicts=judged,
            votes=votes.get(tool.id),
            facts=resolve(
                claims.get(tool.id, ()),
                sources=sources,
                source_order=source_order,
                rulings=ruled.get(tool.id, {}),
                own_source=page,
            ),
            benchmarks=benchmarks.get(tool.id, ()),
            offers=offers.get(tool.id, ()),
            notes=tuple(sorted(noted, key=lambda each: each.source_id != page)),
            tagline=plain(tool.tagline) if _is_ours(sources, tool) else "",
            language=language,
        )

    return Material(
        comparisons={
            key: each if _is_ours(sources, each) else _without_prose(each)
            for key, each in comparisons.items()
        },
        dossiers={key: dossier(tool) for key, tool in tools.items()},
        own={(key, page): dossier(tools[key], page) for key, page in pages if key in tools},
        questions=tuple(each for each in questions if _is_ours(sources, each)),
        sources=sources,
        language=language,
    )


class _Sourced(Protocol):
    @property
    def source_id(self) -> str: ...


def _is_ours(sources: Mapping[str, Source], record: _Sourced) -> bool:
    source = sources.get(record.source_id)
    return source is not None and source.ours


def _without_prose(comparison: Comparison) -> Comparison:
    """Strip another site's comparison to the fact that it exists and where."""
    return replace(
        comparison,
        headline="",
        summary="",
        cost_read="",
        performance_read="",
        pick_left_if="",
        pick_right_if="",
    )
