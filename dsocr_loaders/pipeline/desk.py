"""One engine as the pages of one run use it: rendering for it, and asking it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from dsocr_loaders.engines.protocol import LoadsModel, Prepared
from dsocr_loaders.errors import engine_error
from dsocr_loaders.models import decoding_for
from dsocr_loaders.pages import OpenOptions, RenderJob
from dsocr_loaders.pipeline.events import PageRead, PageRendered
from dsocr_loaders.tasks import prompt_for
from dsocr_loaders.values import ReadRequest

if TYPE_CHECKING:
    from collections.abc import Hashable

    from dsocr_loaders.engines.protocol import Engine
    from dsocr_loaders.pages import PagePool
    from dsocr_loaders.pipeline.events import Tell
    from dsocr_loaders.settings import Settings
    from dsocr_loaders.values import Answer, PageImage, PagePlace

__all__ = ["EngineDesk", "open_options"]


class EngineDesk:
    """Renders pages for an engine and asks it, with the run's fair share of its slots.

    Args:
        engine: what reads.
        settings: what the user chose.
        pool: the page workers.
        party: who the run is among those that share the workers.
        tell: takes the events of pages.
    """

    def __init__(self, engine: Engine, settings: Settings, pool: PagePool, party: Hashable, tell: Tell) -> None:
        self.engine = engine
        self._settings = settings
        self._pool = pool
        self._party = party
        self._tell = tell
        self._prompt = prompt_for(settings.model, settings.task, settings.prompt)
        self._options = open_options(settings)
        self._slots = engine.loop.slots.share(lambda: engine.capacity)
        self.decoding = decoding_for(settings.model, settings.max_new_tokens)

    def close(self) -> None:
        """Leave the engine's slots to other runs. Safe to call twice."""
        self._slots.leave()

    async def render(self, place: PagePlace, attempt: int) -> tuple[PageImage, Prepared | None]:
        """Return the page without its pixels, and what the engine wants of it: None if the page is blank.

        Raises:
            DsocrError: see `PageWorker.run`.
        """
        began = time.perf_counter()
        job = RenderJob(
            source=place.source,
            page_number=place.page_number,
            options=self._options,
            needs_image=self.engine.needs_image,
            prepare=self.engine.prepare,
            task=self._settings.task,
            prompt=self._prompt,
            resolution=self._settings.resolution,
            decoding=self.decoding,
            attempt=attempt,
            label=place.label,
        )
        rendered = await self._pool.run(job, party=self._party)
        prepared = rendered.prepared
        if not isinstance(prepared, Prepared | None):
            raise engine_error(
                "not_understood", f"prepare of {self.engine.fingerprint} returned no Prepared: {prepared!r}"
            )
        self._tell(PageRendered(place, attempt, prepared is None, time.perf_counter() - began))
        return rendered.page, prepared

    def request(self, page: PageImage, attempt: int) -> ReadRequest:
        """Return what the engine is asked about a page."""
        return ReadRequest(
            page=page,
            task=self._settings.task,
            prompt=self._prompt,
            resolution=self._settings.resolution,
            decoding=self.decoding,
            attempt=attempt,
        )

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


def open_options(settings: Settings) -> OpenOptions:
    """Return how the run's sources are opened and rendered."""
    password = settings.password.get_secret_value() if settings.password else None
    return OpenOptions(dpi=settings.dpi, pdf_backend=settings.pdf_backend, password=password, limits=settings.limits)
