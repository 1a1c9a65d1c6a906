"""Other people's prose, cut only where a sentence or a clause ends. Which sentence to choose is in quotes.py."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from newsletter.content.records import Benchmark, Claim, Fact, Offer, Source
from newsletter.digest.content import Figure
from newsletter.errors import N_
from newsletter.language import ENGLISH, Language

#: Words that end in a dot without ending a sentence, casefolded and without that dot.
ABBREVIATIONS = frozenset(
    [
        "e.g",
        "i.e",
        "cf",
        "vs",
        "approx",
        "incl",
        "excl",
        "mr",
        "mrs",
        "ms",
        "dr",
        "prof",
        "st",
        "jr",
        "sr",
        "inc",
        "ltd",
        "co",
        "corp",
        "llc",
        "gmbh",
        "fig",
        "vol",
        "ver",
        "est",
        "dept",
        "u.s",
        "u.k",
        "e.u",
        "ph.d",
        "a.m",
        "p.m",
        "al",
    ]
)
#: Abbreviations only before a number: "No. 3", but "I said no."
NUMBERED = frozenset(["no", "nos", "p", "pp", "sec", "ch", "art"])
#: These open the way again after a cut; they take something back, so that a cut before them would say more.
RESTRICTING = (
    "unless",
    "except",
    "but",
    "only",
    "provided",
    "though",
    "although",
    "however",
    "not",
    "if",
    "when",
)

_OPENERS = "\"'“‘«([{*_`"
_CLOSERS = "\"'”’»)]}*_`"
_END = re.compile(rf"(?:\.{{2,}}|[.!?…。！？]+)[{re.escape(_CLOSERS)}]*(?=\s|$)")
_CLAUSE_END = re.compile(r"\s*—\s*|\s+[–-]\s+|;\s+|,\s+(?=(?:where|which|since|because|so|while)\b)")
#: Categories of what is not seen, or acts: control and format characters, surrogates, private ones, unassigned ones.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
#: Joiners, without which some scripts and emoji read otherwise; behind a letter of Latin, Greek or Cyrillic they only hide.
_JOINERS, _JOINED_FROM = "\u200c\u200d", "\u0590"
#: Letters and signs that are blank.
_BLANK = dict.fromkeys(map(ord, "\u115f\u1160\u2800\u3164\uffa0"), " ")


def visible(text: str) -> str:
    """The text without what nobody can see: zero-width, direction and other format characters, control characters.

    Blanks stay, and so do joiners where a script or an emoji needs them.
    """
    if text.isascii() and text.isprintable():
        return text
    kept: list[str] = []
    for each in text.translate(_BLANK):
        joins = each in _JOINERS and bool(kept) and kept[-1] >= _JOINED_FROM
        if joins or unicodedata.category(each) not in _UNSEEN:
            kept.append(each)
    return "".join(kept)


def plain(text: str) -> str:
    """The text on one line, without what nobody can see."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    on_one_line = "".join(" " if unicodedata.category(each) == "Cc" else each for each in text)
    return " ".join(visible(on_one_line).split())


def clip(text: str, most: int = 80) -> str:
    """A name or label on one line, cut with an ellipsis where it is longer than anybody's name is."""
    text = plain(text)
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def count_words(text: str) -> int:
    """How many words a reader reads: what stands between blanks and holds a letter or digit."""
    return sum(any(each.isalnum() for each in word) for word in text.split())


def split_sentences(text: str) -> tuple[str, ...]:
    """The sentences of a text, each whole, with its closing quotes and brackets.

    A dot after an abbreviation, an initial or inside a number ends nothing; nor does anything inside brackets
    or double quotes that are still open, nor an end that goes on in lower case.
    """
    text = plain(text)
    found, start = [], 0
    for match in _END.finditer(text):
        if _ends_here(text, start, match):
            found.append(text[start : match.end()].strip())
            start = match.end()
    rest = text[start:].strip()
    return (*found, rest) if rest else tuple(found)


def is_whole(sentence: str) -> bool:
    """Whether it ends as a sentence does, with everything closed that it opened."""
    return bool(_END.search(sentence[-6:])) and not sentence.endswith(("...", "…")) and not _is_open(sentence)


def fit(text: str, most: int) -> str:
    """As many whole sentences from the start as fit into `most` words, or else the first whole clause; else ""."""
    kept: list[str] = []
    for sentence in split_sentences(text):
        if count_words(" ".join((*kept, sentence))) > most:
            break
        kept.append(sentence)
    return " ".join(kept) if kept else _first_clause(text, most)


def _first_clause(text: str, most: int) -> str:
    """The text up to the first end of a clause, if that is short enough and takes nothing back later."""
    text = next(iter(split_sentences(text)), "")
    for match in _CLAUSE_END.finditer(text):
        clause, rest = text[: match.start()], text[match.end() :].casefold()
        if count_words(clause) > most:
            return ""
        if count_words(clause) >= 3 and not _is_open(clause) and not rest.startswith(RESTRICTING):
            return clause.rstrip(",;: ")
    return ""


def _ends_here(text: str, start: int, match: re.Match[str]) -> bool:
    following = text[match.end() :].lstrip().lstrip(_OPENERS)[:1]
    if following.islower() or _is_open(text[start : match.end()]):
        return False
    if match.group().rstrip(_CLOSERS) != ".":
        return True
    word = text[start : match.start()].rsplit(None, 1)[-1:] or [""]
    return not _is_abbreviation(word[0].lstrip(_OPENERS), following)


def _is_abbreviation(word: str, following: str) -> bool:
    folded = word.casefold()
    if folded in ABBREVIATIONS or (folded in NUMBERED and following.isdigit()):
        return True
    return len(word) == 1 and word.isupper() and word != "I" and following.isupper()


