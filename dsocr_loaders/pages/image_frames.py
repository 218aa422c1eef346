"""How many frames an image file has, counted without decoding any and not beyond a limit."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

    from dsocr_loaders.values import Source

__all__ = ["count_frames"]

_GIF_HEADER_BYTES = 13
_GIF_TRAILER = 0x3B
_GIF_EXTENSION = 0x21
_GIF_IMAGE = 0x2C
_GIF_TABLE = 0x80
_GIF_IMAGE_BYTES = 10
_BIG_TIFF = 43


def count_frames(source: Source, image: Image.Image, most: int) -> int:
    """Return the number of frames that are pages, at least 1; counting ends behind `most`.

    The frames of a GIF, a TIFF or a WebP are pages. Of other files with several pictures (animated PNG, MPO, HEIC) the
    first or main one is the page.
    """
    if source.media_type == "image/webp":
        return int(getattr(image, "n_frames", 1))
    counter = {"image/gif": _gif_frames, "image/tiff": _tiff_frames}.get(source.media_type)
    if counter is None:
        return 1
    with Path(source.path).open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return max(1, counter(content, most))


def _gif_frames(content: mmap.mmap, most: int) -> int:
    """Count image descriptors (GIF89a, 20); what is cut off in the middle counts."""
    flags = content[10]
    place = _GIF_HEADER_BYTES + _table_bytes(flags)
    frames, size = 0, len(content)
    while place < size and frames <= most:
        kind = content[place]
        if kind == _GIF_EXTENSION:
            place += 2
        elif kind == _GIF_IMAGE:
            frames += 1
            if place + _GIF_IMAGE_BYTES > size:
                break
            place += _GIF_IMAGE_BYTES + _table_bytes(content[place + _GIF_IMAGE_BYTES - 1]) + 1
        else:  # the trailer, or what no block begins with
            break
        while place < size and content[place]:
            place += content[place] + 1
        place += 1
    return frames


def _table_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & _GIF_TABLE else 0


def _tiff_frames(content: mmap.mmap, most: int) -> int:
    """Count image file directories (TIFF 6.0, 2; BigTIFF), each once, though a chain may lead back to itself."""
    order = "<" if content[:2] == b"II" else ">"
    is_big = struct.unpack_from(f"{order}H", content, 2)[0] == _BIG_TIFF
    count, entry_bytes, offset = ("Q", 20, "Q") if is_big else ("H", 12, "I")
    seen: set[int] = set()
    try:
        place = struct.unpack_from(order + offset, content, 8 if is_big else 4)[0]
        while place and place not in seen and len(seen) <= most:
            entries = struct.unpack_from(order + count, content, place)[0]
            seen.add(place)
            end = place + struct.calcsize(order + count) + entries * entry_bytes
            place = struct.unpack_from(order + offset, content, end)[0]
    except (struct.error, OverflowError, ValueError):
        pass  # the chain leads out of the file: the pages before are there
    return len(seen)
