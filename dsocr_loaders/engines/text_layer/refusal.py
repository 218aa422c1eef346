"""When a text layer is none: the reasons for which a page needs OCR."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsocr_loaders.engines.text_layer.layer import Layer

__all__ = ["IS_IMAGE", "reason_for_ocr"]

IS_IMAGE = "the file is an image"

_UNREADABLE = frozenset({"Cc", "Cn", "Co", "Cs"})  # Unicode's categories: control, unassigned, private, surrogate
_REPLACEMENT = "\ufffd"
_MOST_UNREADABLE = 0.2  # of the characters; private bullets and symbols of a formula stay well below
_STAMP = 120  # characters: more than a stamp, a watermark or a line of a download portal
_SCAN = 0.8  # of the page's area is images


def reason_for_ocr(layer: Layer) -> str | None:
    """Return why the page has to be read from its pixels, in words that follow "because", or None."""
    text = "".join("".join(run.text.split()) for run in layer.visible_runs)
    if layer.hidden_characters > len(text):
        return "its text is invisible, the layer that OCR put under a scan"
    if not text:
        return "it has no text layer"
    unreadable = sum(_is_unreadable(character) for character in text)
    if unreadable > _MOST_UNREADABLE * len(text):
        return f"its text layer is garbled: {unreadable} of {len(text)} characters stand for no letter"
    image_area = sum(picture.place.area for picture in layer.pictures)
    if len(text) < _STAMP and image_area > _SCAN * layer.frame.width * layer.frame.height:
        return f"images cover it and its text layer has {len(text)} characters, no more than a stamp on a scan"
    return None


def _is_unreadable(character: str) -> bool:
    return character == _REPLACEMENT or unicodedata.category(character) in _UNREADABLE
