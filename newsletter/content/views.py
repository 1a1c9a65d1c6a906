"""The views through which a site's database is read: their names and columns, made from the entries of a pack."""

from dataclasses import dataclass

from newsletter.content.pack import (
    BenchmarkEntry,
    ClaimEntry,
    ComparisonEntry,
    Entry,
    NoteEntry,
    OfferEntry,
    QuestionEntry,
    ReviewEntry,
    ReviewerEntry,
    ToolEntry,
    VerdictEntry,
    VotesEntry,
)

#: Fields of entries that a site's row does not have: sync itself knows them.
_OURS = {"source", "line", "seen_at", "first_seen_at", "last_seen_at"}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A view: what each row becomes, and the columns it may and must have."""

    name: str
    #: The kind of record in a pack.
    kind: str
    help: str
    columns: tuple[str, ...]
    required: tuple[str, ...]
    query: str
    #: Without it there is no digest.
    needed: bool = False


def _view(
    name: str, entry: type[Entry], query: str, help: str, *, needed: bool = False, kind: str = ""
) -> View:
    fields = {key: field for key, field in entry.model_fields.items() if key not in _OURS}
    return View(
        name=name,
        kind=kind or name,
        help=help,
        columns=tuple(fields),
        required=tuple(key for key, field in fields.items() if field.is_required()),
        query=query,
        needed=needed,
    )


_ALL = (
    _view("tools", ToolEntry, "SELECT * FROM temp.tools", "a tool", needed=True),
    _view("reviews", ReviewEntry, "SELECT * FROM temp.reviews", "a review of a tool", needed=True),
    _view(
        "comparisons",
        ComparisonEntry,
        "SELECT * FROM temp.comparisons",
        "a comparison of two tools",
        needed=True,
    ),
    View(
        name="prices",
        kind="claims",
        help="a tool: USD per million tokens in and out, and the price in words",
        columns=("tool", "input_price", "output_price", "price", "as_of", "verified_on"),
        required=("tool",),
        query="SELECT * FROM temp.prices",
    ),
    _view(
        "facts",
        ClaimEntry,
        "SELECT * FROM temp.facts",
        "a fact about a tool: context, licence, parameters and so on",
        kind="claims",
    ),
    _view("verdicts", VerdictEntry, "SELECT * FROM temp.verdicts", "a tool: the panel's outcome"),
    _view("votes", VotesEntry, "SELECT * FROM temp.votes", "a tool: the community's totals"),
    _view("benchmarks", BenchmarkEntry, "SELECT * FROM temp.benchmarks", "a result of a tool in a test"),
    _view("offers", OfferEntry, "SELECT * FROM temp.offers", "a provider of a tool, with its terms"),
    _view(
        "notes",
        NoteEntry,
        "SELECT * FROM temp.notes",
        "a note on a tool: best for, strength and so on",
    ),
    _view("questions", QuestionEntry, "SELECT * FROM temp.questions", "a question with its answer"),
    _view("reviewers", ReviewerEntry, "SELECT * FROM temp.reviewers", "a member of the panel"),
)

#: Every view by its name.
VIEWS = {view.name: view for view in _ALL}
