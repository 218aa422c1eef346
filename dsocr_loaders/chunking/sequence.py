"""Drafts -> chunks: names that stay, neighbours and parents."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

from dsocr_loaders.chunking.drafts import BETWEEN_PARTS, joined_text
from dsocr_loaders.chunking.metadata import chunk_metadata, chunk_pieces
from dsocr_loaders.values import Chunk

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dsocr_loaders.chunking.drafts import Draft
    from dsocr_loaders.values import Source

__all__ = ["ChunkSequence", "stable_id"]

_NAMESPACE = uuid.UUID("6f5b1c1e-52a0-4f0b-9f0e-6d1a3a9d7c55")  # drawn once for this package; changing it renames all


def stable_id(source: Source, *facts: object) -> str:
    """Return the UUID5 of a source and what else names a thing in it."""
    name = "\x1f".join((source.canonical, *map(str, facts)))
    # File names may hold bytes that are no text, and those have no UTF-8 either.
    return str(uuid.uuid5(_NAMESPACE, name.encode(errors="backslashreplace").decode()))


class ChunkSequence:
    """Makes the chunks of one source: numbers them and tells each its neighbours and its parent.

    The last chunk is held back until its neighbour is there. Parents come before their children, have no neighbours
    and the number of their first child, so that the other chunks are the same with and without them.

    Args:
        is_contextualized: whether a chunk's text begins with its context, which is then empty.
    """

    def __init__(self, *, is_contextualized: bool) -> None:
        self._is_contextualized = is_contextualized
        self._index = 0
        self._held: list[Chunk] = []  # the last chunk, and the parents of the next
        self._last_id = ""
        self._parents: dict[int, tuple[Draft, str]] = {}

    def add(self, drafts: Iterable[Draft]) -> list[Chunk]:
        """Take the next drafts; return the chunks whose neighbours are known now."""
        chunks: list[Chunk] = []
        for draft in drafts:
            chunk = self._chunk(draft)
            if draft.children:
                self._parents[id(draft)] = (draft, chunk.id)  # the draft too, so that its id is not given again
                self._held.append(chunk)
                continue
            if self._last_id and self._held:
                self._held[0] = replace(self._held[0], next_id=chunk.id)
            chunks += self._held
            self._held = [chunk]
            self._last_id = chunk.id
            self._index += 1
            if draft.parent is None:
                self._parents.clear()
        return chunks

    def finish(self, drafts: Iterable[Draft] = ()) -> list[Chunk]:
        """Take the last drafts; return the last chunks."""
        chunks = [*self.add(drafts), *self._held]
        self._held = []
        return chunks

    def _chunk(self, draft: Draft) -> Chunk:
        """Return the chunk that `draft` makes; its `next_id` is still empty."""
        page, parts = draft.page, draft.parts
        text = joined_text(parts) if draft.text is None else draft.text
        context = draft.context
        prefix = f"{context}{BETWEEN_PARTS}" if self._is_contextualized and context and text else ""
        if prefix:
            text, context = prefix + text, ""
        pieces = chunk_pieces(parts, len(prefix)) if draft.text is None else ()
        if draft.kind:
            identity = stable_id(page.source, draft.kind)
        else:
            place: tuple[object, ...] = ("page",)
            if parts:
                place = (parts[0].pieces[0].region.order, parts[0].pieces[0].origin, parts[-1].pieces[-1].origin_end)
            table = draft.table
            digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
            facts = (page.page_number, *place, table.table_id, table.rows, *filter(None, (table.columns,)), digest)
            identity = stable_id(page.source, *(("parent",) if draft.children else ()), *facts)
        parent_id = "" if draft.parent is None else self._parents[id(draft.parent)][1]
        return Chunk(
            id=identity,
            text=text,
            context=context,
            regions=pieces,
            metadata=chunk_metadata(draft, pieces, identity=identity, parent_id=parent_id, index=self._index),
            parent_id=parent_id,
            previous_id="" if draft.children else self._last_id,
        )
