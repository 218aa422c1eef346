"""Two texts whose end and beginning were read from the same lines, as one text."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import Final

__all__ = ["joined_rows", "joined_texts"]

_WORD: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af]|[^\W_]+")
"""A word, or one character of a script that puts no blanks between words."""

_LOOKED_AT: Final = 160  # words at either end: more than the lines that both halves show
_LEAST_SHARED: Final = 4  # words in a row; fewer have to be most of both texts, as in a heading
_TORN: Final = (
    30  # words behind the shared ones, or before them, of a line that is cut in its height by an image's edge
)

_ROW: Final = re.compile(r"<tr\b[^<>]*>", re.IGNORECASE)
_TAG: Final = re.compile(r"<[^<>]*>")
_ROWS_LOOKED_AT: Final = 24  # at either end: more than two overlapping pieces of a page both show
_MOST_OF_ROW: Final = 300  # characters of a row that are compared
_LEAST_RATIO: Final = 0.6  # of two rows that stand for the same one, in between others that read the same


def joined_texts(first: str, second: str) -> str | None:
    """Return both texts as one, what the end of the first shares with the beginning of the second only once.

    The shared words are kept, what stands before them in the second and behind them in the first is dropped: these are
    lines that the edge of an image cuts, and the other text has them whole. None if they share nothing.
    """
    words = list(_WORD.finditer(first))[-_LOOKED_AT:]
    others = list(_WORD.finditer(second))[:_LOOKED_AT]
    if not words or not others:
        return None
    match = SequenceMatcher(
        None, [word[0].casefold() for word in words], [word[0].casefold() for word in others], autojunk=False
    ).find_longest_match()
    if match.size < _LEAST_SHARED and 2 * match.size <= max(len(words), len(others)):
        return None
    if len(words) - match.a - match.size > _TORN or match.b > _TORN:
        return None
    shared_end, other_end = words[match.a + match.size - 1].end(), others[match.b + match.size - 1].end()
    rest = second[other_end:]
    if not _WORD.search(rest):  # the second says nothing more: the first's own punctuation is as good
        return first if match.a + match.size == len(words) else first[:shared_end] + rest
    return first[:shared_end] + rest


def joined_rows(first: str, second: str) -> str | None:
    """Return two tables in HTML as one, rows that both show only once; None if they share no row.

    The rows that both show are found by those that read the same, at least every second of them; a row that the edge of
    an image cuts, the last of the first or the first of the second, is dropped where the other table has it whole.
    """
    head, rows = _rows(_without_end(first))
    _, others = _rows(second)
    end, begin = len(rows), 0
    texts, other_texts = [_plain(row) for row in rows], [_plain(row) for row in others[:_ROWS_LOOKED_AT]]
    best: tuple[int, int] | None = None  # rows that read the same, and minus those that are shared
    for torn_end in range(len(rows), max(-1, len(rows) - 2), -1):
        for torn_begin in range(min(2, len(other_texts))):
            for shared in range(1, min(torn_end, len(other_texts) - torn_begin, _ROWS_LOOKED_AT) + 1):
                same = _same(texts[torn_end - shared : torn_end], other_texts[torn_begin : torn_begin + shared])
                if same and (best is None or (same, -shared) > best):
                    best, end, begin = (same, -shared), torn_end, torn_begin + shared
    if best is None:
        return None
    return head + "".join(rows[:end]) + ("".join(others[begin:]) or "</table>")


def _same(texts: list[str], others: list[str]) -> int:
    """Return how many rows read the same; 0 if the two runs of rows cannot be the same ones."""
    same = sum(bool(text) and text == other for text, other in zip(texts, others, strict=True))
    if 2 * same < len(texts):
        return 0
    is_close = all(
        text == other or SequenceMatcher(None, text, other, autojunk=False).ratio() >= _LEAST_RATIO
        for text, other in zip(texts, others, strict=True)
    )
    return same if is_close else 0


def _rows(table: str) -> tuple[str, list[str]]:
    """Return what stands before the first row, and the rows with what follows each."""
    starts = [match.start() for match in _ROW.finditer(table)]
    if not starts:
        return table, []
    return table[: starts[0]], [table[start:end] for start, end in zip(starts, [*starts[1:], len(table)], strict=True)]


def _without_end(table: str) -> str:
    """Return a table without the tags that end it."""
    while table.rstrip().lower().endswith(("</table>", "</tbody>")):
        table = table.rstrip()[: -len("</table>")]
    return table


def _plain(row: str) -> str:
    return " ".join(_TAG.sub(" ", row).casefold().split())[:_MOST_OF_ROW]
