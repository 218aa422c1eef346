r"""A block -> its region: the characters as they came become text by these rules, and by no others.

1. Blanks at the ends of lines, and blank lines at both ends, are left out.
2. `<center>` and `</center>` are left out, and `<br>` behind a table.
3. `\coloneqq` and `\eqqcolon` become `:=` and `=:`, as in the official scripts.
4. The `#` marks before a heading are counted into its level and left out.
5. In a line that begins with `- `, an item glued behind a stop (`- One.- Two.`) begins a line of its own.

Nothing else is touched: the blank in "high- resolution" stays, since "pre- and post-war" has one by right.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dsocr_loaders.values import Region, RegionType

if TYPE_CHECKING:
    from dsocr_loaders.grounding.blocks import Block

__all__ = ["region_of"]

_HEADING_MARK = re.compile(r"(#{1,6})[ \t]+(?=\S)")
_DEFAULT_LEVEL = {RegionType.TITLE: 1, RegionType.HEADING: 2}
_CENTER = re.compile(r"</?center>")
_BREAK = re.compile(r"<br\s*+/?>", re.IGNORECASE)
_GLUED_ITEM = re.compile(r"(?<=[.;!?…。；！？])- (?=\S)")  # noqa: RUF001 - CJK stops
_ITEM = "- "


def region_of(block: Block, order: int, caption_of: int | None) -> Region:
    """Return the region that `block` becomes.

    Args:
        block: settled.
        order: its place among all regions, from 0.
        caption_of: the place of its table or figure.
    """
    text = _without_breaks(block.text) if block.type is RegionType.TABLE else _items_apart(block.text)
    kind, level, text = _as_heading(block, _cleaned(text))
    return Region(
        type=kind,
        label=block.label,
        boxes=block.boxes,
        text=text,
        spans=block.spans,
        page_index=block.page_index,
        order=order,
        level=level,
        caption_of=caption_of,
    )


def _cleaned(text: str) -> str:
    if "<" in text:
        text = _CENTER.sub("", text)
    text = text.replace("\\coloneqq", ":=").replace("\\eqqcolon", "=:")
    if "\n" not in text:
        return text.rstrip()
    return "\n".join([line.rstrip() for line in text.split("\n")]).strip("\n")


def _without_breaks(table: str) -> str:
    end = len(table)
    while (start := table.rfind("<", 0, end)) >= 0 and _BREAK.fullmatch(table, start, end):
        end = start
        while end and table[end - 1].isspace():
            end -= 1
    return table[:end]


def _as_heading(block: Block, text: str) -> tuple[RegionType, int, str]:
    """Return type, level and text: of a heading if the block is one or its only line is marked as one."""
    kind = block.type
    mark = _HEADING_MARK.match(text) if text.startswith("#") else None
    if mark and (kind in _DEFAULT_LEVEL or (kind is RegionType.TEXT and "\n" not in text)):
        return (kind if kind in _DEFAULT_LEVEL else RegionType.HEADING), len(mark[1]), text[mark.end() :]
    return kind, _DEFAULT_LEVEL.get(kind, 0), text


def _items_apart(text: str) -> str:
    if _ITEM not in text:
        return text
    return "\n".join(
        _GLUED_ITEM.sub("\n" + _ITEM, line) if line.startswith(_ITEM) else line for line in text.split("\n")
    )
