"""What one reader's copy of an approved issue holds: which blocks of the plan, and what stands in its own slots.

Everything comes from the content that approval froze and from the reader's row. Names of blocks are those of the issues'
templates; the common blocks stay for everybody, so that no copy is ever empty.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from newsletter.digest.categories import category_name
from newsletter.digest.content import Followed, IssueContent, Rates
from newsletter.digest.prices import NO_PRICE
from newsletter.digest.wording import clip
from newsletter.language import ENGLISH, Language
from newsletter.readers.preferences import Preferences
from newsletter.render.plan import (
    COSTS,
    TOOL_LINES,
    UNCHANGED,
    YOUR_TEAM,
    YOUR_TOOLS,
    YOUR_VOLUME,
    SlotName,
    is_personal,
    tool_block,
)

#: Names in the line of the tools without news, and the letters of each: providers limit what is put in for one reader.
NAMES, NAME_LETTERS = 8, 40


class Personal:
    """The personal side of one approved issue. `block_ids` are those of its plan, in the plan's order."""

    def __init__(self, letter: IssueContent, block_ids: Sequence[str], language: Language = ENGLISH) -> None:
        self._language = language
        self._ids = tuple(block_ids)
        self._topics = dict(_topics(letter))
        self._headings = {"more": "brief:", "cards": "card:", "lines": "line:"}
        self._followed = {each.tool_id: each for each in letter.followed}
        self._always = letter.lead is not None or bool(letter.changes or letter.weeks)
        costs = letter.lead.costs if letter.lead is not None else None
        self._rates: Rates | None = costs.rates if costs is not None and YOUR_VOLUME in self._ids else None

    def program(self, preferences: Preferences) -> tuple[str, ...]:
        """Return the blocks of a reader with these preferences, in the plan's order."""
        own_costs = set(self._own_costs(preferences))
        left_out = self._other_topics(preferences) | ({COSTS} if own_costs else set())
        # A heading goes when everything under it does.
        left_out |= {
            heading
            for heading, start in self._headings.items()
            if all(each in left_out for each in self._ids if each.startswith(start))
        }
        wanted = own_costs.union(self._own_tools(preferences))
        return tuple(
            each for each in self._ids if each not in left_out and (each in wanted or not is_personal(each))
        )

    def values(self, preferences: Preferences) -> dict[str, str]:
        """Return what the reader's own slots hold; those that no block of the program has may be missing."""
        language = self._language
        names = [clip(each.name, NAME_LETTERS) for each in self._without_news(preferences)]
        unchanged = ", ".join(names[:NAMES])
        if len(names) > NAMES:
            unchanged = language.gettext(
                "%(names)s and %(count)s more", names=unchanged, count=len(names) - NAMES
            )
        values = {SlotName.UNCHANGED.value: unchanged}
        rates, tokens = self._rates, preferences.monthly_tokens
        if rates is not None and tokens:
            # Every digit where it is no round number of millions.
            volume = language.compact(Decimal(tokens)) if tokens % 1_000_000 == 0 else language.count(tokens)
            values |= {
                SlotName.VOLUME: language.gettext("%(count)s tokens a month", count=volume),
                SlotName.VOLUME_LEFT: _cost(rates.left, tokens, language),
                SlotName.VOLUME_RIGHT: _cost(rates.right, tokens, language),
            }
        if rates is not None and preferences.team_size:
            tokens = preferences.team_size * rates.seat_tokens
            values |= {
                SlotName.TEAM: language.gettext(
                    "Team of %(seats)s", seats=language.count(preferences.team_size)
                ),
                SlotName.TEAM_LEFT: _cost(rates.left, tokens, language),
                SlotName.TEAM_RIGHT: _cost(rates.right, tokens, language),
            }
        return values

    def _other_topics(self, preferences: Preferences) -> set[str]:
        """Return the briefs and cards on what the reader did not ask for; none when nothing else would be left."""
        chosen = {category_name(each).casefold() for each in preferences.topics}
        if not chosen:
            return set()
        others = {block for block, topic in self._topics.items() if topic and topic.casefold() not in chosen}
        return others if self._always or len(others) < len(self._topics) else set()

    def _own_costs(self, preferences: Preferences) -> Iterator[str]:
        if self._rates is None:
            return
        if preferences.monthly_tokens:
            yield YOUR_VOLUME
        if preferences.team_size and self._rates.seat_tokens:
            yield YOUR_TEAM

    def _own_tools(self, preferences: Preferences) -> Iterator[str]:
        news = self._news(preferences)
        rest = self._without_news(preferences)
        if news or rest:
            yield YOUR_TOOLS
        yield from (tool_block(each.tool_id) for each in news)
        if rest:
            yield UNCHANGED

    def _news(self, preferences: Preferences) -> list[Followed]:
        """Return the largest news, as many as have room; the line of those without news takes one."""
        mine = set(preferences.tools)
        news = [each for each in self._followed.values() if each.tool_id in mine and each.words]
        return news[: TOOL_LINES - (1 if self._without_news(preferences) else 0)]

    def _without_news(self, preferences: Preferences) -> list[Followed]:
        known = (self._followed.get(each) for each in preferences.tools)
        return sorted(
            (each for each in known if each is not None and not each.words), key=lambda each: each.name
        )


def _topics(letter: IssueContent) -> Iterator[tuple[str, str]]:
    yield from ((f"brief:{each.comparison_id}", each.topic) for each in letter.more)
    yield from ((f"card:{each.tool_id}", each.topic) for each in letter.cards)
    yield from ((f"line:{each.key}", each.topic) for each in letter.lines)


def _cost(rate: Decimal | None, tokens: int, language: Language) -> str:
    return language.gettext(NO_PRICE) if rate is None else language.money(rate * tokens / 1_000_000)
