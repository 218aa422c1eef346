"""A page's UserUnit (ISO 32000-1, 14.11.1), which pdfium's interface neither applies nor tells.

pdfium does write it down: a page that is imported into a new document and saved stands there in plain text, decrypted
and out of whatever stream it was in. That takes some milliseconds, so the file is looked through once for the name.
"""

from __future__ import annotations

import io
import math
import mmap
import re
import zlib
from pathlib import Path
from typing import Any

__all__ = ["may_have_user_units", "user_unit"]

_NAME = b"/UserUnit"
_NAME_WITHOUT_SLASH = b"UserUnit"
_PAGE = re.compile(rb"\d+ 0 obj\s*(<<(?:(?!endobj).)*?/Type\s*/Page\b(?:(?!endobj).)*)endobj", re.DOTALL)
_VALUE = re.compile(rb"/UserUnit\s*(?:(\d+) 0 R|([-+.\d]+))")
_MOST_UNPACKED_BYTES = 64 << 20  # of object streams; beyond, each page is asked
_STREAM_HEAD_BYTES = 4096


def may_have_user_units(path: str) -> bool:
    """Tell whether any page of the PDF may have a UserUnit: the name occurs, or parts of the file hide it."""
    with Path(path).open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find(_NAME) >= 0:
            return True
        place = content.find(b"/ObjStm")
        if place >= 0 and content.find(b"/Encrypt") >= 0:
            return True
        rest = _MOST_UNPACKED_BYTES
        while place >= 0:
            unpacked = _unpacked(content, place, rest)
            rest -= len(unpacked)
            if rest <= 0 or _NAME_WITHOUT_SLASH in unpacked:
                return True
            place = content.find(b"/ObjStm", place + 1)
    return False


def _unpacked(content: mmap.mmap, place: int, most_bytes: int) -> bytes:
    """Return what the object stream whose dictionary mentions `place` holds, or `b""` if it is not packed as usual."""
    start = content.find(b"stream", place, place + _STREAM_HEAD_BYTES)
    if start < 0:
        return b""
    start += len(b"stream")
    while content[start : start + 1] in {b"\r", b"\n"}:
        start += 1
    end = content.find(b"endstream", start)
    try:
        return zlib.decompressobj().decompress(content[start:end] if end >= 0 else b"", most_bytes)
    except zlib.error:
        return b""


def user_unit(document: Any, page_index: int) -> float:  # noqa: ANN401 - a pypdfium2.PdfDocument
    """Return the page's UserUnit, 1 if it has none that makes sense."""
    import pypdfium2  # noqa: PLC0415 - loaded when needed, by the owner of the document

    copy = pypdfium2.PdfDocument.new()
    try:
        copy.import_pages(document, [page_index])
        written = io.BytesIO()
        copy.save(written)
    except pypdfium2.PdfiumError:
        return 1.0
    finally:
        copy.close()
    return _unit_of(written.getvalue())


def _unit_of(written: bytes) -> float:
    page = _PAGE.search(written)
    value = _VALUE.search(page[1]) if page else None
    if value is None:
        return 1.0
    if value[1] is not None:
        number = re.search(rb"(?<!\d)%s 0 obj\s*([-+.\d]+)\s*endobj" % value[1], written)
    else:
        number = re.match(rb"([-+.\d]+)", value[2])
    try:
        unit = float(number[1]) if number else 1.0
    except ValueError:
        return 1.0
    return unit if 0 < unit < math.inf else 1.0
