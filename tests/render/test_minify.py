import pytest

from newsletter.render.mjml import html_of, minify
from tests.render.goldens import sources
from tests.render.views import conditionals, for_browsers, for_outlook, lines

RAW = {name: html_of(source) for name, source in sources().items()}


@pytest.mark.parametrize("name", sorted(RAW))
def test_every_conditional_comment_stays(name: str) -> None:
    before = conditionals(RAW[name])
    assert len(before) > 20
    assert conditionals(minify(RAW[name])) == before


@pytest.mark.parametrize("name", sorted(RAW))
def test_both_trees_stay(name: str) -> None:
    assert lines(for_browsers(minify(RAW[name]))) == lines(for_browsers(RAW[name]))
    assert lines(for_outlook(minify(RAW[name]))) == lines(for_outlook(RAW[name]))


def test_it_is_worth_it() -> None:
    assert len(minify(RAW["weekly"])) < 0.85 * len(RAW["weekly"])


@pytest.mark.parametrize(
    ("html", "short"),
    [
        ("<p>\n  a  <b>b</b>\n <i>c</i> d\n</p>\n", "<p>a <b>b</b> <i>c</i> d</p>"),
        ("<td\n  style='x' >", "<td style='x'>"),
        ('<td class="" style="color: red; margin: 0 ;">', '<td style="color:red;margin:0">'),
        ("<style>\n a > b , c { color: red; }\n</style>", "<style>a > b,c{color:red}</style>"),
        ("<!--[if mso | IE]>\n <table>\n<![endif]-->\n<div>", "<!--[if mso | IE]><table><![endif]--><div>"),
        ("<!--[if mso]> <v:rect fill='true' > <![endif]-->", "<!--[if mso]><v:rect fill='true'><![endif]-->"),
        ("<a href='x'>a</a>\n<a href='y'>b</a>", "<a href='x'>a</a> <a href='y'>b</a>"),
        ("a\xa0 b", "a\xa0 b"),
    ],
)
def test_only_air_goes(html: str, short: str) -> None:
    assert minify(html) == short
