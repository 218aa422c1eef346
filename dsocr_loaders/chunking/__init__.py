"""Document -> chunks, by structure first and token budget second, each with its exact provenance.

The way through this package: `units` groups a page's regions (a table with its caption and footnotes is one unit),
`flow` joins what goes on over pages and what stands around a formula, `passages` are its texts, with LaTeX's delimiters
as in Markdown (`formulas`), that know where each character comes from. `chunker` fills chunks within a `budget` that
`tokens` counts, under `headings`; `tabular` makes parts of tables; `splitting` cuts what is too large, between
`sentences` and never inside a character (`graphemes`). `merging` merges small drafts, `families` adds parents,
`provenance` knows which box a piece has, `sequence` names chunks and ties neighbours, and `metadata` is the contract.
`regions` makes a chunk of each region instead, and `rebuilding` makes a table of chunks again.
"""

from __future__ import annotations

from dsocr_loaders.chunking.chunker import Chunker
from dsocr_loaders.chunking.drafts import Draft
from dsocr_loaders.chunking.rebuilding import reconstruct_table
from dsocr_loaders.chunking.regions import RegionChunker
from dsocr_loaders.chunking.sequence import ChunkSequence, stable_id
from dsocr_loaders.chunking.tokens import TokenCount, estimate_tokens, token_count_of

__all__ = [
    "ChunkSequence",
    "Chunker",
    "Draft",
    "RegionChunker",
    "TokenCount",
    "estimate_tokens",
    "reconstruct_table",
    "stable_id",
    "token_count_of",
]
