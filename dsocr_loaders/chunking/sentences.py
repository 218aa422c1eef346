"""Where a text may be cut between sentences, lines and clauses, in Latin, Chinese, Japanese, Arabic and Indic scripts.

Rules and no model, since they have to be fast, the same everywhere and the same tomorrow. Where they are unsure they
see no end: a cut that is missed makes a piece a little uneven, a wrong one tears a sentence.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import NamedTuple

__all__ = ["Cut", "Strength", "clause_cuts", "sentence_cuts"]


class Strength(IntEnum):
    """How good a place for a cut is."""

    CHARACTER = 0
    WORD = 1
    CLAUSE = 2
    BROKEN_LINE = 3
    SENTENCE = 4
    LINE = 5
    PARAGRAPH = 6


class Cut(NamedTuple):
    """A place where a piece may begin: behind the blanks that follow what ends there."""

    position: int
    strength: Strength


_CLOSERS = "\"'’”»›)\\]}」』】）》〉"
# Each alternative begins with another character and cannot begin inside its own match, so that matching is linear.
_CANDIDATES = re.compile(
    rf"(?<![.!?…])[.!?…]++[{_CLOSERS}*_]*+\s++"
    rf"|(?<![؟۔।॥։።။។])[؟۔।॥։።။។]++[{_CLOSERS}]*+\s*+"
    rf"|(?<![。！？｡])[。！？｡]++[{_CLOSERS}]*+\s*+"
    r"|\n\s*+"
)
_CLAUSES = re.compile(r"[,;:،؛–—]\s++|[，；：、]\s*+")
_ITEM = re.compile(
    r"(?:[-*•·‣◦▪●○–—]|[(（]?\d{1,3}[.)）、]|[(（]?[A-Za-z][.)）]|[(（]?[一二三四五六七八九十]{1,3}[)）、]|[①-⑳])(?=\s|\S)"
)
_MOST_LETTERS_OF_ABBREVIATION = 12
_GOES_ON_BEHIND_QUOTE = frozenset("とって、，,；;：:のはがをにもで")
_LATIN_STOPS = frozenset(".!?…")
# English, German, French, Spanish, Italian, Portuguese: those that stand in the middle of sentences.
_ABBREVIATIONS = frozenset(
    """
    mr mrs ms dr prof st no nos nr fig figs tab eq eqs sec sect ch chap vol ed eds pp p al cf vs viz approx inc ltd co
    corp jr sr dept est gen col lt sgt rev hon ref refs app art esp resp incl max min avg tel ext jan feb mar apr jun
    jul aug sep sept oct nov dec bzw ca abb bd hrsg vgl abs anm ggf evtl inkl zzgl sog bspw usf str mio mrd tsd geb verf
    kap mme mlle env sra srta dra av ud uds pág págs núm sig dott ing
    """.split()  # noqa: SIM905 - a list of quoted words is harder to read
)


def sentence_cuts(text: str) -> list[Cut]:
    """Return the places between sentences, lines and paragraphs, in order; linear in the length of the text.

    * A stop ends a sentence if a blank follows and no small letter behind it; not behind an abbreviation (`Fig.`,
      `z. B.`, `U.S.`), an initial or a number of one or two digits (`3. Oktober`). Decimals and URLs have no blanks.
      Closing quotes and brackets belong to what they close.
    * `。！？` and their kind need no blank; behind a closing quote the sentence may go on (`」と言った`).
    * A line ends a sentence only if its last character does, or an item of a list follows; otherwise it is a
      `BROKEN_LINE`, which is better than a comma. An item that is set in is a `SENTENCE`.
    """
    cuts: list[Cut] = []
    for found in _CANDIDATES.finditer(text):
        end = found.end()
        if end >= len(text):
            break
        strength = _strength(text, found, text[end])
        if strength is not None and (not cuts or cuts[-1].position < end):
            cuts.append(Cut(end, strength))
    return cuts


def clause_cuts(text: str, start: int, end: int) -> list[Cut]:
    """Return the places behind commas, colons and dashes in a part of a text, in order."""
    found = (match.end() for match in _CLAUSES.finditer(text, start, end))
    return [Cut(position, Strength.CLAUSE) for position in found if start < position < end]


def _strength(text: str, found: re.Match[str], behind: str) -> Strength | None:
    matched = found[0]
    lines = matched.count("\n")
    is_end = matched[0] != "\n" and _ends_sentence(text, found, behind)
    if lines > 1:
        return Strength.PARAGRAPH
    if not lines:
        return Strength.SENTENCE if is_end else None
    if _ITEM.match(text, found.end()):
        is_set_in = matched.rpartition("\n")[2] != ""
        return Strength.SENTENCE if is_set_in else Strength.LINE
    before = text[found.start() - 1] if matched[0] == "\n" and found.start() else ""
    return Strength.LINE if is_end or before in {":", "："} else Strength.BROKEN_LINE


def _ends_sentence(text: str, found: re.Match[str], behind: str) -> bool:
    first = found[0][0]
    if first not in _LATIN_STOPS:
        is_quoted = found[0].rstrip()[-1] in _CLOSERS
        return not (is_quoted and behind in _GOES_ON_BEHIND_QUOTE)
    if behind.islower():
        return False
    is_single_stop = first == "." and not found[0].startswith("..")
    return not (is_single_stop and _is_abbreviation(_word_before(text, found.start())))


def _word_before(text: str, end: int) -> str:
    start = end
    lowest = max(0, end - _MOST_LETTERS_OF_ABBREVIATION)
    while start > lowest and not text[start - 1].isspace() and text[start - 1] not in "([{（「\"'“‘":
        start -= 1
    return text[start:end]


def _is_abbreviation(word: str) -> bool:
    if not word or word.casefold() in _ABBREVIATIONS:
        return bool(word)
    if word.isdigit():
        return len(word) <= len("31")
    if len(word) == 1:
        return word.isalpha() and not _is_cjk(word)
    parts = word.split(".")
    return len(parts) > 1 and all(part.isalpha() and len(part) <= len("Ph") for part in parts)


def _is_cjk(letter: str) -> bool:
    return ord(letter) >= ord("⺀")
