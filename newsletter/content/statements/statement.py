"""A statement: what a sentence says of one tool, as one record, whatever words it was said in."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Matter(StrEnum):
    """What a statement is about."""

    INPUT_PRICE = "input_price"
    OUTPUT_PRICE = "output_price"
    TOKEN_PRICE = "token_price"
    #: What `volume` tokens cost.
    COST = "cost"
    #: What the tool costs, as a share of its rival; with a volume, for so many tokens.
    COST_RATIO = "cost_ratio"
    #: How much less the tool costs than its rival, for `volume` tokens.
    SAVING = "saving"
    CHEAPER = "cheaper"
    #: The same amount in another currency: how many of `unit` make a dollar.
    EXCHANGE = "exchange"
    CONTEXT = "context"
    MAX_OUTPUT = "max_output"
    #: Words that the context holds, for each token of it.
    WORDS = "words_per_token"
    PARAMETERS = "parameters"
    LICENCE = "licence"
    RELEASED = "released"
    CHECKED = "checked"
    MEAN = "panel_mean"
    #: Reviewers that would ship it, of so many.
    SHIPS = "panel_ships"
    SHARE = "panel_share"
    COMMUNITY = "community_share"
    SCORE = "score"
    WINS = "benchmarks_won"
    ZERO = "benchmark_score"
    LEAD = "benchmark_lead"
    SUCCESS = "success_rate"
    STRENGTH = "overall_strength"
    GRADE = "grade"
    NOT_PUBLIC = "benchmarks"
    EVERY_TEST = "ahead in every test"
    TESTS = "ahead in tests"
    BETTER = "the better one"
    UNTESTED = "untested"
    ONLY_UNTESTED = "one area untested"
    #: Money or a comparison of costs that was not understood.
    NOT_UNDERSTOOD = "not understood"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a sentence says of a tool. `value` is as said, `number` what it amounts to: prices in `unit` per million tokens.

    `rival` is the tool that it is compared with, empty for none; `low` and `high` are by how much a stated period may
    multiply the cost of the volume.
    """

    matter: Matter
    tool: str
    value: str
    number: Decimal | None = None
    unit: str = ""
    rival: str = ""
    volume: Decimal | None = None
    direction: str = ""
    low: Decimal = Decimal(1)
    high: Decimal = Decimal(1)
    #: Of how many: what a score or a number of reviewers or wins is out of.
    of: Decimal | None = None
    #: Said to be about so much.
    about: bool = False
    #: Which of two is said to be so is left open: "a 10x gap between the two".
    either: bool = False
    words: str
    line: int | None = None
