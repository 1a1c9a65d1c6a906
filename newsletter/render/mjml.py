"""The one door to PyPI `mjml`: MJML in, HTML out, with its gaps guarded.

The port does not validate, so the linter goes first; it keeps authors' comments unless told otherwise; and it is
the reference's twin only for the components that the linter lets through.
"""

import re

from mjml import mjml_to_html

from newsletter.errors import TemplateError
from newsletter.render.environment import Source
from newsletter.render.lint import lint

#: MJML fetches some fonts from elsewhere as soon as a style names them.
_FETCHED = re.compile(r"<link\b[^>]*>|@import[^;]*;")


def html_of(source: Source) -> str:
    """The HTML of a rendered MJML template; raises TemplateError that names the template's first faulty line."""
    if faults := lint(source.text):
        first = faults[0]
        more = f" ({len(faults) - 1} more faults)" if len(faults) > 1 else ""
        raise TemplateError(first.reason + more, source.place(first.line))
    html: str = mjml_to_html(source.text, keep_comments=False).html
    if fetched := _FETCHED.search(html):
        raise TemplateError(
            f"readers' programs would fetch {fetched[0]!r}: use fonts that everyone has", source.place(1)
        )
    return html
