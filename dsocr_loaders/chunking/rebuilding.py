"""Chunks of a table, as this package or a framework has them -> the table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dsocr_loaders.tables import ShownPart, Table, rebuilt_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["reconstruct_table"]


def reconstruct_table(chunks: Iterable[object], *, table_id: str | None = None) -> Table:
    """Return the table that chunks are parts of, as it was before it was split.

    Text and metadata are enough, so that what a vector store gives back will do: `dsocr_loaders` chunks, documents of
    LangChain, nodes and documents of LlamaIndex, or pairs of metadata and text; in any order, with other chunks among
    them. Whatever `table_format` they show it in, the table's `grid`, its `header_rows` and the places and spans of its
    cells are the original's. Not kept are `before` and `after`, the ends of rows that were shorter than others (they
    get empty cells), and which cells of the body were marked as headers.

    Args:
        chunks: the parts, each at least once. A parent, which holds the whole table, is enough alone.
        table_id: which table, if they are of several.

    Raises:
        ValueError: there is no table, or more than one without `table_id`, or a part is missing.
    """
    parts: dict[str, dict[int, tuple[Mapping[str, Any], str]]] = {}
    for chunk in chunks:
        metadata, text = _taken_apart(chunk)
        known = metadata.get("table_id")
        if known and table_id in {None, known}:
            own = parts.setdefault(str(known), {})
            number = 0 if metadata["table_parts"] == 1 else int(metadata["table_part"])
            own[number] = (metadata, text)
    if len(parts) != 1:
        asked = "no table" if table_id is None else f"no table {table_id!r}"
        raise ValueError(
            f"The chunks are of {len(parts)} tables; name one with table_id=: {', '.join(parts)}."
            if parts
            else f"There is {asked} among the chunks: their metadata has table_id for each part of a table."
        )
    ((_, own),) = parts.items()
    if 0 in own:
        own = {0: own[0]}
    else:
        metadata, _ = next(iter(own.values()))
        missing = [number for number in range(1, int(metadata["table_parts"]) + 1) if number not in own]
        if missing:
            raise ValueError(
                f"The table {metadata['table_id']} has {metadata['table_parts']} parts, and part "
                f"{', '.join(map(str, missing))} is not among the chunks."
            )
    return rebuilt_table(
        ShownPart(
            text=_table_text(metadata, text),
            rows=str(metadata["table_rows"]),
            columns=str(metadata["table_columns"]),
            layout=str(metadata["table_layout"]),
        )
        for _, (metadata, text) in sorted(own.items(), key=lambda item: item[0])
    )


def _taken_apart(chunk: Any) -> tuple[Mapping[str, Any], str]:  # noqa: ANN401 - values of frameworks not imported here
    if isinstance(chunk, tuple):
        return chunk
    node = getattr(chunk, "node", chunk)  # LlamaIndex's NodeWithScore
    metadata = node.metadata.as_dict() if hasattr(node.metadata, "as_dict") else node.metadata
    text = node.page_content if hasattr(node, "page_content") else node.text
    return metadata, text


def _table_text(metadata: Mapping[str, Any], text: str) -> str:
    """Return the table's own text, without headings, captions and footnotes around it."""
    pieces = [piece for piece in json.loads(metadata["regions"]) if piece[5] == "table"]
    if not pieces:
        return text
    return text[min(piece[7] for piece in pieces) : max(piece[8] for piece in pieces)]
