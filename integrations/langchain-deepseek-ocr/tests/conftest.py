from __future__ import annotations

import pymupdf
import pytest


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
