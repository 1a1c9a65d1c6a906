"""How many readers voted on what an issue brought, once voting on it has closed."""

from collections import defaultdict

from newsletter.content.votes_store import reader_votes
from newsletter.editing.newsroom import Newsroom
from newsletter.editing.reports.sums_store import issues_of_comparisons


def votes_by_issue(newsroom: Newsroom) -> dict[int, int]:
    """Votes, ship and skip together, by issue id; issues without any are missing."""
    with newsroom.content() as content:
        totals = reader_votes(content)
    if not totals:
        return {}
    with newsroom.database.read() as connection:
        brought = issues_of_comparisons(connection, {each.comparison_id for each in totals})
    found: dict[int, int] = defaultdict(int)
    for each in totals:
        if each.comparison_id in brought:
            found[brought[each.comparison_id]] += each.ship + each.skip
    return dict(found)
