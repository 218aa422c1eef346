"""`TextLayerFirst`: each page from the PDF's own text layer where that is good, the others from an engine that sees.

The choice is made in the page worker, page by page. A page whose text layer is good is never rendered at full size and
costs the model nothing; the others cost the look at their text layer, and are rendered and prepared as the model wants
them. The model is asked nothing before the first page that needs it. Each page's result says which way it went and
why, in `PageResult.route`, and who read its text, in `PageResult.text_source`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from dsocr_loaders.engines.protocol import HearsAnswers, LoadsModel, Prepared
from dsocr_loaders.engines.text_layer.documents import Password, backend_version
from dsocr_loaders.engines.text_layer.engine import text_layer_or_reason
from dsocr_loaders.errors import SourceDamaged
from dsocr_loaders.pages.pixels_wanted import PixelsWanted
from dsocr_loaders.values import LayoutAnswer

if TYPE_CHECKING:
    from collections.abc import Callable

    from dsocr_loaders.engines.loop import EngineLoop
    from dsocr_loaders.engines.protocol import Engine
    from dsocr_loaders.values import Answer, PageImage, ParsedAnswer, ReadRequest, TextSource

    Prepare = Callable[[PageImage, ReadRequest], Prepared | PixelsWanted]

__all__ = ["TextLayerFirst", "prepare_text_layer_first"]


class TextLayerFirst:
    """Reads pages from their text layer where that is good, and hands the others to `model`.

    Args:
        model: reads the pages whose text layer is none.
        password: of encrypted PDFs; no `repr` shows it.
        owns_model: whether `close` closes the model too.

    Attributes:
        model: as given.
        eyes: the model, which a page is asked about again where its answer is damaged.
        text_source: the model's; an answer from the text layer is a `LayoutAnswer`, which tells it apart.
        loop: the model's.

    Raises:
        MissingDependency: PyMuPDF is not installed.
    """

    needs_image = False  # at first: a page that goes to the model is rendered once more, at full size

    def __init__(self, model: Engine, password: str | None = None, *, owns_model: bool = True) -> None:
        self.model = self.eyes = model
        self._owns_model = owns_model
        self.fingerprint = f"{model.fingerprint}, or text_layer pymupdf {backend_version()} where that is good"
        self.text_source: TextSource = model.text_source
        self.loop: EngineLoop = model.loop
        self.prepare = partial(
            prepare_text_layer_first,
            password=Password(password),
            otherwise=model.prepare,
            needs_image=model.needs_image,
        )

    def __repr__(self) -> str:
        return f"TextLayerFirst({self.model!r})"

    @property
    def capacity(self) -> int:
        """Of the model, now."""
        return self.model.capacity

    async def make_ready(self, prepared: Prepared) -> None:
        """Let the model load what it needs, for a page that it is to read."""
        if not isinstance(prepared.payload, LayoutAnswer) and isinstance(self.model, LoadsModel):
            await self.model.make_ready(prepared)

    async def read(self, prepared: Prepared, request: ReadRequest) -> Answer:
        """Return the regions that the page worker found, or else the model's answer.

        Raises:
            EngineError: as the model raises it.
        """
        if isinstance(prepared.payload, LayoutAnswer):
            return prepared.payload
        return await self.model.read(prepared, request)

    def hear(self, parsed: ParsedAnswer) -> None:
        """Tell the model, if it wants to know."""
        if isinstance(self.model, HearsAnswers):
            self.model.hear(parsed)

    def close(self) -> None:
        """Close the model, if this engine owns it."""
        if self._owns_model:
            self.model.close()


def prepare_text_layer_first(
    page: PageImage, request: ReadRequest, *, password: Password, otherwise: Prepare, needs_image: bool
) -> Prepared | PixelsWanted:
    """Return the page's regions as a `LayoutAnswer`, or what `otherwise`, the model's `prepare`, makes of its pixels.

    Raises:
        PasswordRequired: the file cannot be opened.
        DsocrError: as `otherwise` raises it.
    """
    try:
        found = text_layer_or_reason(page, password)
    except SourceDamaged:
        found = "its text layer cannot be read"
    if isinstance(found, Prepared):
        return replace(found, route="text_layer: its text layer is good")
    prepare = partial(_prepare_for_model, prepare=otherwise, route=f"model: {found}")
    return PixelsWanted(prepare) if needs_image else prepare(page, request)


def _prepare_for_model(
    page: PageImage, request: ReadRequest, *, prepare: Prepare, route: str
) -> Prepared | PixelsWanted:
    prepared = prepare(page, request)
    return replace(prepared, route=route) if isinstance(prepared, Prepared) else prepared
