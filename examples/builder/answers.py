"""The index of the recorded answers: which page image, by the digest of its pixels, got which answer."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pymupdf
import pypdfium2

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["page_digests", "write_index"]

DPI = 144  # what the official scripts use for DeepSeek-OCR
POINTS_PER_INCH = 72


def write_index(path: Path, letter: Path) -> None:
    """Write `answers.json` for the scanned letter."""
    entry = {
        "digest": page_digests(letter, 1),
        "answer": "letter-1.txt",
        "finish_reason": "stop",
        "source": letter.name,
        "page": 1,
    }
    path.write_text(json.dumps([entry], indent=2) + "\n", encoding="utf-8")


def page_digests(path: Path, page_number: int) -> list[str]:
    """Digests of a page as PyMuPDF and pdfium draw it at 144 dpi; a single one if their pixels agree."""
    with pymupdf.open(path) as document:
        pixmap = document[page_number - 1].get_pixmap(dpi=DPI, colorspace=pymupdf.csRGB, alpha=False)
        found = [_digest(pixmap.width, pixmap.height, pixmap.samples)]
    with pypdfium2.PdfDocument(path) as document:
        picture = document[page_number - 1].render(scale=DPI / POINTS_PER_INCH).to_pil().convert("RGB")
        found.append(_digest(picture.width, picture.height, picture.tobytes()))
    return list(dict.fromkeys(found))


def _digest(width: int, height: int, rgb: bytes) -> str:
    """SHA-256 over a header with the size and the RGB bytes: the key by which the replay engine finds an answer."""
    return hashlib.sha256(b"RGB " + f"{width}x{height} ".encode() + rgb).hexdigest()
