"""The how-to about templates says which values each mail prints."""

import re
from pathlib import Path

import pytest
from jinja2 import meta

from newsletter.config import template_folders
from newsletter.render.environment import mjml_environment, text_environment
from newsletter.render.sentinels import Sentinels

FOLDERS = template_folders(None)
HOW_TO = (FOLDERS[-1].parent / "docs/how-to/your-own-templates.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", HOW_TO, re.MULTILINE))


def printed(mail: str) -> set[str]:
    """The names that a mail's templates need from outside."""
    names = set[str]()
    for folder in FOLDERS:
        for path in (folder / "email" / mail).glob("*.j2"):
            environment = (mjml_environment if "mjml" in path.name else text_environment)(
                FOLDERS, Sentinels()
            )
            tree = environment.parse(path.read_text(encoding="utf-8"))
            names |= meta.find_undeclared_variables(tree) - set(environment.globals)
    # What a name begins with an underscore for is Jinja's own: `trans` keeps the value that it counts by there.
    return {each for each in names if not each.startswith("_")} - {"frame", "slots", "caller"}


@pytest.mark.parametrize("mail", sorted(ROWS))
def test_the_values_of_a_mail_are_documented(mail: str) -> None:
    assert set(re.findall(r"`(\w+)`", ROWS[mail])) == printed(mail)


def test_every_mail_is_documented() -> None:
    mails = {path.parent.name for folder in FOLDERS for path in Path(folder).glob("email/*/subject.txt.j2")}
    assert mails == set(ROWS)
