"""Footnotes: small print at the foot of a column that starts with a raised mark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsocr_loaders.engines.text_layer.blocks import Block

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.engines.text_layer.order import Solid

__all__ = ["split_notes"]

_SMALLER = 0.93  # of the body's size
_MOST_NOTES = 60  # blocks


def split_notes(blocks: Sequence[Block | Solid], body_size: float) -> tuple[list[Block | Solid], list[Block]]:
    """Return the blocks of a column without its footnotes, and the footnotes from top to bottom.

    They are the last blocks, all set smaller than the body, from the first one on that starts with a raised mark; a
    small block that follows one of them goes on with it.
    """
    start = len(blocks)
    for index in range(len(blocks) - 1, max(-1, len(blocks) - 1 - _MOST_NOTES), -1):
        block = blocks[index]
        if not isinstance(block, Block) or block.size > _SMALLER * body_size:
            break
        if block.rows[0].starts_raised:
            start = index
    notes = [block for block in blocks[start:] if isinstance(block, Block)]
    return list(blocks[:start]), notes
