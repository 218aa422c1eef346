"""The same words through the framework classes."""

from __future__ import annotations

import pytest
from langchain_deepseek_ocr import DeepSeekOCRLoader
from llama_index.readers.deepseek_ocr import DeepSeekOCRReader

pytestmark = pytest.mark.transformers


def test_pages_come_through_both(own_code, make_pdf):
    """This test ensures that both frameworks read a PDF with a model in this process, page by page and in order."""
    pdf = make_pdf("one page", "another one", "")
    chosen = {
        "model": str(own_code),
        "trust_remote_code": True,
        "engine_options": {"batch_size": 2},
        "max_new_tokens": 6,
        "granularity": "page",
        "repair": False,
    }

    with DeepSeekOCRReader("transformers", **chosen) as reader:
        nodes = reader.load_data(pdf)
    documents = DeepSeekOCRLoader(pdf, engine="transformers", **chosen).load()

    assert [1, 2, 3] == [node.metadata["page_number"] for node in nodes]
    assert [node.text for node in nodes] == [document.page_content for document in documents]
    assert ["truncated", "truncated", "blank"] == [document.metadata["page_status"] for document in documents]
    assert all(text for text in (node.text for node in nodes[:2]))
