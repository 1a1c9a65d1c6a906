from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from newsletter.config import template_folders
from newsletter.errors import LanguageError
from newsletter.language import ENGLISH, languages, open_language

GERMAN = open_language("de", template_folders(None))

HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: nplurals=2; plural=(n > 1);\\n"\n\n'


def catalogue(folder: Path, tag: str, text: str) -> None:
    file = folder / "locales" / tag / "LC_MESSAGES" / "messages.po"
    file.parent.mkdir(parents=True)
    file.write_text(HEADER + text, encoding="utf-8")


def test_dates_are_written_as_the_language_writes_them() -> None:
    day = date(2026, 11, 5)
    assert ENGLISH.long_date(day) == "Thursday 5 November 2026"
    assert ENGLISH.day_of_year(day) == "Thursday 5 November"
    assert ENGLISH.short_date(day) == "5 Nov 2026"
    assert ENGLISH.month(day) == "November 2026"
    assert GERMAN.long_date(day) == "Donnerstag, 5. November 2026"
    assert GERMAN.short_date(day) == "5. Nov. 2026"


@pytest.mark.parametrize(
    ("amount", "english", "german"),
    [
        ("0", "$0", "0 $"),
        ("13.5", "$13.50", "13,50 $"),
        ("1350", "$1,350.00", "1.350,00 $"),
        ("0.125", "$0.13", "0,13 $"),
        ("0.004", "under $0.01", "unter 0,01 $"),
    ],
)
def test_sums_are_written_to_the_cent(amount: str, english: str, german: str) -> None:
    assert ENGLISH.money(Decimal(amount)) == english
    assert GERMAN.money(Decimal(amount)).replace("\xa0", " ") == german


@pytest.mark.parametrize(
    ("amount", "english", "german"),
    [("0.075", "$0.075", "0,075 $"), ("0.4", "$0.40", "0,40 $"), ("1250", "$1,250.00", "1.250,00 $")],
)
def test_prices_keep_every_digit(amount: str, english: str, german: str) -> None:
    assert ENGLISH.price(Decimal(amount)) == english
    assert GERMAN.price(Decimal(amount)).replace("\xa0", " ") == german


@pytest.mark.parametrize(
    ("count", "english", "german"),
    [
        (128_000, "128K", "128.000"),
        (1_000_000, "1M", "1 Mio."),
        (1_500_000, "1500K", "1.500.000"),
        (131_072, "131,072", "131.072"),
        (12, "12", "12"),
    ],
)
def test_round_counts_are_short_where_the_language_shortens_them(
    count: int, english: str, german: str
) -> None:
    assert ENGLISH.compact(Decimal(count)) == english
    assert GERMAN.compact(Decimal(count)).replace("\xa0", " ") == german


def test_scores_have_no_needless_zeros() -> None:
    assert [ENGLISH.number(Decimal(each)) for each in ("66.70", "100", "2")] == ["66.7", "100", "2"]
    assert GERMAN.number(Decimal("66.70")) == "66,7"


def test_an_english_of_somewhere_needs_no_catalogue() -> None:
    language = open_language("en-GB", ())
    assert language.tag == "en-GB"
    assert language.gettext("A message") == "A message"


def test_a_region_may_use_the_catalogue_of_its_language() -> None:
    austrian = open_language("de-AT", template_folders(None))
    assert austrian.tag == "de-AT"
    assert austrian.gettext("under %(amount)s", amount="1") == "unter 1"


def test_an_own_catalogue_comes_before_ours(tmp_path: Path) -> None:
    catalogue(tmp_path, "de", 'msgid "under %(amount)s"\nmsgstr "weniger als %(amount)s"\n')
    own = open_language("de", template_folders(tmp_path))
    assert own.gettext("under %(amount)s", amount="1") == "weniger als 1"


def test_what_a_catalogue_lacks_stays_english(tmp_path: Path) -> None:
    catalogue(tmp_path, "fr", "")
    assert open_language("fr", [tmp_path]).gettext("A message") == "A message"


def test_plurals_are_those_of_the_language(tmp_path: Path) -> None:
    catalogue(
        tmp_path,
        "fr",
        'msgid "%(count)s day"\nmsgid_plural "%(count)s days"\nmsgstr[0] "%(count)s jour"\nmsgstr[1] "%(count)s jours"\n',
    )
    french = open_language("fr", [tmp_path])
    counted = [french.ngettext("%(count)s day", "%(count)s days", count) for count in (0, 1, 2)]
    assert counted == ["0 jour", "1 jour", "2 jours"]


@pytest.mark.parametrize("tag", ["fr", "tlh", "no language", "../de"])
def test_a_language_without_a_catalogue_is_refused(tag: str) -> None:
    with pytest.raises(LanguageError, match="there is no such catalogue; there are de, en"):
        open_language(tag, template_folders(None))


@pytest.mark.parametrize("text", ['msgid "One"\nmsgstr ""\n', '#, fuzzy\nmsgid "One"\nmsgstr "Un"\n'])
def test_an_unfinished_catalogue_is_refused(tmp_path: Path, text: str) -> None:
    catalogue(tmp_path, "fr", text)
    with pytest.raises(LanguageError, match="not translated yet: 'One'"):
        open_language("fr", [tmp_path])


def test_a_catalogue_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    catalogue(tmp_path, "fr", 'msgid "One\n')
    with pytest.raises(LanguageError, match=r"messages\.po: this is not a catalogue"):
        open_language("fr", [tmp_path])


def test_every_language_there_is_can_be_opened() -> None:
    folders = template_folders(None)
    assert {"de", "en"} <= set(languages(folders))
    assert [open_language(tag, folders).tag for tag in languages(folders)] == list(languages(folders))
