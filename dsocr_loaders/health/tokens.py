"""An answer's text -> tokens, for comparing one part of it with another.

Tags of blocks and their boxes are left out: they differ where the text repeats, and `blocks` looks at them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

__all__ = ["Tokens", "tokens_of"]

# Scripts that put no blank between words: each of their characters is a token, so that a phrase of any length recurs.
_UNSPACED = (
    "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Tibetan, Burmese, Khmer
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Japanese, Chinese
)
_BOX = r"\[[^\]\n]{0,40}\](?:,? ?\[[^\]\n]{0,40}\]){0,8}"
_TAG = (
    r"<\|ref\|>[^<\n]{0,80}<\|/ref\|>"
    rf"|^[a-z_]{{3,40}} ?\[{_BOX}\]"
    r"|"
)
_MARKUP = (
    r"<\|det\|>[^<\n]{0,80}<\|/det\|>"
    r"|<[|｜][^<>|｜\n]{1,40}[|｜]>"  # noqa: RUF001 - the model's own end token
)
_TEXT = (
    r"|</?(?P<html>[A-Za-z]{1,10})(?=[\s/>])[^<>]{0,200}>"
    r"|(?P<number>\d{1,15})"
    rf"|(?P<sign>[{_UNSPACED}])"
    r"|\\(?P<command>[A-Za-z]{1,24})"
    rf"|(?P<word>[^\W\d_{_UNSPACED}]{{1,24}})"
    r"|(?P<mark>[^\w\s]|[\w])"
)
_TOKEN = re.compile(f"(?P<tag>{_TAG}{_MARKUP}){_TEXT}", re.MULTILINE)
_TOKEN_WHERE_TAGS_HAVE_TEXT = re.compile(f"(?P<tag>{_MARKUP}){_TEXT}")

_NUMBER = "#"
_CELLS = frozenset({"<td", "<th"})
_CLOSING = "</"


@dataclass(slots=True)
class Tokens:
    """A text's tokens, in lists of equal length.

    Attributes:
        kinds: what a token is, as one word; all numbers are one.
        starts, ends: where each stands in the text.
        values: a number's value, -1 for all else.
        are_words: 1 for what says something: a word of at least two letters, a sign of a script without blanks.
        are_cells: 1 for what begins a cell of a table.
        longest_run: start and end of the longest run of one mark that stands alone: `.....`; (0, 0) if there is none.
    """

    kinds: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    values: list[int] = field(default_factory=list)
    are_words: bytearray = field(default_factory=bytearray)
    are_cells: bytearray = field(default_factory=bytearray)
    longest_run: tuple[int, int] = (0, 0)


def tokens_of(text: str, *, is_text_in_tag: bool = False) -> Tokens:
    """Return the tokens of `text`, in time linear in its length.

    A mark that follows itself, with blanks between or not, is one token, so that leaders and ruled lines are short.
    Ends of cells and rows are none: their beginnings tell enough.

    Args:
        text: the answer.
        is_text_in_tag: whether what stands inside `<|ref|>` is text, and no label.
    """
    tokens = Tokens()
    kinds, starts, ends, values = tokens.kinds, tokens.starts, tokens.ends, tokens.values
    last_mark, run_start, longest = "", 0, 0
    for match in (_TOKEN_WHERE_TAGS_HAVE_TEXT if is_text_in_tag else _TOKEN).finditer(text):
        group, word = match.lastgroup, match[0]
        if group == "mark":
            if word == last_mark:
                ends[-1] = match.end()
                if ends[-1] - run_start > longest:
                    longest = ends[-1] - run_start
                    tokens.longest_run = (run_start, ends[-1])
                continue
            last_mark, run_start = word, match.start()
        else:
            last_mark = ""
            if group == "tag":
                continue
            if group == "html":
                if word.startswith(_CLOSING):
                    continue
                word = "<" + match["html"].lower()
        kinds.append(_NUMBER if group == "number" else word)
        starts.append(match.start())
        ends.append(match.end())
        values.append(int(match[0]) if group == "number" else -1)
        tokens.are_words.append(group == "sign" or (group == "word" and len(word) > 1))
        tokens.are_cells.append(word in _CELLS)
    return tokens
