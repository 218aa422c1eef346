"""Document -> chunks, by structure first and token budget second, each with its exact provenance.

The way through this package: `units` groups a page's regions (a table with its caption and footnotes is one unit),
`headings` keeps the path, `chunker` fills chunks and splits what is too large (`splitting`), `provenance` knows which
box a piece has, `identity` names chunks and writes the metadata contract. `tokens` counts.
"""

from __future__ import annotations

from dsocr_loaders.chunking.chunker import Chunker, region_draft
from dsocr_loaders.chunking.identity import Draft, finished_chunk, stable_id
from dsocr_loaders.chunking.tokens import estimate_tokens

__all__ = ["Chunker", "Draft", "estimate_tokens", "finished_chunk", "region_draft", "stable_id"]
