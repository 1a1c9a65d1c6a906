"""What measures how contradictions are found: its pages are always the same ones, whole, and say what they should."""

import re
from pathlib import Path
from types import ModuleType

import pytest

from benchmarks import truth, truth_held_out, truth_words
from benchmarks.truth import Checker, is_found, planted_sets
from benchmarks.truth_sets import CASES, FIELD_PLANTS, STATEMENTS, Case, FieldPlant, PageSet, Writer
from newsletter.content.packs import Provenance, read_material
from newsletter.content.records import Pack, StatementEntry

WORDS = pytest.mark.parametrize("words", [truth_words, truth_held_out], ids=["words", "held out"])


def _some_of_each_kind(words: ModuleType) -> list[PageSet]:
    writer = Writer(words)
    return [
        *planted_sets(writer, 1),
        *(write(str(number)) for write in (writer.clean, writer.near_miss) for number in range(5)),
    ]


@WORDS
def test_a_seed_makes_the_same_pages_again(words: ModuleType) -> None:
    assert _some_of_each_kind(words) == _some_of_each_kind(words)


@WORDS
def test_every_page_is_imported_and_has_no_gap(words: ModuleType, tmp_path: Path) -> None:
    for page_set in _some_of_each_kind(words):
        assert 2 <= len(page_set.pages) <= 4
        for page in page_set.pages:
            assert not re.search(r"\{\w+\}", page.text)
            assert _read(page.text, tmp_path / f"{page.name}.txt").tools


@pytest.mark.parametrize("spec", FIELD_PLANTS, ids=lambda spec: f"{spec.kind}, {spec.pages[0]}")
def test_every_planted_field_is_imported(spec: FieldPlant, tmp_path: Path) -> None:
    page_set = Writer(truth_words).planted_field(spec, "a field")
    assert page_set.plant is not None
    lines = set()
    for page in page_set.pages:
        pack = _read(page.text, tmp_path / f"{page.name}.txt")
        lines |= {(page.name, each.line) for kind in _statements(pack) for each in kind}
    assert lines & page_set.plant.lines


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}, {case.statement}")
def test_a_planted_sentence_stands_on_its_line_beside_what_it_contradicts(case: Case) -> None:
    writer = Writer(truth_words)
    for number, wording in enumerate(writer.wordings[case.statement]):
        page_set = writer.planted(case, wording, f"a sentence {number}")
        plant = page_set.plant
        assert plant is not None
        texts = {page.name: page.text.split("\n") for page in page_set.pages}
        planted = [texts[name][line - 1].replace("’", "'") for name, line in plant.lines]
        assert any(plant.said in text for text in planted)
        assert plant.partners


def test_every_statement_has_its_wordings_and_the_held_out_ones_are_others() -> None:
    for name in STATEMENTS:
        assert len(set(truth_words.WORDINGS[name])) >= 8
        assert len(set(truth_held_out.WORDINGS[name])) >= 4
        assert not set(truth_words.WORDINGS[name]) & set(truth_held_out.WORDINGS[name])


@WORDS
def test_a_near_miss_is_taken_for_a_statement_that_there_is(words: ModuleType) -> None:
    traps = (*words.NEAR_MISSES.values(), *words.PAIR_NEAR_MISSES.values())
    assert {mistaken for trap in traps for _, mistaken in trap} <= set(STATEMENTS)


def test_a_finding_counts_only_on_the_planted_line_and_about_its_tool(tmp_path: Path) -> None:
    """Two prices of one profile: found by the rules there are, and by nobody on another set's lines."""
    spec = next(each for each in FIELD_PLANTS if each.kind == "said twice")
    writer = Writer(truth_words)
    mine, other = (writer.planted_field(spec, seed).plant for seed in ("one", "two"))
    assert mine is not None
    assert other is not None
    findings = Checker(tmp_path).check(writer.planted_field(spec, "one"), [])
    assert [is_found(mine, each) for each in findings] == [True]
    assert not any(is_found(other, each) for each in findings)


def test_the_table_counts_fields_and_sentences_apart() -> None:
    result = truth.Result(fields={"licence": truth.Count(4, 3)}, sentences={"licence": truth.Count(5, 2)})
    assert "| licence | 4 | 3 | 0.75 | 5 | 2 | 0.40 |" in truth.as_table(result)


def _read(text: str, file: Path) -> Pack:
    file.write_text(text, encoding="utf-8")
    return read_material(file, Provenance(url=f"https://pages.example/{file.stem}", ours=True)).pack


def _statements(pack: Pack) -> tuple[tuple[StatementEntry, ...], ...]:
    return pack.claims, pack.offers, pack.benchmarks, pack.votes, pack.verdicts
