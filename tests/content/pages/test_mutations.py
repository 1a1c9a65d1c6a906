"""Pages as they come: other white space, cut anywhere. Either a refusal, or nothing that the page does not say."""

import re
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.content.records import Pack
from newsletter.errors import BadInput
from tests.content.pages.grounds import groundless
from tests.content.pages.reading import NAMES, read, text_of

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
pages = st.sampled_from(NAMES)
LINES = st.sampled_from(["\n", "\r\n", "\r", "\n\n", "\n \t \n\n", "\n\u00a0\n", "\r\n\r\n"])
BLANKS = st.sampled_from([" ", "  ", "\t", "\u00a0", "\u2009", " \u200b", "\u00a0 "])
EDGES = st.sampled_from(["", " ", "\t", "\u00a0", "\ufeff"])


def contents(pack: Pack) -> str:
    """The pack without what white space moves: line numbers and the text itself."""
    kinds = (
        "tools",
        "comparisons",
        "reviewers",
        "reviews",
        "verdicts",
        "votes",
        "claims",
        "offers",
        "benchmarks",
    )
    lists = (*kinds, "notes", "questions")
    records = [_without_line(record) for kind in lists for record in getattr(pack, kind)]
    return "\n".join(map(repr, records))


def _without_line(record: Any) -> Any:
    return replace(record, line=None) if hasattr(record, "line") else record


def beyond(cut: Pack, whole: Pack) -> list[object]:
    """Records of a cut page that the whole page does not have; a split may be unknown that was known."""
    unknown = [replace(each, ships=None, skips=None, derived=False) for each in whole.verdicts]
    said = {replace(claim, words="") for claim in whole.claims}
    return [
        *(claim for claim in cut.claims if replace(claim, words="") not in said),
        *(each for each in cut.verdicts if each not in (*whole.verdicts, *unknown)),
        *(each for each in cut.reviews if each not in whole.reviews),
        *(each for each in cut.votes if each not in whole.votes),
        *(each for each in cut.offers if each not in whole.offers),
        *(each for each in cut.benchmarks if each not in whole.benchmarks),
    ]


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_stands_on_its_line(name: str) -> None:
    assert groundless(read(text_of(name)), text_of(name)) == []


@quick
@given(pages, st.data())
def test_white_space_changes_nothing_but_the_lines(name: str, data: st.DataObject) -> None:
    text = text_of(name).rstrip("\n")
    while "\n\n" in text:
        text = text.replace("\n\n", "\n")
    line, blank = data.draw(LINES), data.draw(BLANKS)
    changed = data.draw(EDGES) + text.replace(" ", blank).replace(
        "\n", f"{data.draw(EDGES)}{line}{data.draw(EDGES)}"
    )
    pack = read(changed)
    assert contents(pack) == contents(read(text_of(name)))
    assert groundless(pack, changed.replace("\u200b", "").replace("\ufeff", "")) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_page_with_figures_beyond_all_measure_is_read_or_refused(name: str) -> None:
    lines = text_of(name).split("\n")
    for number, line in enumerate(lines):
        if re.search(r"\d", line):
            beyond_measure = re.sub(r"\d+", "9" * 5000, line)
            with suppress(BadInput):
                read("\n".join([*lines[:number], beyond_measure, *lines[number + 1 :]]))


@pytest.mark.parametrize("name", NAMES)
def test_a_page_cut_after_any_line_is_refused_or_says_no_more_than_before(name: str) -> None:
    lines = text_of(name).split("\n")
    whole = read(text_of(name))
    for number in range(len(lines)):
        cut = "\n".join(lines[:number])
        try:
            pack = read(cut)
        except BadInput:
            continue
        assert beyond(pack, whole) == []
        assert groundless(pack, cut) == []


@quick
@given(pages, st.floats(0, 1))
def test_a_page_cut_anywhere_is_refused_or_says_no_more_than_before(name: str, share: float) -> None:
    text = text_of(name)
    cut = text[: int(len(text) * share)]
    try:
        pack = read(cut)
    except BadInput:
        return
    assert beyond(pack, read(text)) == []
    assert groundless(pack, cut) == []


@quick
@given(pages, st.data())
def test_a_page_with_lines_missing_says_nothing_that_it_does_not_hold(name: str, data: st.DataObject) -> None:
    lines = text_of(name).split("\n")
    start = data.draw(st.integers(0, len(lines) - 1))
    end = data.draw(st.integers(start, len(lines)))
    left = "\n".join(lines[:start] + lines[end:])
    try:
        pack = read(left)
    except BadInput:
        return
    assert groundless(pack, left) == []


@quick
@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(BadInput):
        read(text)
