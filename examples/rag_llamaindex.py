"""Ask the example documents a question with LlamaIndex: prints passage, page and box.

    pip install ".[pymupdf]" ./integrations/llama-index-readers-deepseek-ocr rank-bm25
    python examples/rag_llamaindex.py "Which logger had its sensor replaced?"

The born-digital documents are read from their text layer, the scanned letter from a recorded answer of the model; with
a server, `DeepSeekOCRReader("http://localhost:8000/v1")` reads both. The retriever is BM25, so nothing is downloaded;
`VectorStoreIndex(nodes)` takes the same nodes.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from llama_index.core import QueryBundle
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import MetadataMode, NodeWithScore, TextNode
from llama_index.readers.deepseek_ocr import DeepSeekOCRReader
from rank_bm25 import BM25Plus

HERE = Path(__file__).parent
QUESTION = "Which pressure logger had its sensor replaced?"


class Bm25Retriever(BaseRetriever):
    """Finds nodes by the words that they share with a question, heading path counted in."""

    def __init__(self, nodes: list[TextNode], most: int) -> None:
        super().__init__()
        self._nodes = nodes
        self._most = most
        self._index = BM25Plus([words(node.get_content(MetadataMode.EMBED)) for node in nodes])

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        scores = self._index.get_scores(words(query_bundle.query_str))
        best = sorted(range(len(scores)), key=lambda position: -scores[position])[: self._most]
        return [NodeWithScore(node=self._nodes[position], score=float(scores[position])) for position in best]


def words(text: str) -> list[str]:
    """Return the words of a text in lower case; a Chinese character is a word."""
    return re.findall(r"[\u4e00-\u9fff]|[^\W_]+", text.lower())


def main() -> None:
    """Read the documents, index them, and answer the question of the command line."""
    question = " ".join(sys.argv[1:]) or QUESTION
    nodes: list[TextNode] = []
    with DeepSeekOCRReader("text_layer") as reader:
        nodes += reader.load_nodes(HERE / "documents")
    with DeepSeekOCRReader(f"replay:{HERE / 'answers'}") as reader:
        nodes += reader.load_nodes(HERE / "scans" / "letter.pdf")

    print(f"{len(nodes)} chunks. {question}")
    for found in Bm25Retriever(nodes, most=3).retrieve(question):
        known = found.node.metadata
        box = ", ".join(f"{known[f'bbox_{edge}']:.2f}" for edge in ("x0", "y0", "x1", "y1"))
        print(f"\n{known['file_name']}, page {known['page_label']}, {known['region_type']} in [{box}]")
        print(f"  {known['heading_path'] or '(no heading)'}")
        print("  " + found.node.get_content().replace("\n", "\n  ")[:600])


if __name__ == "__main__":
    main()
