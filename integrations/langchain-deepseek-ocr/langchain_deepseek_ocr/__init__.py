"""DeepSeek-OCR for LangChain: PDFs and page images in, `Document`s with page, region type and box out.

`DeepSeekOCRLoader` reads files, folders, bytes and blobs; `DeepSeekOCRBlobParser` reads the blobs that another loader
brings. Both translate what `dsocr_loaders.Reader` reads and add nothing to it.
"""

from __future__ import annotations

from langchain_deepseek_ocr.blob_parser import DeepSeekOCRBlobParser
from langchain_deepseek_ocr.loader import DeepSeekOCRLoader

__all__ = ["DeepSeekOCRBlobParser", "DeepSeekOCRLoader"]

__version__ = "0.1.0"
