"""`newsletter facts`, as a person types it."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from newsletter.app import open_app
from newsletter.cli.program import program
from newsletter.content.pages import read_page
from tests.content.conflicts.pages import SEEN_AT, head_to_head, model_page, profile
from tests.installed import install

TOOL = "gannet-mini-13b"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An installation with two sources that differ on one price, and a total that is wrong."""
    folder = tmp_path / "weekly"
    install(folder, example=True)
    pages = (
        profile(price=("0.30", "0.80")),
        model_page(name="Gannet Mini 13B"),
        head_to_head(costs="A 100M-token month would cost ~$2,500 on Tern Large 4."),
    )
    app = open_app(folder)
    with app.content() as content:
        for number, page in enumerate(pages):
            content.import_pack(read_page(page, name=f"page-{number}.txt"), SEEN_AT)
    app.close()
    return folder


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(program, ["--folder", str(folder), "facts", *arguments])


def said(folder: Path, *arguments: str) -> str:
    result = run(folder, *arguments)
    assert result.exit_code == 0, result.output
    return result.output


def parsed(folder: Path, *arguments: str) -> Any:
    return json.loads(said(folder, *arguments, "--json"))


def price(folder: Path) -> dict[str, Any]:
    """The fact on the input price as it stands."""
    facts: list[dict[str, Any]] = parsed(folder, TOOL)["facts"]
    return next(each for each in facts if each["attribute"] == "input_price")


def test_a_fact_is_followed_to_claim_source_line_date_and_rule(folder: Path) -> None:
    fact = price(folder)
    assert (fact["value"], fact["unit"], fact["rule"]) == ("0.3", "USD/Mtok", "newest verified")
    assert (fact["source"], fact["line"], fact["dated"]) == (
        "Gannet Mini 13B, model profile",
        14,
        "2026-09-14",
    )
    assert fact["claim"].startswith("claim-")
    other = fact["differs"][0]
    assert (other["value"], other["source"]) == ("0.2", "Gannet Mini 13B, model page")


def test_the_table_shows_the_same(folder: Path) -> None:
    lines = said(folder, TOOL).splitlines()
    assert lines[0].split() == ["Attribute", "Value", "Rule", "Source", "Line", "Dated", "Age", "Claim"]
    prices = [line for line in lines if line.startswith("input_price")]
    assert ["newest verified" in prices[0], "differs" in prices[1]] == [True, True]
    assert any(line.startswith("1. sources differ") for line in lines)
    assert said(folder, "show", TOOL) == said(folder, TOOL)


def test_check_lists_every_contradiction_with_both_places(folder: Path) -> None:
    found = parsed(folder, "check")
    assert [(each["kind"], each["attribute"]) for each in found] == [
        ("sources differ", "input_price"),
        ("total against price", "cost_at_100M"),
    ]
    assert [(each["left"]["line"], each["right"]["line"]) for each in found] == [(14, 23), (4, 8)]
    text = said(folder, "check")
    assert "1. sources differ (serious): gannet-mini-13b, input_price" in text
    assert "Gannet Mini 13B, model page, line 23" in text
    assert "$100 to $400, not $2,500" in text


def test_a_ruling_settles_the_fact_and_ends_the_finding(folder: Path) -> None:
    cheaper = price(folder)["differs"][0]["claim"]
    assert "settled by" in said(folder, "rule", TOOL, "input_price", cheaper, "--reason", "They wrote to us.")
    fact = price(folder)
    assert (fact["value"], fact["rule"]) == ("0.2", "ruling")
    assert [each["attribute"] for each in parsed(folder, "check")] == ["cost_at_100M"]


def test_leaving_out_ends_the_finding_and_the_fact(folder: Path) -> None:
    said(folder, "rule", TOOL, "input_price", "--leave-out", "--reason", "Nobody knows.")
    sheet = parsed(folder, TOOL)
    assert "input_price" not in [each["attribute"] for each in sheet["facts"]]
    assert (sheet["left_out"], sheet["contradictions"]) == (["input_price"], [])
    assert "An editor leaves out input_price." in said(folder, TOOL)


def test_a_ruling_taken_back_asks_again(folder: Path) -> None:
    said(folder, "rule", TOOL, "input_price", "--leave-out", "--reason", "Nobody knows.")
    said(folder, "rule", TOOL, "input_price", "--withdraw")
    assert len(parsed(folder, "check")) == 2


def test_nothing_found_is_said(tmp_path: Path) -> None:
    install(tmp_path / "weekly", example=True)
    assert said(tmp_path / "weekly", "check") == "Nothing contradicts itself.\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["heron"], "newsletter: There is no tool heron."),
        (["rule", "heron", "context", "--leave-out", "--reason", "x"], "newsletter: There is no tool heron."),
        (["rule", TOOL, "colour", "--leave-out", "--reason", "x"], "nothing is stated of Gannet Mini 13B as colour"),
        (["rule", TOOL, "context", "claim-1", "--reason", "x"], "There is no current claim on context with id claim-1."),
        (["rule", TOOL, "context", "--leave-out"], "a ruling needs a reason"),
        (["rule", TOOL, "context"], "give a CLAIM, or --leave-out, or --withdraw"),
        (["rule", TOOL, "context", "--withdraw"], "There is no ruling on gannet-mini-13b context."),
    ],
)  # fmt: skip
def test_bad_arguments_are_one_sentence(folder: Path, arguments: list[str], message: str) -> None:
    result = run(folder, *arguments)
    assert result.exit_code == 2
    assert message in result.output


def test_price_sentences_that_were_not_understood_are_counted(tmp_path: Path) -> None:
    folder = tmp_path / "weekly"
    install(folder, example=True)
    strange = "By the barrel, both models come down to $3 in Tern money, price tags aside."
    app = open_app(folder)
    with app.content() as content:
        content.import_pack(read_page(head_to_head(costs=strange), name="page.txt"), SEEN_AT)
    app.close()
    output = said(folder, "check")
    assert "1 price sentence was not understood:" in output
    assert strange in output
