from pathlib import Path

import pytest

from newsletter.config import template_folders
from newsletter.errors import TemplateError
from newsletter.render.environment import mjml_environment, render, text_environment
from newsletter.render.plan import PlanSlot, SlotName
from newsletter.render.sentinels import Literal, LostSentinel, Sentinels


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def rendered(folder: Path, template: str, **values: object) -> list[object]:
    """What a template prints into MJML: its own text and the values in their order."""
    write(folder, "mail/body.mjml.j2", template)
    sentinels = Sentinels()
    source = render(mjml_environment([folder], sentinels), "mail/body.mjml.j2", values)
    return [piece for piece in sentinels.split(source.text) if piece != Literal("")]


def text(folder: Path, template: str, **values: object) -> str:
    write(folder, "mail/body.txt.j2", template)
    return render(text_environment([folder], Sentinels()), "mail/body.txt.j2", values).text


def test_values_reach_mjml_only_as_sentinels(tmp_path: Path) -> None:
    pieces = rendered(tmp_path, '<a href="{{ url }}">{{ name }}</a>', url="https://x", name='"><script>')
    assert pieces == [Literal('<a href="'), "https://x", Literal('">'), '"><script>', Literal("</a>")]


def test_a_macro_passes_through_and_its_values_do_not(tmp_path: Path) -> None:
    template = "{% macro bold(words) %}<b>{{ words }}</b>{% endmacro %}{{ bold(name) }}"
    assert rendered(tmp_path, template, name="<i>") == [Literal("<b>"), "<i>", Literal("</b>")]


def test_a_slot_stays_a_slot(tmp_path: Path) -> None:
    assert rendered(tmp_path, "{{ slots.view_url }}") == [PlanSlot(SlotName.VIEW_URL)]


def test_a_slot_cannot_be_part_of_a_text(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"slots\.address can only be printed as it is"):
        text(tmp_path, '{{ "Sent to " ~ slots.address }}')


def test_constants_and_switched_off_escaping_are_values_too(tmp_path: Path) -> None:
    assert rendered(tmp_path, '{{ "<b>" }}') == ["<b>"]
    assert rendered(tmp_path, "{% autoescape false %}{{ name }}{% endautoescape %}", name="<b>") == ["<b>"]


@pytest.mark.parametrize("name", ["safe", "e", "escape", "forceescape", "tojson", "urlize", "xmlattr"])
def test_filters_that_call_text_safe_are_unknown(tmp_path: Path, name: str) -> None:
    with pytest.raises(TemplateError, match=f"No filter named '{name}'"):
        rendered(tmp_path, "{{ name|" + name + " }}", name="x")


@pytest.mark.parametrize("value", [None, True, 1.5, b"x", [1], object()])
def test_only_texts_and_whole_numbers_are_printed(tmp_path: Path, value: object) -> None:
    with pytest.raises(TemplateError, match="only texts and whole numbers"):
        rendered(tmp_path, "{{ value }}", value=value)
    with pytest.raises(TemplateError, match="only texts and whole numbers"):
        text(tmp_path, "{{ value }}", value=value)


def test_a_misspelt_name_is_said_with_file_and_line(tmp_path: Path) -> None:
    write(tmp_path, "mail/_part.mjml.j2", "one\n\n{{ lettr.subject }}\n")
    with pytest.raises(TemplateError) as caught:
        rendered(tmp_path, '{% include "_part.mjml.j2" %}')
    assert str(caught.value) == f"{tmp_path}/mail/_part.mjml.j2:3: 'lettr' is undefined"


def test_a_name_inside_a_macro_or_a_loop_is_found_too(tmp_path: Path) -> None:
    template = "{% macro m(x) %}\n{{ x.nothing }}{% endmacro %}\n{% for n in [1] %}\n{{ m(n) }}{% endfor %}"
    with pytest.raises(TemplateError, match=r"body\.mjml\.j2:2: "):
        rendered(tmp_path, template)


def test_wrong_syntax_is_said_with_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"body\.mjml\.j2:2: .*endfor"):
        rendered(tmp_path, "{% for n in [1] %}\n{% endif %}")


def test_a_missing_template_is_named(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"there is no template mail/_gone\.mjml\.j2"):
        rendered(tmp_path, '{% include "_gone.mjml.j2" %}')


def test_templates_cannot_reach_python(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"unsafe|undefined"):
        rendered(tmp_path, "{{ ''.__class__.__mro__ }}")


def test_each_line_knows_its_template(tmp_path: Path) -> None:
    write(tmp_path, "mail/_part.mjml.j2", "a\nb\n")
    write(tmp_path, "mail/body.mjml.j2", 'x\n{% if true %}\n{% include "_part.mjml.j2" %}\n{% endif %}\ny\n')
    source = render(mjml_environment([tmp_path], Sentinels()), "mail/body.mjml.j2", {})
    assert source.text.splitlines() == ["x", "a", "b", "y"]
    places = [(Path(source.place(n).file).name, source.place(n).line) for n in (1, 2, 3, 4)]
    assert places == [("body.mjml.j2", 1), ("_part.mjml.j2", 1), ("_part.mjml.j2", 2), ("body.mjml.j2", 5)]


def test_text_prints_values_bare(tmp_path: Path) -> None:
    assert text(tmp_path, "{{ name }} & {{ 3 }}", name="<O'Brien>") == "<O'Brien> & 3"


def test_a_template_that_was_changed_is_read_anew(tmp_path: Path) -> None:
    assert text(tmp_path, "before {{ words }}", words="x") == "before x"
    assert text(tmp_path, "after {{ words }}", words="x") == "after x"


def test_one_file_gives_sentinels_to_mjml_and_words_to_text(tmp_path: Path) -> None:
    write(tmp_path, "mail/both.j2", "{{ words }}")
    for _ in range(2):
        shown = render(text_environment([tmp_path], Sentinels()), "mail/both.j2", {"words": "<b>"}).text
        marked = render(mjml_environment([tmp_path], Sentinels()), "mail/both.j2", {"words": "<b>"}).text
        assert shown == "<b>"
        assert "<b>" not in marked


def test_a_changed_sentinel_is_noticed(tmp_path: Path) -> None:
    sentinels = Sentinels()
    broken = sentinels.put("x")[1:]
    with pytest.raises(LostSentinel, match="changed on its way"):
        list(sentinels.split(broken))


def test_the_own_folder_comes_first(tmp_path: Path) -> None:
    write(tmp_path, "email/weekly/subject.txt.j2", "Mine: {{ letter.subject }}")
    folders = template_folders(tmp_path)
    assert folders[0] == tmp_path
    assert (folders[-1] / "email/weekly/body.mjml.j2").is_file()
    assert template_folders(tmp_path / "absent") == folders[1:]
