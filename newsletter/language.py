"""The language of mails and readers' pages: its catalogue of words, and how it writes dates and amounts.

A message is called by its English text, so that English needs no catalogue. Every other language has a file
`locales/<tag>/LC_MESSAGES/messages.po` in a folder of templates, the operator's own before ours. A `Language` travels
with what writes: there is none of the process or the thread. The editors' desk, the command line and alerts are English.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from babel.numbers import format_currency, format_decimal
from babel.support import Translations

from newsletter.errors import LanguageError, NewsletterError, Place

_DOMAIN = "messages"
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Language:
    """A language opened for writing: `tag` is the one that HTML's lang says, such as "en" or "de-AT".

    Messages name their values as %(name)s and write a per cent sign as %%.
    """

    tag: str
    locale: Locale
    translations: NullTranslations = field(repr=False, compare=False)

    def gettext(self, message: str, /, **values: object) -> str:
        """Return a message in this language, with its values."""
        return self.translations.gettext(message) % values

    def ngettext(self, one: str, many: str, count: int, /, **values: object) -> str:
        """Return a message that counts something; `count` is among its values, written as this language writes it."""
        values.setdefault("count", self.count(count))
        return self.translations.ngettext(one, many, count) % values

    def pgettext(self, context: str, message: str, /, **values: object) -> str:
        """Return a message of which the English alone does not say what it means, with its values."""
        return self.translations.pgettext(context, message) % values

    def error(self, error: NewsletterError) -> str:
        """Return what an error says, in this language if the catalogue has its message."""
        message = self.translations.gettext(error.message)
        return (
            message % {name: self._written(each) for name, each in error.values.items()}
            if error.values
            else message
        )

    def _written(self, value: object) -> object:
        """A value of an error's message: a count, an error as its reason, or a text."""
        if isinstance(value, NewsletterError):
            return self.error(value)
        return self.count(value) if isinstance(value, int) else value

    @property
    def group(self) -> str:
        """What stands between the thousands of a number."""
        return str(self.locale.number_symbols[self.locale.default_numbering_system]["group"])

    def long_date(self, day: date) -> str:
        """Thursday 26 November 2026."""
        return self._date(day, self.pgettext("pattern of a date", "EEEE d MMMM y"))

    def day_of_year(self, day: date) -> str:
        """Thursday 26 November."""
        return self._date(day, self.pgettext("pattern of a date", "EEEE d MMMM"))

    def short_date(self, day: date) -> str:
        """1 Mar 2026."""
        return self._date(day, self.pgettext("pattern of a date", "d MMM y"))

    def day_and_month(self, day: date) -> str:
        """1 Mar."""
        return self._date(day, self.pgettext("pattern of a date", "d MMM"))

    def day_of_month(self, day: date) -> str:
        """1."""
        return self._date(day, self.pgettext("pattern of a date", "d"))

    def month(self, day: date) -> str:
        """November 2026."""
        return self._date(day, self.pgettext("pattern of a date", "MMMM y"))

    def listed(self, parts: Iterable[str]) -> str:
        """ "one and another"; empty for nothing."""
        found = iter(parts)
        listed = next(found, "")
        for each in found:
            listed = self.gettext("%(one)s and %(other)s", one=listed, other=each)
        return listed

    def listed_as_choice(self, parts: Iterable[str]) -> str:
        """ "one or another"; empty for nothing."""
        found = iter(parts)
        listed = next(found, "")
        for each in found:
            listed = self.gettext("%(one)s or %(other)s", one=listed, other=each)
        return listed

    def number(self, value: Decimal | int) -> str:
        """A score or share without needless zeros and without groups: "2", "66.7"."""
        plain = Decimal(value).normalize()
        return str(
            format_decimal(plain, locale=self.locale, decimal_quantization=False, group_separator=False)
        )

    def count(self, value: Decimal | int) -> str:
        """A count with groups of thousands: "12", "131,072"."""
        return str(format_decimal(value, locale=self.locale, decimal_quantization=False))

    def stance(self, stance: str, tool: str) -> str:
        """ "For Tessel Coder 2", "Against Tessel Coder 2": what a quote is about."""
        return (
            self.gettext("For %(tool)s", tool=tool)
            if stance == "for"
            else self.gettext("Against %(tool)s", tool=tool)
        )

    def in_words(self, value: int) -> str:
        """A count of people in a sentence: "four" up to twelve, "13"."""
        words = self.pgettext(
            "counts of people, 0 to 12",
            "none one two three four five six seven eight nine ten eleven twelve",
        ).split()
        return words[value] if value < len(words) else self.count(value)

    def compact(self, value: Decimal) -> str:
        """A round count in short, "128K", "1M", where the language has such a form; else it is written out."""
        forms = self.locale.compact_decimal_formats["short"]["other"]
        for size in (1_000_000, 1_000):
            suffix = forms[str(size)].suffix[0].replace("'", "")
            if suffix and value >= size and value % size == 0:
                return f"{int(value / size)}{suffix}"
        return self.count(value)

    def money(self, amount: Decimal) -> str:
        """A sum of dollars to the cent: "$13.50", "$1,350.00"; "$0" only for nothing, else "under $0.01"."""
        if amount == 0:
            return self._dollars(amount, "0")
        rounded = amount.quantize(_CENT, rounding=ROUND_HALF_UP)
        if rounded > 0:
            return self.price(rounded)
        return self.gettext("under %(amount)s", amount=self.price(_CENT))

    def price(self, amount: Decimal) -> str:
        """Dollars with every digit that is recorded, at least cents: "$0.075", "$0.40"; "$0" for nothing."""
        if amount == 0:
            return self._dollars(amount, "0")
        exponent = amount.normalize().as_tuple().exponent
        digits = max(2, -exponent if isinstance(exponent, int) else 2)
        return self._dollars(amount, f"#,##0.{'0' * digits}")

    def _dollars(self, amount: Decimal, digits: str) -> str:
        pattern = (
            self.locale.currency_formats["standard"].pattern.partition(";")[0].replace("#,##0.00", digits)
        )
        return str(format_currency(amount, "USD", pattern, locale=self.locale, currency_digits=False))

    def _date(self, day: date, pattern: str) -> str:
        return str(format_date(day, pattern, locale=self.locale))


