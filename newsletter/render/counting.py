"""Links whose clicks are counted: the outward addresses of a plan give way to addresses of our own, the same for every reader.

Approval does it once, on request. Left alone is whatever belongs to a reader (slots), to this newsletter, or to its privacy page.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import escape, unescape

from newsletter.digest.clicks import IssueLink
from newsletter.render.plan import Block, Plan

_HREF = re.compile(r'(?<= href=")https?://[^"]+(?=")')


def counted_plan(
    plan: Plan, issue_id: int, public_url: str, left_alone: str
) -> tuple[Plan, tuple[IssueLink, ...]]:
    """The plan with its outward links numbered, and where each number leads. `left_alone` is one more address that stays."""
    base = public_url.rstrip("/")
    links: dict[tuple[str, str], IssueLink] = {}
    for place, url in _outward(plan):
        if url != left_alone and url != base and not url.startswith(f"{base}/"):
            links.setdefault((place, url), IssueLink(number=len(links) + 1, url=url, place=place))

    def address(place: str, url: str) -> str:
        """Ours for that address; in a place without it none of ours, so it stays."""
        found = links.get((place, url))
        return f"{base}/to/{issue_id}/{found.number}" if found else url

    counted = replace(
        plan,
        html=tuple(_changed(each, _in_html(each.id, address)) for each in plan.html),
        text=tuple(
            _changed(each, _in_text(each.id, [url for place, url in links if place == each.id], address))
            for each in plan.text
        ),
    )
    return counted, tuple(links.values())


def _outward(plan: Plan) -> Iterator[tuple[str, str]]:
    """The web addresses of the HTML part that are the same for every reader, with the block of each."""
    for block in plan.html:
        for segment in block.segments:
            if isinstance(segment, str):
                yield from ((block.id, unescape(url)) for url in _HREF.findall(segment))


def _changed(block: Block, change: Callable[[str], str]) -> Block:
    segments = (change(each) if isinstance(each, str) else each for each in block.segments)
    return replace(block, segments=tuple(segments))


def _in_html(place: str, address: Callable[[str, str], str]) -> Callable[[str], str]:
    return lambda segment: _HREF.sub(lambda url: escape(address(place, unescape(url[0]))), segment)


def _in_text(place: str, urls: list[str], address: Callable[[str, str], str]) -> Callable[[str], str]:
    """The text part prints an address bare: it begins after a blank or a bracket, and ends before one or a full stop."""
    if not urls:
        return str
    longest_first = "|".join(re.escape(each) for each in sorted(urls, key=len, reverse=True))
    bare = re.compile(rf"(?<![^\s(<\[])(?:{longest_first})(?=[)>\].,;:!?]*(?:\s|$))")
    return lambda segment: bare.sub(lambda url: address(place, url[0]), segment)
