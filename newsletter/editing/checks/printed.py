"""What an issue prints, and what it stands on: claims, facts and sources of the tools that it shows."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from newsletter.content.desk.findings import Contradiction
from newsletter.content.facts import resolve
from newsletter.content.model import Claim, Fact, Source
from newsletter.content.store import ContentStore
from newsletter.digest.figures import figures_in
from newsletter.digest.letter import Letter
from newsletter.digest.store import rulings_on
from newsletter.editing.newsroom import Newsroom

#: What is printed of a tool's panel and votes, as the desk calls it, and of its name.
_OF_EVERY_SIDE = ("verdict", "community_share")
IDENTITY = "identity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """What the figures of a letter stand on, as the store has it now. `names` are of the tools it shows, by id."""

    ids: frozenset[str]
    names: Mapping[str, str]
    facts: Mapping[str, Mapping[str, Fact]]
    claims: Mapping[str, Claim]
    sources: Mapping[str, Source]
    attributes: frozenset[tuple[str, str]]

    def touched_by(self, found: Contradiction) -> bool:
        """Whether it is about a figure or a name that the issue prints."""
        if found.attribute == IDENTITY:
            return all(each in self.names for each in found.tool_ids)
        statements = (found.left, found.right, *found.also)
        printed = any(each.claim_id in self.ids for each in statements if each.claim_id)
        return printed or any((each, found.attribute) in self.attributes for each in found.tool_ids)


def read_printed(newsroom: Newsroom, content: ContentStore, letter: Letter) -> Printed:
    """Look up everything that the letter's figures stand on, in a few queries."""
    ids = frozenset(_grounds(letter))
    tools = content.tools(dict.fromkeys(_tools(letter, content)))
    keys = tuple({tool.id: None for tool in tools.values()})
    claims = content.claims(keys)
    sources = content.sources({each.source_id for stated in claims.values() for each in stated})
    with newsroom.database.read() as connection:
        ruled = rulings_on(connection, keys)
    order = newsroom.settings.source_order
    by_id = {each.id: each for stated in claims.values() for each in stated}
    printed = {(each.tool_id, each.attribute) for key, each in by_id.items() if key in ids}
    if letter.lead is not None and letter.lead.benchmarks is not None:
        printed |= {(side.tool_id, "benchmarks") for side in (letter.lead.left, letter.lead.right)}
    return Printed(
        ids=ids,
        names={key: tool.name for key, tool in tools.items()},
        facts={
            key: resolve(claims.get(key, ()), sources=sources, source_order=order, rulings=ruled.get(key, {}))
            for key in keys
        },
        claims=by_id,
        sources=sources,
        attributes=frozenset(printed | {(key, each) for key in keys for each in _OF_EVERY_SIDE}),
    )


def _grounds(letter: Letter) -> Iterator[str]:
    """The ids of everything that a common figure or line stands on."""
    for figure in figures_in((letter.lead, letter.cards)):
        yield from figure.claims
    for each in letter.grounds:
        if not each.where.startswith("followed."):
            yield from each.claims


def _tools(letter: Letter, content: ContentStore) -> Iterable[str]:
    """The tools that the lead, the briefs and the cards show."""
    if letter.lead is not None:
        yield from (letter.lead.left.tool_id, letter.lead.right.tool_id)
    for comparison in content.comparisons(each.comparison_id for each in letter.more).values():
        yield from (comparison.left_id, comparison.right_id)
    yield from (each.tool_id for each in letter.cards)
