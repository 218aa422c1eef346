"""One engine as the pages of one run use it: rendering for it, and asking it."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING, cast

from dsocr_loaders.engines.protocol import LoadsModel, Prepared
from dsocr_loaders.engines.replay import ReplayEngine
from dsocr_loaders.errors import engine_error
from dsocr_loaders.models import decoding_for
from dsocr_loaders.pages import OpenOptions, RenderJob
from dsocr_loaders.pipeline.events import PageRead, PageRendered
from dsocr_loaders.pipeline.threads import in_thread
from dsocr_loaders.repair import Question, prepare_framed, prepare_part
from dsocr_loaders.tasks import prompt_for
from dsocr_loaders.values import TextSource

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from dsocr_loaders.engines.protocol import Engine
    from dsocr_loaders.pages import PagePool
    from dsocr_loaders.pipeline.events import Tell
    from dsocr_loaders.settings import Settings
    from dsocr_loaders.values import Answer, PageImage, PagePlace, ReadRequest

__all__ = ["EngineDesk", "open_options"]


class EngineDesk:
    """Renders pages for an engine and asks it, with the run's fair share of its slots.

    Args:
        engine: what reads.
        settings: what the user chose.
        pool: the page workers.
        party: who the run is among those that share the workers.
        tell: takes the events of pages.

    Attributes:
        engine: as given.
        question: what a page is asked at first.
    """

    def __init__(self, engine: Engine, settings: Settings, pool: PagePool, party: Hashable, tell: Tell) -> None:
        self.engine = engine
        self._settings = settings
        self._pool = pool
        self._party = party
        self._tell = tell
        self._options = open_options(settings)
        self._eyes: Engine = getattr(engine, "eyes", engine)
        self.question = Question(
            task=settings.task,
            prompt=prompt_for(settings.model, settings.task, settings.prompt),
            resolution=settings.resolution,
            decoding=decoding_for(settings.model, settings.max_new_tokens),
        )
        self._slots = engine.loop.slots.share(lambda: engine.capacity)  # last: a share that is taken has to be left

    @property
    def can_ask_again(self) -> bool:
        """Whether a second question about a page may bring another answer: the engine reads pixels, live."""
        eyes = self._eyes
        return eyes.text_source is TextSource.OCR and eyes.needs_image and not isinstance(eyes, ReplayEngine)

    @property
    def modes(self) -> tuple[str, ...]:
        """The resolution modes that one question may choose from, as far as the engine says: its `resolutions`."""
        return tuple(getattr(self._eyes, "resolutions", ()))

    def close(self) -> None:
        """Leave the engine's slots to other runs. Safe to call twice."""
        self._slots.leave()

    async def render(
        self, place: PagePlace, attempt: int, question: Question, *, is_extra: bool = False
    ) -> tuple[PageImage, Prepared | None]:
        """Return the page without its pixels, and what the engine wants of it: None if the page is blank.

        Args:
            place: which page.
            attempt: from 1.
            question: what it is asked.
            is_extra: whether it is a further question, for a repair or about a figure, which goes to the engine that
                sees.

        Raises:
            DsocrError: see `PageWorker.run`.
        """
        engine = self._eyes if is_extra else self.engine
        prepare: Callable[..., object] = engine.prepare
        needs_image = engine.needs_image
        if question.dpi is not None:
            prepare = partial(prepare_part, prepare=prepare, framing=question.framing, dpi=question.dpi)
            needs_image = False  # of the whole page
        elif not question.framing.is_whole:
            prepare = partial(prepare_framed, prepare=prepare, framing=question.framing)
        page, prepared = await self._rendered(place, attempt, question, prepare, needs_image=needs_image)
        if not isinstance(prepared, Prepared | None):
            raise engine_error(
                "not_understood", f"prepare of {self.engine.fingerprint} returned no Prepared: {prepared!r}"
            )
        return page, prepared

    async def text_layer(self, place: PagePlace, attempt: int) -> Answer | None:
        """Return what the page's own text layer says, where it is good; None if the page is blank.

        Raises:
            DsocrError: it is not good, or none; the file cannot be read.
        """
        prepare = await in_thread(partial(_text_layer_prepare, self._options.password), "text-layer")
        _, prepared = await self._rendered(place, attempt, self.question, prepare, needs_image=False)
        return cast("Answer", prepared.payload) if isinstance(prepared, Prepared) else None

    async def _rendered(
        self, place: PagePlace, attempt: int, question: Question, prepare: Callable[..., object], *, needs_image: bool
    ) -> tuple[PageImage, object]:
        began = time.perf_counter()
        job = RenderJob(
            source=place.source,
            page_number=place.page_number,
            options=self._options,
            needs_image=needs_image,
            prepare=prepare,
            task=question.task,
            prompt=question.prompt,
            resolution=question.resolution,
            decoding=question.decoding,
            attempt=attempt,
            label=place.label,
        )
        rendered = await self._pool.run(job, party=self._party)
        self._tell(PageRendered(place, attempt, rendered.prepared is None, time.perf_counter() - began))
        return rendered.page, rendered.prepared

    async def ask(self, place: PagePlace, prepared: Prepared, request: ReadRequest) -> Answer:
        """Return what the engine answers within `timeout_s`, the wait for a slot or for its model not counted.

        Raises:
            EngineError: as the engine raises it, or cause `timeout`.
        """
        asked = time.perf_counter()
        async with self._slots.permit():
            if isinstance(self.engine, LoadsModel):
                await self.engine.make_ready(prepared)
            began = time.perf_counter()
            try:
                async with asyncio.timeout(self._settings.timeout_s):
                    answer = await self.engine.read(prepared, request)
            except TimeoutError as error:
                raise engine_error(
                    "timeout",
                    f"{place}: no answer within {self._settings.timeout_s:g} s; raise timeout_s if the engine is slow",
                ) from error
            took_s = time.perf_counter() - began
        self._tell(PageRead(place, request.attempt, answer, began - asked, took_s))
        return answer


def _text_layer_prepare(password: str | None) -> Callable[..., object]:
    """Return what reads text layers. Loading it takes a tenth of a second, and most runs never need it."""
    from dsocr_loaders.engines.text_layer.documents import Password  # noqa: PLC0415 - as said
    from dsocr_loaders.engines.text_layer.engine import prepare_text_layer  # noqa: PLC0415 - as said

    return partial(prepare_text_layer, password=Password(password))


def open_options(settings: Settings) -> OpenOptions:
    """Return how the run's sources are opened and rendered."""
    password = settings.password.get_secret_value() if settings.password else None
    return OpenOptions(dpi=settings.dpi, pdf_backend=settings.pdf_backend, password=password, limits=settings.limits)
