"""Chunks -> LangChain's `Document`s."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_core.documents import Document

if TYPE_CHECKING:
    from dsocr_loaders import Chunk
    from langchain_core.documents.base import Blob

__all__ = ["document_of"]


def document_of(chunk: Chunk, *, blob: Blob | None = None) -> Document:
    """Return the chunk as a `Document` with a metadata dict of its own.

    The metadata is the contract (see `dsocr_loaders.ChunkMetadata`) and `page`, from 0, as LangChain's own PDF
    loaders count. A blob's metadata comes along where the contract does not use the same key, and `source` is the
    blob's own, if it has one.

    Args:
        chunk: what was read.
        blob: where the chunk comes from, if that is a blob.
    """
    metadata = {
        **({} if blob is None else blob.metadata),
        **chunk.metadata.as_dict(),
        "page": chunk.metadata.page_number - 1,
    }
    if blob is not None and blob.source is not None:
        metadata["source"] = str(blob.source)
    return Document(page_content=chunk.text, id=chunk.id, metadata=metadata)
