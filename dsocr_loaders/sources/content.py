"""What the bytes of a source are: type by magic bytes, hash and length, in one pass."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsocr_loaders.errors import LimitExceeded, SourceUnsupported

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import BinaryIO

__all__ = [
    "BLOCK_BYTES",
    "HEAD_BYTES",
    "Content",
    "blocks_of",
    "hashed",
    "media_type_of",
    "require_bytes",
    "require_media_type",
]

HEAD_BYTES = 1024  # a PDF's header may start anywhere in here (ISO 32000-1, annex H, note 13)
BLOCK_BYTES = 1 << 20

_IMAGES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"II+\x00", "image/tiff"),  # BigTIFF
    (b"MM\x00+", "image/tiff"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "image/jp2"),
    (b"\xff\x4f\xff\x51", "image/jp2"),  # the code stream without a container
)
_BMP_HEADER_BYTES = frozenset({12, 40, 52, 56, 64, 108, 124})  # two letters alone begin many a file
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs", b"mif1", b"msf1"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})

_OTHER_FORMATS = (
    (b"PK\x03\x04", "a ZIP file, as Word, Excel, PowerPoint and EPUB files are"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Microsoft Office file"),
    (b"{\\rtf", "an RTF text"),
    (b"AT&TFORM", "a DjVu file"),
    (b"%!PS", "a PostScript file"),
    (b"\x1f\x8b", "a gzip file"),
)
# Atomic and possessive, so that a head full of comments is given up on at once.
_HTML = re.compile(rb"\s*+(?><!--.*?-->\s*+)*+<(!doctype html|html|head|body)\b", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Content:
    """What one pass over the bytes found."""

    sha256: str
    size_bytes: int
    head: bytes


def hashed(blocks: Iterable[bytes], most_bytes: int, keep: Callable[[bytes], None] | None = None) -> Content:
    """Return what one pass over `blocks` finds, each of which is also handed to `keep`.

    Raises:
        LimitExceeded: there are more than `most_bytes`, the limit `source_bytes`; nothing behind them is taken.
    """
    digest, size, head = hashlib.sha256(), 0, b""
    for block in blocks:
        size += len(block)
        require_bytes(size, most_bytes)
        if len(head) < HEAD_BYTES:
            head += block[: HEAD_BYTES - len(head)]
        digest.update(block)
        if keep is not None:
            keep(block)
    return Content(digest.hexdigest(), size, head)


def require_bytes(size_bytes: int, most_bytes: int) -> None:
    """Check the length of a source, or of what was read of it so far.

    Raises:
        LimitExceeded: it is more than the limit `source_bytes`.
    """
    if size_bytes > most_bytes:
        raise LimitExceeded(
            f"It has more bytes than limits.source_bytes={most_bytes} allows ({size_bytes} were counted). Raise the "
            "limit, or split the file."
        )


def blocks_of(stream: BinaryIO) -> Iterator[bytes]:
    """Yield what `stream` holds from where it stands, block by block.

    Raises:
        SourceUnsupported: it gives text.
    """
    while block := stream.read(BLOCK_BYTES):
        if not isinstance(block, (bytes, bytearray, memoryview)):
            raise SourceUnsupported("The file object gives text. Open it for bytes: open(path, 'rb').")
        yield bytes(block)


def media_type_of(head: bytes) -> str | None:
    """Return the media type that a file with these first bytes has, or None for one that is not read."""
    for magic, media_type in _IMAGES:
        if head.startswith(magic):
            return media_type
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BMP_HEADER_BYTES:
        return "image/bmp"
    if head[4:8] == b"ftyp" and _is_heic(head):
        return "image/heic"
    return "application/pdf" if b"%PDF-" in head else None


def _is_heic(head: bytes) -> bool:
    """Tell a HEIC image from AVIF images and films, which have the same kind of container (ISO 23008-12, B.4)."""
    end = int.from_bytes(head[:4], "big")
    brands = {head[8:12], *(head[place : place + 4] for place in range(16, min(end, len(head)), 4))}
    return bool(brands & _HEIC_BRANDS) and not brands & _AVIF_BRANDS


def require_media_type(head: bytes) -> str:
    """Return the media type that a file with these first bytes has.

    Raises:
        SourceUnsupported: it is not one that is read; the message says what it looks like.
    """
    found = media_type_of(head)
    if found is not None:
        return found
    if not head:
        raise SourceUnsupported("It is empty: there is not a single byte to read (a file object may stand at its end).")
    raise SourceUnsupported(
        f"It looks like {_likeness(head)}; PDF, PNG, JPEG, WebP, BMP, GIF, TIFF, JPEG 2000 and HEIC are read. "
        "Convert it first."
    )


def _likeness(head: bytes) -> str:
    for magic, words in _OTHER_FORMATS:
        if head.startswith(magic):
            return words
    if head[4:8] == b"ftyp":
        return "an AVIF image or a film"
    if _HTML.match(head.removeprefix(b"\xef\xbb\xbf")):
        return "an HTML page, perhaps a login or error page that was saved in the file's place"
    if not set(head) & {*range(9), *range(14, 32)}:
        return "plain text"
    return "nothing that is known here"
