import pytest

from newsletter.digest.categories import categories_of, category_name


@pytest.mark.parametrize(
    ("category", "name"),
    [
        ("llm", "Language models"),
        ("code-assistants", "Code assistants"),
        ("llm-tools", "LLM tools"),
        ("image_generation", "Image generation"),
        ("tts", "TTS"),
        ("Developer Tools", "Developer Tools"),
        ("Answer engines, hosted", "Answer engines, hosted"),
        ("", ""),
    ],
)
def test_codes_become_words_and_words_stay(category: str, name: str) -> None:
    assert category_name(category) == name
    assert category_name(name) == name


def test_one_category_under_two_spellings_is_one() -> None:
    assert categories_of(["llm", " ", "Language models", "tts"]) == ("Language models", "TTS")