def _is_open(text: str) -> bool:
    """Whether a double quote or bracket stands open at the end of the text."""
    pairs = (("“", "”"), ("«", "»"), ("(", ")"), ("[", "]"))
    return text.count('"') % 2 == 1 or any(text.count(left) > text.count(right) for left, right in pairs)


# How amounts are rounded, halves always up; how they are written is in language.py.


def half_up(amount: Decimal, step: Decimal = Decimal(1)) -> Decimal:
    """Rounded to a multiple of `step`, halves away from zero."""
    return amount.quantize(step, rounding=ROUND_HALF_UP)


def whole(amount: Decimal) -> int:
    return int(half_up(amount))


# How a fact is called and written in an issue, and how its statement is dated.

#: Names of attributes as readers know them; others are called as they are.
LABELS = {
    "input_price": N_("input price"),
    "output_price": N_("output price"),
    "max_output": N_("max output"),
    "model_id": N_("model id"),
    "api_access": N_("API access"),
    "context": N_("context"),
    "licence": N_("licence"),
}


def label_of(attribute: str, language: Language = ENGLISH) -> str:
    known = LABELS.get(attribute)
    return language.gettext(known) if known is not None else attribute.replace("_", " ")


def value_of(claim: Claim, language: Language = ENGLISH) -> str:
    """The claimed value as an issue writes it: "$0.10", "128K", "Apache 2.0"."""
    if claim.number is None:
        return clip(claim.value, 60)
    if claim.unit == "USD/Mtok":
        return language.price(claim.number)
    if claim.unit.startswith("USD"):
        return language.money(claim.number)
    if claim.unit == "tokens":
        return language.compact(claim.number)
    return f"{language.number(claim.number)} {claim.unit}".strip()


def date_of(statement: Claim | Benchmark | Offer, source: Source | None) -> tuple[str, date]:
    """Return what its best date says, and that date: ("checked", 1 March 2026), "as of", "published" or "seen"."""
    if isinstance(statement, Claim) and statement.verified_on is not None:
        return "checked", statement.verified_on
    if statement.as_of is not None:
        return "as of", statement.as_of
    if source is not None and source.published_on is not None:
        return "published", source.published_on
    return "seen", statement.seen_on


def dated(statement: Claim | Benchmark | Offer, source: Source | None, language: Language = ENGLISH) -> str:
    """Return "checked 1 Mar 2026", "as of …", "published …" or "seen …": the best date the statement has."""
    return date_words(*date_of(statement, source), language)


def date_words(how: str, when: date, language: Language) -> str:
    """Return a date with what it says, as `date_of` gives both."""
    day = language.short_date(when)
    match how:
        case "checked":
            return language.gettext("checked %(day)s", day=day)
        case "published":
            return language.gettext("published %(day)s", day=day)
        case "seen":
            return language.gettext("seen %(day)s", day=day)
    return language.gettext("as of %(day)s", day=day)


def said_by(statement: Claim | Benchmark | Offer, source: Source | None, language: Language = ENGLISH) -> str:
    """Return who says so, and as of when: "Model lab, 10 Nov 2026", "Model almanac, checked 1 Mar 2026"."""
    how, when = date_of(statement, source)
    dated_ = language.short_date(when) if how == "as of" else date_words(how, when, language)
    name = clip(source.name, 60) if source is not None else language.gettext("unnamed source")
    return f"{name}, {dated_}"


def start_with_capital(text: str) -> str:
    """The text with its first letter as at the start of a sentence."""
    return f"{text[:1].upper()}{text[1:]}"


# Figures: how a printed value keeps what it stands on.


def figure(text: str, *facts: Fact | None) -> Figure:
    """A printed value and the facts it stands on."""
    known = [fact for fact in facts if fact is not None]
    return Figure(
        text=text,
        claims=tuple(fact.claim.id for fact in known),
        disputed=any(fact.disputed for fact in known),
    )


def join(text: str, *parts: Figure) -> Figure:
    """A printed value that stands on everything that these stand on."""
    claims = tuple(dict.fromkeys(claim for part in parts for claim in part.claims))
    return Figure(text=text, claims=claims, disputed=any(part.disputed for part in parts))


def number_of(fact: Fact | None) -> Decimal | None:
    return None if fact is None else fact.claim.number


# What a category is called in an issue: sites store some as codes, "llm" or "code-assistants".

#: As long as a category may be.
LETTERS = 40

_NAMES = {"llm": N_("Language models"), "llms": "Language models", "ai": N_("AI tools")}
_INITIALS = frozenset(
    {"ai", "api", "asr", "cli", "gpu", "ide", "llm", "ml", "nlp", "ocr", "rag", "sdk", "tts", "ui"}
)
_CODE = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")


def category_name(category: str) -> str:
    """A category as readers are shown it; a code in small letters becomes words: "llm-tools" → "LLM tools"."""
    text = clip(category, LETTERS)
    if text in _NAMES or not _CODE.fullmatch(text):
        return _NAMES.get(text, text)
    words = [word.upper() if word in _INITIALS else word for word in re.split("[-_]", text)]
    return " ".join((words[0][:1].upper() + words[0][1:], *words[1:]))


def category_in(category: str, language: Language) -> str:
    """Return the name in a language, as far as it is ours. An issue is frozen with the English one, which topics match."""
    name = category_name(category)
    return language.gettext(name) if name in _NAMES.values() else name


def categories_of(named: Iterable[str]) -> tuple[str, ...]:
    """The categories by name, each once, without empty ones."""
    return tuple(dict.fromkeys(category_name(each) for each in named if each.strip()))