ENGLISH = Language("en", Locale("en"), NullTranslations())


def open_language(tag: str, folders: Sequence[Path]) -> Language:
    """Open a language by its tag, with the first catalogue of `folders`; "de-AT" may use that of "de".

    Raises LanguageError where there is no catalogue for it, or where one is not finished.
    """
    try:
        locale = Locale.parse(tag, sep="-" if "-" in tag else "_")
    except (ValueError, UnknownLocaleError):
        locale = None
    if locale is not None and locale.language == "en":
        return Language(tag, ENGLISH.locale, ENGLISH.translations)
    names = dict.fromkeys((tag, tag.replace("-", "_"), locale.language)) if locale is not None else ()
    for file in (_file(folder, name) for name in names for folder in folders):
        if locale is not None and file.is_file():
            return Language(tag, locale, _translations(file, file.stat().st_mtime_ns))
    raise LanguageError(f"there is no such catalogue; there are {', '.join(languages(folders))}")


def languages(folders: Sequence[Path]) -> tuple[str, ...]:
    """The tags of the languages that there are."""
    found = {
        file.parent.parent.name
        for folder in folders
        for file in folder.glob(f"locales/*/LC_MESSAGES/{_DOMAIN}.po")
    }
    return tuple(sorted({"en", *found}))


def _file(folder: Path, name: str) -> Path:
    return folder / "locales" / name / "LC_MESSAGES" / f"{_DOMAIN}.po"


@lru_cache(maxsize=8)
def _translations(file: Path, _changed_at: int) -> Translations:
    """The catalogue of a file, as long as it stays the same."""
    try:
        with file.open("rb") as opened:
            catalogue = read_po(opened, abort_invalid=True)
    except (PoFileError, UnicodeDecodeError) as error:
        raise LanguageError(f"this is not a catalogue: {error}", Place(file)) from error
    if unfinished := list(_unfinished(catalogue)):
        count = f" and {len(unfinished) - 1} more" if len(unfinished) > 1 else ""
        raise LanguageError(f"not translated yet: {unfinished[0]!r}{count}", Place(file))
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled, domain=_DOMAIN)


def _unfinished(catalogue: Catalog) -> Iterator[str]:
    for message in catalogue:
        texts = message.string if isinstance(message.string, tuple | list) else (message.string,)
        if message.id and (message.fuzzy or not all(texts)):
            yield message.id if isinstance(message.id, str) else message.id[0]
