"""When a text layer is none: the reasons for which a page needs OCR."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsocr_loaders.engines.text_layer.coverage import measure_coverage
from dsocr_loaders.engines.text_layer.legibility import why_illegible

if TYPE_CHECKING:
    from dsocr_loaders.engines.text_layer.layer import Layer
    from dsocr_loaders.values import InkGrid

__all__ = ["IS_IMAGE", "reason_for_ocr"]

IS_IMAGE = "the file is an image"

_STAMP = 120  # characters: more than a stamp, a watermark or a line of a download portal
_SCAN = 0.8  # of the page's area is images
_LEAST_OF_SCAN = 0.25  # of the ink is text, where images that look like scanned text hold most of it
_MOST_IN_SCAN = 0.6  # of the ink is in such images
_LEAST_OF_SHAPES = 0.15  # of the ink is text, where the rest looks like text that is drawn as shapes


def reason_for_ocr(layer: Layer, ink: InkGrid | None = None) -> str | None:
    """Return why the page has to be read from its pixels, in words that follow "because", or None.

    Args:
        layer: what the page says.
        ink: what the page shows; without it, coverage is not looked at.
    """
    texts = [run.text for run in layer.visible_runs]
    characters = sum(len("".join(text.split())) for text in texts)
    if layer.hidden_characters > characters:
        return "its text is invisible, the layer that OCR put under a scan"
    if not characters:
        return "it has no text layer"
    illegible = why_illegible(" ".join(texts))
    if illegible is not None:
        return f"its text layer is garbled: {illegible}"
    image_area = sum(picture.place.area for picture in layer.pictures)
    if characters < _STAMP and image_area > _SCAN * layer.frame.width * layer.frame.height:
        return f"images cover it and its text layer has {characters} characters, no more than a stamp on a scan"
    return None if ink is None else _little_covered(layer, ink, characters)


def _little_covered(layer: Layer, ink: InkGrid, characters: int) -> str | None:
    coverage = measure_coverage(layer, ink)
    if coverage.text < _LEAST_OF_SCAN and coverage.scan > _MOST_IN_SCAN:
        return (
            f"its text layer covers {coverage.text:.0%} of the ink and images that look like scanned text hold "
            f"{coverage.scan:.0%}"
        )
    if characters < _STAMP and coverage.text < _LEAST_OF_SHAPES and coverage.has_text_like_rest:
        return f"its text layer has {characters} characters, which cover {coverage.text:.0%} of the ink"
    return None
