"""What keeps a pack honest: every figure in it stands on the page, on the line that it names."""

import re
from collections.abc import Iterable
from decimal import Decimal

from newsletter.content.records import Pack

#: Values that a page says in words, such as "half as much" or "March 2026".
SAID_IN_WORDS = {"cost_ratio", "benchmarks_won", "benchmark_score", "released", "updated", "verified"}


def groundless(pack: Pack, text: str) -> list[object]:
    """The records of a pack that the text does not bear out."""
    lines = [" ".join(line.split()) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    return [
        *(each for each in pack.claims if each.words not in _line(lines, each.line)),
        *(
            each
            for each in pack.claims
            if not _numbers(_figures(each.attribute, each.value)) <= _numbers(each.words)
        ),
        *(each for each in pack.reviews if not _numbers(each.score) <= _numbers(_line(lines, each.line))),
        *(each for each in pack.reviews if each.words not in " ".join(lines)),
        *(each for each in pack.verdicts if not _bears_out(pack, lines, each.tool_id)),
        *(
            each
            for each in pack.votes
            if not _numbers(each.ship, each.skip) <= _numbers(_line(lines, each.line))
        ),
        *(
            each
            for each in pack.benchmarks
            if not _numbers(each.score, each.out_of) <= _numbers(_line(lines, each.line))
        ),
        *(
            each
            for each in pack.offers
            if not _numbers(each.input_price, each.output_price) <= _numbers(_line(lines, each.line))
        ),
        *(each for each in pack.notes if not _stand(each.words, lines)),
        *(each for each in pack.questions if not _stand(f"{each.question}\n{each.answer}", lines)),
    ]


def _bears_out(pack: Pack, lines: list[str], tool: str) -> bool:
    verdict = next(each for each in pack.verdicts if each.tool_id == tool)
    reviews = [each for each in pack.reviews if each.tool_id == tool]
    if verdict.derived:
        return (verdict.ships or 0) + (verdict.skips or 0) == len(reviews)
    return _numbers(verdict.ships, verdict.skips) <= _numbers(_line(lines, verdict.line))


def _stand(words: str, lines: list[str]) -> bool:
    page = " ".join(lines)
    return all(part in page for part in words.split("\n") if part)


def _line(lines: list[str], number: int | None) -> str:
    assert number is not None
    return lines[number - 1]


def _figures(attribute: str, value: str) -> str:
    return "" if attribute in SAID_IN_WORDS else value


def _numbers(*texts: object) -> set[Decimal]:
    return {Decimal(found.replace(",", "")) for text in texts for found in _found(text)}


def _found(text: object) -> Iterable[str]:
    return re.findall(r"\d[\d,]*(?:\.\d+)?", "" if text is None else str(text))
