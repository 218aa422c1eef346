"""Document -> chunks, by structure first and token budget second, each with its exact provenance.

The way through this package: `units` groups a page's regions (a table with its caption and footnotes is one unit),
`headings` keeps the path, `chunker` fills chunks and splits what is too large (`splitting`), `provenance` knows which
box a piece has, `identity` names chunks, ties neighbours and writes the metadata contract. `tokens` counts. `regions`
makes a chunk of each region instead.
"""

from __future__ import annotations

from dsocr_loaders.chunking.chunker import Chunker
from dsocr_loaders.chunking.identity import ChunkSequence, Draft, stable_id
from dsocr_loaders.chunking.regions import RegionChunker
from dsocr_loaders.chunking.tokens import estimate_tokens

__all__ = ["ChunkSequence", "Chunker", "Draft", "RegionChunker", "estimate_tokens", "stable_id"]
