"""`TextLayerEngine`: born-digital PDFs read without a model."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

from dsocr_loaders.engines.advice import HOW_TO_GET_OCR
from dsocr_loaders.engines.loop import EngineLoop
from dsocr_loaders.engines.protocol import Prepared
from dsocr_loaders.engines.text_layer.documents import Password, backend_version, damage_as_error, opened
from dsocr_loaders.engines.text_layer.extract import layer_of
from dsocr_loaders.engines.text_layer.refusal import IS_IMAGE, reason_for_ocr
from dsocr_loaders.engines.text_layer.regions import regions_of
from dsocr_loaders.engines.text_layer.sizes import profile_of_source
from dsocr_loaders.errors import engine_error
from dsocr_loaders.values import LayoutAnswer, TextSource

if TYPE_CHECKING:
    from collections.abc import Callable

    from dsocr_loaders.errors import EngineError
    from dsocr_loaders.values import Answer, PageImage, ReadRequest

__all__ = ["TextLayerEngine", "prepare_text_layer", "text_layer_or_reason"]

_PDF = "application/pdf"


class TextLayerEngine:
    """Reads the text layer of PDFs with PyMuPDF.

    All the work is done in the page worker, so `read` only hands over. Columns are found where a gutter separates
    them, sidebars and notes where a frame or a tint sets them apart, tables where lines rule them or short texts stand
    below each other, figures where images or drawings are; a figure's text is its labels. Displayed formulas are
    regions with their characters, links are ranges of the text (`Region.links`).

    A page fails with cause `needs_ocr` if the file is an image, or if its text layer is absent, invisible, hidden
    under an image, garbled, or no more than a stamp on a scan; the message names the reason.

    Args:
        password: of encrypted PDFs; no `repr` shows it.

    Raises:
        MissingDependency: PyMuPDF is not installed.
    """

    capacity = 4
    text_source = TextSource.TEXT_LAYER
    needs_image = False

    def __init__(self, password: str | None = None) -> None:
        self.fingerprint = _fingerprint()
        self.loop = EngineLoop("text-layer")
        self.prepare: Callable[[PageImage, ReadRequest], Prepared] = partial(
            prepare_text_layer, password=Password(password)
        )

    def __repr__(self) -> str:
        return f"TextLayerEngine(fingerprint={self.fingerprint!r})"

    async def read(self, prepared: Prepared, request: ReadRequest) -> Answer:
        """Return the regions that the page worker found.

        Raises:
            EngineRejected: `prepared` was made for another engine.
        """
        if not isinstance(prepared.payload, LayoutAnswer):
            page = request.page
            raise engine_error(
                "bad_request",
                f"{page.source.name}, page {page.page_number}: prepared for another engine than the text layer.",
            )
        return prepared.payload

    def close(self) -> None:
        """End the engine's thread."""
        self.loop.close()


def _fingerprint() -> str:
    return f"text_layer pymupdf {backend_version()}"


def prepare_text_layer(page: PageImage, _request: ReadRequest, *, password: Password) -> Prepared:
    """Return the regions of `page` as a `LayoutAnswer`; `page.image` is not looked at.

    Raises:
        EngineUnavailable: the page needs OCR.
        SourceDamaged, PasswordRequired: the file or the page cannot be opened.
    """
    found = text_layer_or_reason(page, password)
    if isinstance(found, str):
        raise _needs_ocr(page, found)
    return found


def text_layer_or_reason(page: PageImage, password: Password) -> Prepared | str:
    """Return the regions of `page` as a `LayoutAnswer`, or why it needs OCR, in words that follow "because".

    Raises:
        SourceDamaged, PasswordRequired: the file or the page cannot be opened.
    """
    source = page.source
    if source.media_type != _PDF:
        return IS_IMAGE
    document = opened(source, password)
    with damage_as_error(f"{source.name}, page {page.page_number}"):
        layer = layer_of(document[page.page_number - 1])
    reason = reason_for_ocr(layer, page.ink)
    if reason is not None:
        return reason
    fingerprint = _fingerprint()
    regions = regions_of(layer, profile_of_source(source, password), page_number=page.page_number)
    name = f"{fingerprint}\n{source.sha256}\n{page.page_number}"
    return Prepared(sha256(name.encode()).hexdigest(), LayoutAnswer(regions, fingerprint))


def _needs_ocr(page: PageImage, reason: str) -> EngineError:
    return engine_error(
        "needs_ocr",
        f"{page.source.name}, page {page.page_number}: it has to be read from its pixels, because {reason}. "
        f"{HOW_TO_GET_OCR}",
    )
