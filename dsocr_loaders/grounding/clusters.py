"""Tables and figures with their captions and footnotes: which rows and which caption belong to which.

The model writes a table's tag, its caption's tag, the caption, and only then the table's rows. So the blocks of such
a cluster wait until a block of another kind, or a new page, ends it. Everything else is settled at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsocr_loaders.geometry import hull
from dsocr_loaders.grounding.blocks import ATTACHED
from dsocr_loaders.grounding.issues import issue
from dsocr_loaders.grounding.labels import captioned_type
from dsocr_loaders.values import RegionType

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dsocr_loaders.grounding.blocks import Block

__all__ = ["CLUSTERED", "Cluster", "Settled"]

Settled = tuple["Block", int | None]
"""A block that nothing later can change, and how many blocks on from it its owner stands (negative: before it)."""

_OWNERS = frozenset({RegionType.TABLE, RegionType.FIGURE})
CLUSTERED = _OWNERS | ATTACHED
"""The types of a cluster's blocks; a tag of any other type ends it."""

_SAME_PLACE = 0.5


class Cluster:
    """Collects the blocks of one cluster at a time. Blocks come in and go out in the answer's order."""

    def __init__(self) -> None:
        self._blocks: list[Block] = []

    def add(self, blocks: Sequence[Block]) -> list[Settled]:
        """Take the blocks of one section; return those that are settled now."""
        if not _are_clustered(blocks):
            return self.close() + [(block, None) for block in blocks]
        self._give_rows(blocks)
        self._blocks += [block for block in blocks if block.content or block.tag_spans]
        return []

    def close(self) -> list[Settled]:
        """End the cluster and return its blocks."""
        if not self._blocks:
            return []
        blocks, self._blocks = _merged(self._blocks), []
        for block in blocks:
            if block.type is RegionType.TABLE and not block.content:
                block.issues = (*block.issues, issue("table_without_body", block.spans[0]))
        return list(zip(blocks, _owners(blocks), strict=True))

    def _give_rows(self, blocks: Sequence[Block]) -> None:
        """Give the tables behind a caption to the tables without rows right above it: the last to the last."""
        rows = [block for block in blocks if block.is_rows]
        if not rows:
            return
        waiting: list[Block] = []
        for block in reversed(self._blocks):
            if block.type is RegionType.TABLE and not block.content and len(waiting) < len(rows):
                waiting.append(block)
            elif waiting or block.type not in ATTACHED:
                break
        for table, found in zip(reversed(waiting), rows, strict=False):
            _take(table, found)
        for further in rows[len(waiting) :] if waiting else ():
            # One tag may stand for several tables.
            further.label, further.boxes = waiting[0].label, waiting[0].boxes


def _are_clustered(blocks: Sequence[Block]) -> bool:
    """Whether the block that has the section's tag, or the first of a section without one, is of a cluster."""
    for block in blocks:
        if not block.is_rest:
            return block.type in CLUSTERED
    return False


def _take(table: Block, found: Block) -> None:
    """Move what `found` holds to `table`, which has no rows."""
    table.text, table.content = found.text, found.content
    table.tag_spans = (*table.tag_spans, *found.tag_spans)
    table.issues = (*table.issues, *found.issues)
    found.text, found.content, found.tag_spans, found.issues = "", (), (), ()


def _merged(blocks: Sequence[Block]) -> list[Block]:
    """Join a table without rows with the next table where that has no caption of its own and is in the same place."""
    kept: list[Block] = []
    empty: Block | None = None
    for index, block in enumerate(blocks):
        if block.type in _OWNERS:
            if (
                empty is not None
                and block.type is RegionType.TABLE
                and block.content
                and not _has_caption_behind(blocks, index)
                and _is_same_place(empty, block)
            ):
                _take(empty, block)
                empty = None
                continue
            empty = block if block.type is RegionType.TABLE and not block.content else None
        kept.append(block)
    return kept


def _has_caption_behind(blocks: Sequence[Block], index: int) -> bool:
    return index + 1 < len(blocks) and blocks[index + 1].type is RegionType.CAPTION


def _is_same_place(first: Block, second: Block) -> bool:
    if not first.boxes or not second.boxes:
        return False
    one, other = hull(first.boxes), hull(second.boxes)
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return width > 0 and height > 0 and width * height >= _SAME_PLACE * min(one.area, other.area)


def _owners(blocks: Sequence[Block]) -> list[int | None]:
    """Return for each block how far on its table or figure stands, None for a block that belongs to none.

    Only captions and footnotes may stand between the two. The one before the caption wins, since the model names a
    figure or table before its caption, unless that one is a table without rows or has a caption of its own already,
    and another follows. A footnote whose label does not say what it belongs to is a footnote of the page.
    """
    before = _nearest(blocks, range(len(blocks)))
    after = _nearest(blocks, range(len(blocks) - 1, -1, -1))
    claimed = {before[index] for index, block in enumerate(blocks) if block.type is RegionType.CAPTION}
    captioned: set[int] = set()
    owners: list[int | None] = []
    for index, block in enumerate(blocks):
        owner = _owner(blocks, block, before[index], after[index], captioned, claimed)
        if owner is not None and block.type is RegionType.CAPTION:
            captioned.add(owner)
        owners.append(None if owner is None else owner - index)
    return owners


def _owner(
    blocks: Sequence[Block],
    block: Block,
    before: int | None,
    after: int | None,
    captioned: set[int],
    claimed: set[int | None],
) -> int | None:
    wanted = captioned_type(block.label)
    if block.type not in ATTACHED or (wanted is None and block.type is RegionType.FOOTNOTE):
        return None
    candidates = [index for index in (before, after) if index is not None and wanted in {None, blocks[index].type}]
    if len(candidates) == 2 and block.type is RegionType.CAPTION:  # noqa: PLR2004 - one before and one after
        first, second = candidates
        has_rows_later = not _has_rows(blocks[first]) and _has_rows(blocks[second]) and second not in claimed
        if first in captioned or has_rows_later:
            return second
    return candidates[0] if candidates else None


def _has_rows(block: Block) -> bool:
    return block.type is not RegionType.TABLE or bool(block.content)


def _nearest(blocks: Sequence[Block], order: Iterable[int]) -> list[int | None]:
    """Return for each block the last table or figure that `order` visits before it."""
    nearest: list[int | None] = [None] * len(blocks)
    last: int | None = None
    for index in order:
        nearest[index] = last
        if blocks[index].type in _OWNERS:
            last = index
        elif blocks[index].type not in ATTACHED and not blocks[index].is_rest:
            last = None
    return nearest
