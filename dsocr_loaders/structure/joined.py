"""Putting the pieces of a text that goes on over a page break back together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsocr_loaders.values import JoinKind

__all__ = ["joined"]

HYPHENS = "-\u00ad\u2010"
"""What may divide a word at the end of a line: hyphen-minus, soft hyphen, hyphen."""


def joined(earlier: str, how: JoinKind, later: str) -> str:
    """Return the text that two pieces make; see `dsocr_loaders.values.JoinKind`.

    Blanks at the seam are left out. It is for texts: `rows` and `rows_after_header` are for who takes tables apart,
    and put one line break between here; of `repeated` the earlier text is left.
    """
    before, behind = earlier.rstrip(), later.lstrip()
    if how == "repeated":
        return before
    if how == "hyphen":
        return f"{before.rstrip(HYPHENS)}{behind}"
    between = {"none": "", "space": " "}.get(how, "\n")
    return f"{before}{between}{behind}"
