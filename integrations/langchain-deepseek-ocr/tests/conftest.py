from __future__ import annotations

import json

import pymupdf
import pytest
from dsocr_loaders import Settings
from dsocr_loaders.engines.recording import page_digests
from dsocr_loaders.pages import PagePool


class SharedWorkers:
    """Page workers that outlive the readers that use them."""

    def __init__(self, pool):
        self.run = pool.run

    def close(self):
        """Leave the workers to the next reader."""


@pytest.fixture(scope="session")
def page_pool():
    """Return page workers for the whole session; starting some for each test would be most of its time."""
    pool = PagePool(2)
    yield pool
    pool.close()


@pytest.fixture
def warm_workers(page_pool, monkeypatch):
    """Let every reader use the session's page workers."""
    monkeypatch.setattr("dsocr_loaders.reader.PagePool", lambda _: SharedWorkers(page_pool))


@pytest.fixture(scope="session")
def make_pdf():
    """Return a function that writes a PDF with one page for each text and returns its path."""

    def make(path, texts=("One", "Two", "Three")):
        with pymupdf.open() as pdf:
            for text in texts:
                page = pdf.new_page()
                if text:
                    page.insert_text((72, 96), text, fontsize=11)
            pdf.set_metadata({"producer": "test"})
            path.write_bytes(pdf.tobytes(no_new_id=True))
        return path

    return make


@pytest.fixture(scope="session")
def answer():
    """Return a function that makes a model's answer: a heading and a text, each with its box."""

    def make(heading, text):
        return (
            f"<|ref|>sub_title<|/ref|><|det|>[[100, 50, 900, 90]]<|/det|>\n## {heading}\n\n"
            f"<|ref|>text<|/ref|><|det|>[[100, 100, 900, 300]]<|/det|>\n{text}\n"
        )

    return make


@pytest.fixture
def report(make_pdf, tmp_path):
    """Return the path of a PDF with three pages."""
    return make_pdf(tmp_path / "report.pdf")


@pytest.fixture
def answers(answer):
    """Return answers for the three pages of the report."""
    return {number: answer(f"Part {number}", f"Body of page {number}.") for number in (1, 2, 3)}


@pytest.fixture(scope="session")
def recorded(make_pdf, answer, tmp_path_factory):
    """Return a folder with recorded answers for the three pages of the report, as pdfium draws them."""
    folder = tmp_path_factory.mktemp("answers")
    entries = []
    for page in page_digests(make_pdf(folder / "report.pdf"), Settings(pdf_backend="pdfium")):
        name = f"{page.page_number}.txt"
        (folder / name).write_text(answer(f"Part {page.page_number}", f"Body of page {page.page_number}."))
        entries.append({"digest": page.digest, "answer": name})
    (folder / "answers.json").write_text(json.dumps(entries))
    return folder
