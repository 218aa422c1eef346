from __future__ import annotations

import pytest

from dsocr_loaders.errors import SourceUnsupported
from dsocr_loaders.sources.content import media_type_of, require_media_type


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"II*\0", "image/tiff"),
        (b"MM\0*", "image/tiff"),
        (b"II+\0", "image/tiff"),
        (b"MM\0+", "image/tiff"),
        (b"RIFF\0\0\0\0WEBPVP8L", "image/webp"),
        (b"BM" + bytes(12) + b"\x7c\0\0\0", "image/bmp"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "image/jp2"),
        (b"\xff\x4f\xff\x51", "image/jp2"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "image/heic"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "image/heic"),
        (b"junk\n%PDF-1.4", "application/pdf"),
        (b"\0\0\0\x1cftypavif\0\0\0\0mif1avif", None),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", None),
        (b"RIFF\0\0\0\0WAVEfmt ", None),
        (b"BMW is a car, and this is a text", None),
        (b"", None),
    ],
)
def test_media_types(head, media_type):
    """This test ensures that a format is told by its magic bytes, and two letters are not taken for a bitmap."""
    assert media_type == media_type_of(head)


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"", "It is empty"),
        (b"PK\x03\x04", "ZIP file"),
        (b"\0\0\0\x1cftypavif\0\0\0\0mif1avif", "AVIF"),
        (b"BMW is a car", "plain text"),
        (b"<!doctype html>", "HTML"),
        (bytes(range(9)), "nothing that is known"),
    ],
)
def test_unsupported(head, words):
    """This test ensures that what is not read is called by its name, with the formats that are."""
    with pytest.raises(SourceUnsupported, match=words) as caught:
        require_media_type(head)

    assert not head or "TIFF, JPEG 2000 and HEIC are read" in str(caught.value)
