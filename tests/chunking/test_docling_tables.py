"""A table that is too large, through our chunker and through docling's default one."""

from __future__ import annotations

import re
from importlib import import_module

import pytest

from dsocr_loaders.chunking import Chunker, estimate_tokens, reconstruct_table
from dsocr_loaders.settings import Settings
from dsocr_loaders.structure import build_document
from dsocr_loaders.tables import parse_table
from dsocr_loaders.testing.pages import page_from_answer, report_source
from dsocr_loaders.values import SourceInfo

BUDGET = 100
ROWS = 40
HTML = (
    '<table><tr><td rowspan="2">Village</td><td colspan="2">Leakage</td></tr><tr><td>2023</td><td>2024</td></tr>'
    + "".join(f"<tr><td>Village {row:02}</td><td>{row}.1</td><td>{row}.2</td></tr>" for row in range(ROWS))
    + "</table>"
)
PAGE = page_from_answer(f"<|ref|>table<|/ref|><|det|>[[100, 430, 900, 600]]<|/det|>\n{HTML}\n")


def whole_rows(texts):
    """Return how many rows stand in a chunk with their name, both values and both years of the header."""
    return sum(
        any(
            re.search(rf"{row:02}\b", text) and f"{row}.1" in text and f"{row}.2" in text and "2023" in text
            for text in texts
        )
        and any(f"| Village {row:02} | {row}.1 | {row}.2 |" in text for text in texts)
        for row in range(ROWS)
    )


def test_ours_keeps_rows_header_and_spans():
    """This test ensures that every row is whole below the header, and that the table can be made again."""
    chunker = Chunker(Settings(chunk_tokens=BUDGET))
    chunks = chunker.add(PAGE) + chunker.finish()

    assert ROWS == whole_rows([chunk.text for chunk in chunks])
    assert all("Leakage / 2023 | Leakage / 2024" in chunk.text for chunk in chunks)
    assert all(estimate_tokens(chunk.text) <= BUDGET for chunk in chunks)
    assert parse_table(HTML) == reconstruct_table((chunk.metadata.as_dict(), chunk.text) for chunk in chunks)


@pytest.mark.slow
def test_doclings_default_chunker_breaks_it():
    """This test ensures that what is said of docling's default chunker is so: no row is left as one, and some are torn
    over two chunks.
    """  # noqa: D205 - one sentence that needs two lines
    hybrid = import_module("docling_core.transforms.chunker.hybrid_chunker")
    base = import_module("docling_core.transforms.chunker.tokenizer.base")
    from dsocr_loaders.export import document_to_docling  # noqa: PLC0415 - docling-core is there only now

    class Tokenizer(base.BaseTokenizer):
        def count_tokens(self, text):
            return estimate_tokens(text)

        def get_max_tokens(self):
            return BUDGET

        def get_tokenizer(self):
            return estimate_tokens

    document = build_document(report_source(), SourceInfo(1, ("1",), (), "pymupdf"), [PAGE])
    chunks = list(hybrid.HybridChunker(tokenizer=Tokenizer()).chunk(document_to_docling(document)))

    texts = [chunk.text for chunk in chunks]
    assert 0 == whole_rows(texts)
    torn = [
        row
        for row in range(ROWS)
        if not any(f"{row}.1" in text and f"{row}.2" in text and f"Village {row:02}" in text for text in texts)
    ]
    assert torn
