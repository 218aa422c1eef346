"""Parents for retrievers that search small chunks and hand out large ones, and tables made of documents again."""

from __future__ import annotations

from contextlib import closing

import pytest
from dsocr_loaders import reconstruct_table
from dsocr_loaders.tables import parse_table
from dsocr_loaders.testing import ScriptedEngine

from langchain_deepseek_ocr import DeepSeekOCRLoader

TABLE = "<table><tr><td>Ship</td><td colspan=2>Catch</td></tr>" + (
    "".join(f"<tr><td>Ship {number}</td><td>{number}</td><td>{number * 2}</td></tr>" for number in range(40))
)
ANSWER = (
    "<|ref|>sub_title<|/ref|><|det|>[[50, 10, 950, 40]]<|/det|>\n## 1 Whales\n\n"
    "<|ref|>text<|/ref|><|det|>[[50, 50, 950, 450]]<|/det|>\n" + "The fleet sails on. " * 60 + "\n\n"
    f"<|ref|>table<|/ref|><|det|>[[50, 500, 950, 950]]<|/det|>\n{TABLE}</table>\n"
)


@pytest.fixture
def documents(make_pdf, tmp_path, warm_workers):
    with closing(ScriptedEngine(ANSWER)) as engine:
        loader = DeepSeekOCRLoader(make_pdf(tmp_path / "a.pdf", ["One"]), engine=engine, chunk_tokens=80, parents=True)
        return loader.load()


def test_hits_lead_to_their_parents(documents):
    """This test ensures that a key-value store of parents by chunk_id serves what parent_id of a hit asks for."""
    parents = {each.metadata["chunk_id"]: each for each in documents if each.metadata["child_count"]}
    children = [each for each in documents if not each.metadata["child_count"]]

    asked = [each.metadata["parent_id"] for each in children]
    assert set(asked) <= set(parents)
    section = next(each for each in parents.values() if not each.metadata["parent_id"])
    assert 60 == section.page_content.count("The fleet sails on.")


def test_a_table_is_made_of_documents_again(documents):
    """This test ensures that headings in front of a text, which LangChain gets, do not hide the table."""
    children = [each for each in documents if not each.metadata["child_count"]]

    assert any(each.page_content.startswith("1 Whales\n\n|") for each in children)
    assert parse_table(TABLE) == reconstruct_table(children)
