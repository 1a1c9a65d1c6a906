"""The shape of `content.db`, as sqlite-utils migrations: append-only, never edited once released.

Statements (ratings, verdicts, votes, claims, offers, benchmarks, texts) are only ever added: what holds now is the
latest, what held before stays. Moments are ISO 8601 text in UTC of one width, so that they sort; days are ISO
dates; prices and scores are decimal text, because REAL would round them.
"""

from sqlite_utils import Database, Migrations

MIGRATIONS = Migrations("newsletter.content")

#: Tables with full-text search, and the columns it looks in.
SEARCHED = {
    "tools": ("name", "maker", "family", "category", "tagline", "description", "tags"),
    "comparisons": ("headline", "summary", "cost_read", "performance_read", "pick_left_if", "pick_right_if"),
    "reviews": ("words",),
    "notes": ("other", "words"),
    "questions": ("question", "answer"),
}

_TABLES = """
CREATE TABLE imports (
    digest TEXT PRIMARY KEY NOT NULL,
    seen_at TEXT NOT NULL
) STRICT;
CREATE TABLE sources (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    ours INTEGER NOT NULL CHECK (ours IN (0, 1)),
    published_on TEXT,
    seen_on TEXT NOT NULL
) STRICT;
CREATE TABLE texts (
    id TEXT PRIMARY KEY NOT NULL,
    source_id TEXT NOT NULL REFERENCES sources (id),
    text TEXT NOT NULL,
    seen_at TEXT NOT NULL
) STRICT;
CREATE TABLE reviewers (
    name TEXT PRIMARY KEY NOT NULL,
    about TEXT NOT NULL
) STRICT;
CREATE TABLE tools (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    maker TEXT NOT NULL,
    family TEXT NOT NULL,
    category TEXT NOT NULL,
    tagline TEXT NOT NULL,
    description TEXT NOT NULL,
    type TEXT NOT NULL,
    status TEXT NOT NULL,
    entry TEXT NOT NULL,
    url TEXT NOT NULL,
    tags TEXT NOT NULL,
    source_id TEXT NOT NULL REFERENCES sources (id),
    first_seen_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL
) STRICT;
CREATE INDEX tools_name ON tools (name_key);
CREATE TABLE aliases (
    alias TEXT PRIMARY KEY NOT NULL,
    tool_id TEXT NOT NULL REFERENCES tools (id)
) STRICT;
CREATE TABLE comparisons (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    left_id TEXT NOT NULL REFERENCES tools (id),
    right_id TEXT NOT NULL REFERENCES tools (id),
    url TEXT NOT NULL,
    headline TEXT NOT NULL,
    summary TEXT NOT NULL,
    cost_read TEXT NOT NULL,
    performance_read TEXT NOT NULL,
    pick_left_if TEXT NOT NULL,
    pick_right_if TEXT NOT NULL,
    published_on TEXT,
    source_id TEXT NOT NULL REFERENCES sources (id),
    first_seen_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL,
    UNIQUE (left_id, right_id),
    CHECK (left_id <> right_id)
) STRICT;
CREATE INDEX comparisons_first_seen ON comparisons (first_seen_at, id);
CREATE TABLE reviews (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    tool_id TEXT NOT NULL REFERENCES tools (id),
    words TEXT NOT NULL
) STRICT;
CREATE INDEX reviews_tool ON reviews (tool_id);
CREATE TABLE ratings (
    id TEXT PRIMARY KEY NOT NULL,
    review_id TEXT NOT NULL REFERENCES reviews (id),
    reviewer TEXT REFERENCES reviewers (name),
    score INTEGER CHECK (score BETWEEN 0 AND 100),
    decision TEXT CHECK (decision IN ('ship', 'skip')),
    source_id TEXT NOT NULL REFERENCES sources (id),
    line INTEGER,
    seen_at TEXT NOT NULL
) STRICT;
CREATE INDEX ratings_review ON ratings (review_id);
CREATE TABLE verdicts (
    id TEXT PRIMARY KEY NOT NULL,
    tool_id TEXT NOT NULL REFERENCES tools (id),
    ships INTEGER,
    skips INTEGER,
    share TEXT,
    derived INTEGER NOT NULL CHECK (derived IN (0, 1)),
    as_of TEXT,
    source_id TEXT NOT NULL REFERENCES sources (id),
    line INTEGER,
    seen_at TEXT NOT NULL
) STRICT;
CREATE INDEX verdicts_tool ON verdicts (tool_id);
CREATE TABLE votes (
    id TEXT PRIMARY KEY NOT NULL,
    tool_id TEXT NOT NULL REFERENCES tools (id),
    ship INTEGER NOT NULL,
    skip INTEGER NOT NULL,
    source_id TEXT NOT NULL REFERENCES sources (id),
    line INTEGER,
    seen_at TEXT NOT NULL
) STRICT;
CREATE INDEX votes_tool ON votes (tool_id);
CREATE TABLE claims (
    id TEXT PRIMARY KEY NOT NULL,
    tool_id TEXT NOT NULL REFERENCES tools (id),
    attribute TEXT NOT NULL,
    value TEXT NOT NULL,
    number TEXT,
    unit TEXT NOT NULL,
    words TEXT NOT NULL,
    as_of TEXT,
    verified_on TEXT,
    source_id TEXT NOT NULL REFERENCES sources (id),
    line INTEGER,
    seen_at TEXT NOT NULL
) STRICT;
CREATE INDEX claims_tool ON claims (tool_id, attribute);
CREATE TABLE offers (
    id TEXT PRIMARY KEY NOT NULL,
    tool_id TEXT NOT NULL REFERENCES tools (id),
    provider TEXT NOT NULL,
    context_tokens INTEGER,
    input_price TEXT,
    output_price TEXT,
    p50_latency_ms INTEGER,
    throughput_tps TEXT,
    uptime_percent TEXT,
    as_of TEXT,
    source_id TEXT NOT NULL REFERENCES sources (id),
    line INTEGER,
    seen_at TEXT NOT NULL
) STRICT;
CREATE INDEX offers_tool ON offers (tool_id);
CREATE TABLE benchmarks (
    id TEXT PRIMARY KEY NOT NULL,
    tool_id TEXT NOT NULL REFERENCES tools (id),
    test TEXT NOT NULL,
    score TEXT,
    out_of TEXT,
    as_of TEXT,
    source_id TEXT NOT NULL REFERENCES sources (id),
    line INTEGER,
    seen_at TEXT NOT NULL
) STRICT;
CREATE INDEX benchmarks_tool ON benchmarks (tool_id);
CREATE TABLE notes (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    tool_id TEXT NOT NULL REFERENCES tools (id),
    kind TEXT NOT NULL CHECK (
        kind IN ('best-for', 'strength', 'trade-off', 'use-case', 'prompt', 'example-output', 'versus')
    ),
    other TEXT NOT NULL,
    words TEXT NOT NULL,
    source_id TEXT NOT NULL REFERENCES sources (id),
    line INTEGER,
    seen_at TEXT NOT NULL
) STRICT;
CREATE INDEX notes_tool ON notes (tool_id);
CREATE TABLE questions (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    comparison_id TEXT REFERENCES comparisons (id),
    tool_id TEXT REFERENCES tools (id),
    question TEXT NOT NULL,
    answer TEXT NOT NULL,
    source_id TEXT NOT NULL REFERENCES sources (id),
    line INTEGER,
    seen_at TEXT NOT NULL,
    CHECK ((comparison_id IS NULL) <> (tool_id IS NULL))
) STRICT;
CREATE INDEX questions_comparison ON questions (comparison_id);
CREATE INDEX questions_tool ON questions (tool_id);
"""


