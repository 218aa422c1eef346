"""Ask the example documents a question with LangChain: prints passage, page and box.

    pip install ".[pymupdf]" ./integrations/langchain-deepseek-ocr rank-bm25
    python examples/rag_langchain.py "Which logger had its sensor replaced?"

The born-digital documents are read from their text layer, the scanned letter from a recorded answer of the model; with
a server, `DeepSeekOCRLoader(path, engine="http://localhost:8000/v1")` reads both. The retriever is BM25, so nothing is
downloaded; any vector store's `add_documents` takes the same documents.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_deepseek_ocr import DeepSeekOCRLoader
from pydantic import PrivateAttr
from rank_bm25 import BM25Plus

HERE = Path(__file__).parent
QUESTION = "Which pressure logger had its sensor replaced?"


class Bm25Retriever(BaseRetriever):
    """Finds documents by the words that they share with a question."""

    documents: list[Document]
    most: int
    _index: BM25Plus = PrivateAttr()

    def model_post_init(self, context: object, /) -> None:
        """Build the index."""
        super().model_post_init(context)
        self._index = BM25Plus([words(document.page_content) for document in self.documents])

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        del run_manager
        scores = self._index.get_scores(words(query))
        best = sorted(range(len(scores)), key=lambda position: -scores[position])[: self.most]
        return [self.documents[position] for position in best]


def words(text: str) -> list[str]:
    """Return the words of a text in lower case; a Chinese character is a word."""
    return re.findall(r"[\u4e00-\u9fff]|[^\W_]+", text.lower())


def main() -> None:
    """Read the documents, index them, and answer the question of the command line."""
    question = " ".join(sys.argv[1:]) or QUESTION
    documents: list[Document] = []
    with DeepSeekOCRLoader(HERE / "documents", engine="text_layer") as loader:
        documents += loader.lazy_load()
    with DeepSeekOCRLoader(HERE / "scans" / "letter.pdf", engine=f"replay:{HERE / 'answers'}") as loader:
        documents += loader.lazy_load()

    print(f"{len(documents)} chunks. {question}")
    for found in Bm25Retriever(documents=documents, most=3).invoke(question):
        known = found.metadata
        box = ", ".join(f"{known[f'bbox_{edge}']:.2f}" for edge in ("x0", "y0", "x1", "y1"))
        print(f"\n{known['file_name']}, page {known['page_label']}, {known['region_type']} in [{box}]")
        print(f"  {known['heading_path'] or '(no heading)'}")
        print("  " + found.page_content.replace("\n", "\n  ")[:600])


if __name__ == "__main__":
    main()
