"""Other people's prose, cut only where a sentence or a clause ends. Which sentence to choose is in quotes.py."""

import re
import unicodedata

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
    """Return the text without what nobody can see: zero-width, direction and other format characters, control characters.

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
    """Return the text on one line, without what nobody can see."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    on_one_line = "".join(" " if unicodedata.category(each) == "Cc" else each for each in text)
    return " ".join(visible(on_one_line).split())


def clip(text: str, most: int = 80) -> str:
    """Cut a name or label to one line, with an ellipsis where it is longer than anybody's name is."""
    text = plain(text)
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def count_words(text: str) -> int:
    """Count the words a reader reads: what stands between blanks and holds a letter or digit."""
    return sum(any(each.isalnum() for each in word) for word in text.split())


def split_sentences(text: str) -> tuple[str, ...]:
    """Split a text into sentences, each whole, with its closing quotes and brackets.

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
    """Return whether it ends as a sentence does, with everything closed that it opened."""
    return bool(_END.search(sentence[-6:])) and not sentence.endswith(("...", "…")) and not _is_open(sentence)


def fit(text: str, most: int) -> str:
    """Fit as many whole sentences from the start as `most` words allow, or else the first whole clause; else ""."""
    kept: list[str] = []
    for sentence in split_sentences(text):
        if count_words(" ".join((*kept, sentence))) > most:
            break
        kept.append(sentence)
    return " ".join(kept) if kept else _first_clause(text, most)


def _first_clause(text: str, most: int) -> str:
    """Return the text up to the first end of a clause, if that is short enough and takes nothing back later."""
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
    """Return whether a double quote or bracket stands open at the end of the text."""
    pairs = (("“", "”"), ("«", "»"), ("(", ")"), ("[", "]"))
    return text.count('"') % 2 == 1 or any(text.count(left) > text.count(right) for left, right in pairs)


def start_with_capital(text: str) -> str:
    """Return the text with its first letter as at the start of a sentence."""
    return f"{text[:1].upper()}{text[1:]}"
