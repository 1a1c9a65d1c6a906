"""PyPI `mjml` gives what the reference MJML 4.18 gives, for browsers and for Outlook, for all that we use of it."""

import re
from xml.etree import ElementTree

import pytest

from newsletter.errors import Place
from newsletter.render.environment import RenderedTemplate
from newsletter.render.mjml import html_of, minify
from tests.render.goldens import FOLDER, sources
from tests.render.views import for_browsers, for_outlook, lines

NAMES = sorted(path.stem for path in FOLDER.glob("*.mjml"))


def golden(name: str) -> tuple[str, str]:
    """The MJML and the reference's HTML of it."""
    return tuple((FOLDER / f"{name}.{kind}").read_text(encoding="utf-8") for kind in ("mjml", "html"))  # type: ignore[return-value]


def ours(mjml: str) -> str:
    return minify(html_of(RenderedTemplate(mjml, (Place("golden"),) * (mjml.count("\n") + 1))))


def vocabulary(mjml: str) -> set[tuple[str, str]]:
    """Every component with each of its attributes, so far as MJML reads them."""
    without_entities = re.sub(r"&[a-z]+;", "", mjml)
    return {
        (element.tag, attribute)
        for element in ElementTree.fromstring(without_entities).iter()
        if element.tag.startswith("mj")
        for attribute in ("", *element.attrib)
    }


@pytest.mark.parametrize("name", NAMES)
def test_browsers_build_the_reference_tree(name: str) -> None:
    mjml, reference = golden(name)
    assert lines(for_browsers(ours(mjml))) == lines(for_browsers(reference))


@pytest.mark.parametrize("name", NAMES)
def test_outlook_builds_the_reference_tree(name: str) -> None:
    mjml, reference = golden(name)
    assert lines(for_outlook(ours(mjml))) == lines(for_outlook(reference))


@pytest.mark.parametrize("name", sorted(sources()))
def test_templates_use_nothing_that_the_goldens_do_not_show(name: str) -> None:
    shown = set[tuple[str, str]]().union(*(vocabulary(golden(each)[0]) for each in NAMES))
    unknown = vocabulary(sources()[name].text) - shown
    assert unknown == set(), "make the goldens anew: python -m tests.oracle.make_golden"
