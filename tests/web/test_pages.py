"""Each page's template sees the fields of its dataclass, all of them, and `site`."""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from jinja2 import meta, nodes

from newsletter.config import template_folders
from newsletter.web.application import routers
from newsletter.web.pages import Page, make_environment

# Loads every module with pages.
ROUTERS = tuple(routers())

FOLDERS = template_folders(None)


def kinds_of(page: type[Page]) -> Iterator[type[Page]]:
    """Every page with a template: of a slotted dataclass, Python keeps the class that it was made from for a while."""
    for kind in page.__subclasses__():
        if "__dataclass_fields__" in vars(kind):
            yield from kinds_of(kind)
            if hasattr(kind, "template"):
                yield kind


#: By template.
PAGES = {page.template: page for page in kinds_of(Page)}


def names_made_in(template: nodes.Template) -> set[str]:
    """What a template imports, or names itself."""
    imports = {each.target for each in template.find_all(nodes.Import)}
    macros = {each.name for each in template.find_all(nodes.Macro)}
    stored = {each.name for each in template.find_all(nodes.Name) if each.ctx == "store"}
    return imports | macros | stored


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_a_template_uses_exactly_what_its_page_gives(page: type[Page]) -> None:
    environment = make_environment(FOLDERS, ZoneInfo("UTC"))
    assert environment.loader is not None
    source, _, _ = environment.loader.get_source(environment, f"web/{page.template}.html.j2")
    template = environment.parse(source)
    used = meta.find_undeclared_variables(template) - names_made_in(template)
    # What a page of the desk has in common with the others is for its layout.
    common = {"site", "self", "super", "layout"}
    assert used - common == {each.name for each in fields(page)} - common


def test_every_template_has_a_page() -> None:
    named = set(PAGES)
    files = {
        str(file.relative_to(Path(folder) / "web")).removesuffix(".html.j2")
        for folder in FOLDERS
        for file in Path(folder).glob("web/**/*.html.j2")
        if not file.name.startswith("_")
    }
    assert files == named
