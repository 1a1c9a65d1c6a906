"""Each page is given what its template uses, no more and no less: every call that shows one is read."""

import ast
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from jinja2 import meta, nodes

import newsletter.web
from newsletter.config import template_folders
from newsletter.web.pages import make_environment

FOLDERS = template_folders(None)
WEB = Path(newsletter.web.__file__).parent
#: What shows a page; the second argument is its template.
SHOWING = {"render", "show", "show_desk"}
#: Where these are defined, by each other.
DEFINING = {"pages.py", "layout.py"}
#: What every page has, and what each of the desk's has in common with the others.
COMMON = {"site", "self", "super", "layout"}


def pages_shown() -> Iterator[tuple[str, str, frozenset[str]]]:
    """Where a page is shown, its template, and the names of what it is given."""
    for file in sorted(WEB.rglob("*.py")):
        for call in ast.walk(ast.parse(file.read_text())):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in SHOWING:
                template, place = call.args[1], f"{file.relative_to(WEB)}:{call.lineno}"
                if isinstance(template, ast.Constant):
                    names = {each.arg or "**" for each in call.keywords} - {"status_code"}
                    yield place, str(template.value), frozenset(names)
                else:
                    assert file.name in DEFINING, f"{place} hides its template"


SHOWN = tuple(pages_shown())


def names_made_in(template: nodes.Template) -> set[str]:
    """What a template imports, or names itself."""
    imports = {each.target for each in template.find_all(nodes.Import)}
    macros = {each.name for each in template.find_all(nodes.Macro)}
    stored = {each.name for each in template.find_all(nodes.Name) if each.ctx == "store"}
    return imports | macros | stored


@pytest.mark.parametrize(
    ("place", "page", "given"), SHOWN, ids=[f"{page} at {place}" for place, page, _ in SHOWN]
)
def test_a_template_uses_exactly_what_its_page_gives(place: str, page: str, given: frozenset[str]) -> None:
    environment = make_environment(FOLDERS, ZoneInfo("UTC"))
    assert environment.loader is not None
    source, _, _ = environment.loader.get_source(environment, f"web/{page}.html.j2")
    template = environment.parse(source)
    used = meta.find_undeclared_variables(template) - names_made_in(template)
    assert given == used - COMMON


def test_every_template_has_a_page() -> None:
    files = {
        str(file.relative_to(Path(folder) / "web")).removesuffix(".html.j2")
        for folder in FOLDERS
        for file in Path(folder).glob("web/**/*.html.j2")
        if not file.name.startswith("_")
    }
    assert files == {page for _, page, _ in SHOWN}