@MIGRATIONS()
def first_tables(db: Database) -> None:
    db.executescript(_TABLES)
    for table, columns in SEARCHED.items():
        db.table(table).enable_fts(columns, create_triggers=True, tokenize="porter unicode61")


@MIGRATIONS()
def revisions(db: Database) -> None:
    """Keep what a tool or comparison was described as before it was described otherwise."""
    db.executescript(_REVISIONS)


_REVISIONS = """
CREATE TABLE revisions (
    id TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('tools', 'comparisons')),
    key TEXT NOT NULL,
    field TEXT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    seen_at TEXT NOT NULL
) STRICT;
CREATE INDEX revisions_seen ON revisions (seen_at);
"""


@MIGRATIONS()
def reader_votes(db: Database) -> None:
    """Keep what the readers of an issue voted on its comparisons, once voting has closed: totals only."""
    db.executescript(_READER_VOTES)


_READER_VOTES = """
CREATE TABLE reader_votes (
    comparison_id TEXT NOT NULL REFERENCES comparisons (id),
    tool_id TEXT NOT NULL REFERENCES tools (id),
    ship INTEGER NOT NULL CHECK (ship >= 0),
    skip INTEGER NOT NULL CHECK (skip >= 0),
    closed_at TEXT NOT NULL,
    PRIMARY KEY (comparison_id, tool_id)
) STRICT;
CREATE INDEX reader_votes_tool ON reader_votes (tool_id);
"""


@MIGRATIONS()
def what_the_site_lists(db: Database) -> None:
    """Keep whether the site's own database lists a tool or comparison, and let two tools be compared more than once."""
    triggers = [each.sql for each in db.table("comparisons").triggers]
    db.executescript(_WHAT_THE_SITE_LISTS)
    # The index for searching has the same rows as before, under the same numbers.
    for sql in triggers:
        db.executescript(f"{sql};")


# Questions and votes refer to the comparisons all the while; that they do is looked at when this commits.
_WHAT_THE_SITE_LISTS = """
ALTER TABLE tools ADD COLUMN at_site TEXT NOT NULL DEFAULT '' CHECK (at_site IN ('', 'listed', 'gone'));
UPDATE tools SET at_site = 'listed' WHERE source_id = 'site';
PRAGMA defer_foreign_keys = ON;
CREATE TEMP TABLE moved AS SELECT * FROM comparisons;
DROP TABLE comparisons;
CREATE TABLE comparisons (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    left_id TEXT NOT NULL REFERENCES tools (id),
    right_id TEXT NOT NULL REFERENCES tools (id),
    url TEXT NOT NULL,
    headline TEXT NOT NULL,
    summary TEXT NOT NULL,
    cost_read TEXT NOT NULL,
    performance_read TEXT NOT NULL,
    pick_left_if TEXT NOT NULL,
    pick_right_if TEXT NOT NULL,
    published_on TEXT,
    source_id TEXT NOT NULL REFERENCES sources (id),
    first_seen_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL,
    at_site TEXT NOT NULL DEFAULT '' CHECK (at_site IN ('', 'listed', 'gone')),
    CHECK (left_id <> right_id)
) STRICT;
INSERT INTO comparisons SELECT *, iif(source_id = 'site', 'listed', '') FROM moved;
DROP TABLE moved;
CREATE INDEX comparisons_first_seen ON comparisons (first_seen_at, id);
CREATE INDEX comparisons_pair ON comparisons (left_id, right_id);
"""
