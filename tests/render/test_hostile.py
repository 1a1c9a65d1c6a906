"""Other people's words, at their worst, in every place where a letter prints something."""

import re
from typing import Any

from tests.render.letters import plan_of
from tests.render.views import for_browsers, for_outlook, html_of, lines, text_of, tree

#: What the attack becomes once it is cleaned: the same letters, nothing that acts.
SHOWN = "\"'><script>alert(1)</script>&amp;</td></table><mj-text>{{ 7*7 }}{% raw %}</mj-text><!--[if mso]>x<![endif]-->[31mgnp.exe01:1 Bcc: a@b"


def shape(html: str) -> list[str]:
    """The elements of a document with the names of their attributes, without any words."""
    return [
        f"{element.tag} {sorted(element.attrib)}"
        for element in tree(html).iter()
        if isinstance(element.tag, str)
    ]


def test_no_element_and_no_attribute_is_added() -> None:
    for view in (for_browsers, for_outlook):
        assert shape(view(html_of(plan_of("HOSTILE")))) == shape(view(html_of(plan_of("ONE_OF_EACH"))))


def test_no_attribute_but_labels_changes() -> None:
    harmless, hostile = (
        tree(for_browsers(html_of(plan))) for plan in (plan_of("ONE_OF_EACH"), plan_of("HOSTILE"))
    )
    changed = {
        name for a, b in zip(harmless.iter(), hostile.iter(), strict=True) for name in _differing(a, b)
    }
    assert changed <= {"aria-label", "href"}


def _differing(a: Any, b: Any) -> set[str]:
    return {name for name in a.attrib if a.attrib[name] != b.attrib[name]}


def test_the_attack_is_shown_as_it_was_written() -> None:
    shown = [line for line in lines(for_browsers(html_of(plan_of("HOSTILE")))) if SHOWN in line]
    assert len(shown) > 60


def test_jinja_in_a_value_is_not_run() -> None:
    for part in (html_of(plan_of("HOSTILE")), text_of(plan_of("HOSTILE"))):
        assert "{{ 7*7 }}" in part
        assert "49" not in part


def test_nothing_invisible_or_turning_comes_through() -> None:
    bad = re.compile("[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u200b\ue000-\ue0ff]")
    for part in (html_of(plan_of("HOSTILE")), text_of(plan_of("HOSTILE")), plan_of("HOSTILE").subject):
        assert not bad.search(part)


def test_a_line_end_in_a_value_is_a_blank() -> None:
    assert SHOWN in plan_of("HOSTILE").subject
    assert SHOWN in " ".join(text_of(plan_of("HOSTILE")).split())


def test_the_note_keeps_its_markup_and_loses_the_attack() -> None:
    html = html_of(plan_of("HOSTILE"))
    assert "<strong>meet on price</strong>" in html
    assert "<script" not in html
