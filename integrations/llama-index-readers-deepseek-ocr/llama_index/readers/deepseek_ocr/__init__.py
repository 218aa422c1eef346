"""DeepSeek-OCR for LlamaIndex: documents and nodes that know their page, region type and box.

`DeepSeekOCRReader` reads PDFs and page images; `DeepSeekOCRNodeParser` makes nodes of its `grounded` documents, the way
for document stores that update what has changed. Both only translate: what is read and how it is cut is decided in
`dsocr_loaders`.
"""

from __future__ import annotations

from llama_index.readers.deepseek_ocr.node_parser import DeepSeekOCRNodeParser
from llama_index.readers.deepseek_ocr.reader import DeepSeekOCRReader

__all__ = ["DeepSeekOCRNodeParser", "DeepSeekOCRReader"]
