"""Small documents, scripted answers and an embedding model for tests."""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Callable
from pathlib import Path

import pymupdf
import pytest
from dsocr_loaders.pages import PagePool
from dsocr_loaders.testing import ScriptedEngine
from llama_index.core.embeddings import BaseEmbedding

PdfMaker = Callable[..., Path]

_DIMENSIONS = 512


class BagOfWords(BaseEmbedding):
    """Hashes each word to a dimension: the same text makes the same vector everywhere."""

    def _get_text_embedding(self, text: str) -> list[float]:
        vector = [0.0] * _DIMENSIONS
        for word in re.findall(r"\w+", text.lower()):
            vector[zlib.crc32(word.encode()) % _DIMENSIONS] += 1.0
        length = math.hypot(*vector) or 1.0
        return [number / length for number in vector]

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)


@pytest.fixture(scope="module", autouse=True)
def _warm_page_workers():
    """Let the readers of a module share page workers, since starting one takes as long as most tests."""
    pool = PagePool(2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool, "close", lambda: None)
        patch.setattr("dsocr_loaders.reader.PagePool", lambda _: pool)
        yield
    pool.close()


@pytest.fixture(scope="session")
def embedding() -> BagOfWords:
    return BagOfWords()


@pytest.fixture(scope="session")
def make_pdf(tmp_path_factory: pytest.TempPathFactory) -> PdfMaker:
    """Return a function that writes a PDF with one small page for each text, into a new folder if none is given."""

    def make(*texts: str, name: str = "report.pdf", folder: Path | None = None) -> Path:
        path = (folder or tmp_path_factory.mktemp("pdf")) / name
        with pymupdf.open() as document:
            for text in texts:
                page = document.new_page(width=300, height=200)
                page.insert_textbox((20, 20, 280, 190), text, fontsize=11)
            document.save(path)
        return path

    return make


@pytest.fixture(scope="session")
def report(make_pdf: PdfMaker) -> Path:
    """Return a PDF with two pages."""
    return make_pdf("the first page", "the second page")


def _region(label: str, box: tuple[int, int, int, int], text: str) -> str:
    return f"<|ref|>{label}<|/ref|><|det|>[{list(box)}]<|/det|>\n{text}\n\n"


@pytest.fixture(scope="session")
def answers() -> dict[int, str]:
    """Return what the model says about the two pages of `report`."""
    table = "<table><tr><td>Year</td><td>Revenue</td></tr><tr><td>2024</td><td>51 million</td></tr></table>"
    return {
        1: _region("title", (100, 50, 900, 100), "# Whaling Company")
        + _region("sub_title", (100, 120, 500, 150), "## 1 Results")
        + _region("text", (100, 160, 900, 300), "The fleet caught nothing at all last year.")
        + _region("table", (150, 400, 850, 600), table),
        2: _region("sub_title", (100, 50, 500, 80), "## 2 Outlook")
        + _region("text", (100, 100, 900, 200), "We expect storms around the cape in autumn."),
    }


@pytest.fixture
def engine(answers: dict[int, str]):
    """Return an engine that reads `report`."""
    made = ScriptedEngine(answers)
    yield made
    made.close()
