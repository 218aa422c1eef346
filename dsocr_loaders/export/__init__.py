"""Documents and chunks as text: Markdown, JSON that reads back to an equal document, JSON Lines of chunks."""

from __future__ import annotations

from dsocr_loaders.export.chunk_lines import chunk_from_json, chunk_to_json
from dsocr_loaders.export.docling import document_to_docling
from dsocr_loaders.export.document_json import document_from_json, document_to_json
from dsocr_loaders.export.json_schema import document_schema
from dsocr_loaders.export.markdown import document_markdown, page_markdown

__all__ = [
    "chunk_from_json",
    "chunk_to_json",
    "document_from_json",
    "document_markdown",
    "document_schema",
    "document_to_docling",
    "document_to_json",
    "page_markdown",
]
