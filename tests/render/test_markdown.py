import pytest

from newsletter.render.markdown import to_html, to_text


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("Plain & <b>bold</b>", "<p>Plain &amp; &lt;b&gt;bold&lt;/b&gt;</p>"),
        ("**strong** *em*", "<p><strong>strong</strong> <em>em</em></p>"),
        ("[a](https://example.org/?a=1&b=2)", '<p><a href="https://example.org/?a=1&amp;b=2">a</a></p>'),
        ("[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>"),
        ("[a](data:text/html,x)", "<p>[a](data:text/html,x)</p>"),
        ("So ![x](https://example.org/x.png)!", "<p>So !</p>"),
        ("# Heading", "<p># Heading</p>"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("* a\n* b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
    ],
)
def test_the_note_becomes_harmless_html(markdown: str, html: str) -> None:
    assert to_html(markdown).markup == html


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("**strong** [a](https://example.org)", "strong a (https://example.org)"),
        ("one\ntwo\n\nthree", "one two\n\nthree"),
        ("See <https://example.org/p_q_>.", "See https://example.org/p_q_."),
        ("[https://example.org](https://example.org)", "https://example.org"),
        ("<https://example.org/ä>", "https://example.org/ä"),
        ("<me@example.org>", "me@example.org"),
        ("* a\n* b", "* a\n\n* b"),
        ("5 < 6 & 7", "5 < 6 & 7"),
    ],
)
def test_the_note_becomes_plain_lines(markdown: str, text: str) -> None:
    assert to_text(markdown) == text
