"""What Gmail, Outlook, Apple Mail and Yahoo lack of what our mails use, by caniemail.com's data: each has a fallback."""

import json
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from newsletter.config import template_folders
from newsletter.render.compile import compile_mail
from tests.render import letters
from tests.render.features import features_of
from tests.render.goldens import MAILS
from tests.render.views import html_of

HERE = Path(__file__).parent
SUPPORT: dict[str, dict[str, str]] = json.loads((HERE / "support.json").read_text(encoding="utf-8"))[
    "features"
]
LISTED: dict[str, Any] = tomllib.loads((HERE / "fallbacks.toml").read_text(encoding="utf-8"))
FOLDERS = template_folders(None)
#: How many programs of each family are measured.
FAMILIES = {"gmail": 4, "outlook": 5, "apple-mail": 2, "yahoo": 3}


@pytest.fixture(scope="module")
def used() -> set[str]:
    """What the five representative issues and every single mail use together."""
    documents = [html_of(letters.plan_of(name)) for name in letters.REPRESENTATIVE]
    documents += [
        html_of(compile_mail(kind, values, letters.FRAME, FOLDERS)) for kind, values in MAILS.items()
    ]
    return set[str]().union(*(features_of(each) for each in documents))


def lacking(feature: str) -> list[str]:
    """The programs without the feature, a whole family by its name."""
    by_family: dict[str, list[str]] = defaultdict(list)
    for program, mark in SUPPORT[feature].items():
        if mark == "n":
            by_family[program.partition(".")[0]].append(program)
    return sorted(
        name
        for family, programs in by_family.items()
        for name in ([family] if len(programs) == FAMILIES[family] else programs)
    )


def test_what_a_large_program_lacks_is_listed_with_what_its_readers_see_instead(used: set[str]) -> None:
    found = {feature: lacking(feature) for feature in used & SUPPORT.keys()}
    listed = {feature: entry["lacks"] for feature, entry in LISTED["lacking"].items()}
    assert {feature: programs for feature, programs in found.items() if programs} == listed
    assert all(entry["instead"] for entry in LISTED["lacking"].values())


def test_what_nobody_has_measured_is_listed_too(used: set[str]) -> None:
    assert used - SUPPORT.keys() == set(LISTED["unmeasured"])


def test_the_finder_finds_what_stands_in_elements_and_in_sheets() -> None:
    sheet = "@media (prefers-color-scheme:dark){.a,b > c{color:red!important}} d[e]{width:calc(1vh)}"
    found = features_of(f'<style>{sheet}</style><h2 style="display:flex;margin-top:1em"><img width="1">')
    assert found >= {
        "css-at-media-prefers-color-scheme", "css-selector-class", "css-selector-grouping", "css-selector-child",
        "css-important", "css-selector-attribute", "css-width", "css-unit-vh", "css-display-flex", "css-margin",
        "css-unit-em", "html-h1-h6", "html-img", "html-width", "html-style",
    }  # fmt: skip
