"""`VllmEngine`: pages read by vLLM on this machine."""

from __future__ import annotations

import asyncio
import weakref
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from dsocr_loaders.engines.vllm.installed import LEAST_FOR_ALL_MODES, argument_names, installed_vllm
from dsocr_loaders.engines.vllm.launch import check_version, launch_for
from dsocr_loaders.engines.vllm.prepare import PreparedViews, prepare_views
from dsocr_loaders.engines.vllm.sharing import join_core
from dsocr_loaders.errors import EngineError, engine_error
from dsocr_loaders.models import model_for
from dsocr_loaders.resolution import mode_for
from dsocr_loaders.values import RawAnswer, TextSource

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from dsocr_loaders.engines.protocol import Prepared
    from dsocr_loaders.settings import Settings
    from dsocr_loaders.values import PageImage, ReadRequest

__all__ = ["VllmEngine"]

T = TypeVar("T")

_MOST_WAITING: Final = 32
_MODE_OF_ALL: Final = "gundam"


class VllmEngine:
    """Reads pages with vLLM on this machine, without a server.

    Making one is cheap: it looks at settings, installation and the model's folder. The model is loaded when the first
    page is there, in a process of its own, which takes from half a minute to many; nothing of this process waits for
    it but the pages.

    Engines with equal model, revision, trust_remote_code and engine_options share one loaded model, whatever readers,
    threads or event loops they belong to; settings of pages (resolution, prompt, task) may differ. It is kept by those
    engines alone: when the last one is closed, or forgotten, the process ends and the GPU is free.

    Args:
        settings: model, revision, resolution, engine_options and trust_remote_code are looked at.

    Attributes:
        fingerprint: vLLM's version, the model with its revision (or, for a folder, a stamp of its files), and
            `engine_options`.

    Raises:
        MissingDependency: vLLM is not installed.
        SettingsError: an option or the resolution is not allowed; remote code without a pinned revision.
        EngineUnavailable: cause `no_engine`, vLLM is too old for the model, or the model's folder is not whole.
        EngineRejected: vLLM is too old for the resolution.
    """

    text_source = TextSource.OCR
    needs_image = True

    def __init__(self, settings: Settings) -> None:
        mode_for(settings.model, settings.resolution)
        installed = installed_vllm()
        check_version(settings, installed)
        self._has_all_modes = not installed.is_older_than(LEAST_FOR_ALL_MODES)
        self._check_mode(settings.resolution)
        modes = tuple(model_for(settings.model).modes)
        self.resolutions = modes if self._has_all_modes else (_MODE_OF_ALL,)
        launch = launch_for(settings, installed, argument_names(installed.folder))
        self._model = settings.model
        self._image_prefix = model_for(settings.model).image_prefix
        self.fingerprint = launch.fingerprint
        user = object()
        self._core = join_core(launch, user)
        self._finalizer = weakref.finalize(self, self._core.release, user)
        self._reads: set[asyncio.Task[object]] = set()
        self._is_closed = False
        self.loop = self._core.loop
        self.prepare: Callable[[PageImage, ReadRequest], Prepared] = partial(
            prepare_views, folder=self._core.folder.path, model=settings.model
        )

    def _check_mode(self, resolution: str) -> None:
        if not self._has_all_modes and resolution != _MODE_OF_ALL:
            raise engine_error(
                "bad_request",
                f"resolution={resolution!r} needs vLLM {LEAST_FOR_ALL_MODES} or newer; the one that is installed has "
                f"{_MODE_OF_ALL!r} alone.",
            )

    def __repr__(self) -> str:
        return f"<VllmEngine {self.fingerprint}>"

    @property
    def capacity(self) -> int:
        """Pages that are read at the same time: vLLM's `max_num_seqs`, 256 by default, 8 with the build for CPUs.

        While the model is loaded it is at most 32, since pages wait for it as files of 11 MB.
        """
        most = self._core.launch.max_num_seqs
        return most if self._core.is_started else min(most, _MOST_WAITING)

    @property
    def process_id(self) -> int | None:
        """Of the process that holds the model, None before the first page."""
        return self._core.process_id

    async def make_ready(self, prepared: Prepared) -> None:  # noqa: ARG002 - every page needs the model
        """Load the model, if nobody has; the pipeline awaits this before it asks, outside of `timeout_s`.

        Raises:
            EngineError: vLLM does not start, see `start_faults`.
        """
        await self._of_this(self._core.started())

    async def read(self, prepared: Prepared, request: ReadRequest) -> RawAnswer:
        """Return the model's answer for one page, whose views `prepare_views` has made.

        Raises:
            EngineRejected: the page leaves no room for an answer, or vLLM refuses it.
            EngineDead: vLLM's process is gone, or this engine is closed.
            EngineUnavailable: cause `no_engine`, vLLM does not start.
        """
        if not isinstance(prepared.payload, PreparedViews):
            raise engine_error("bad_request", "The page was not prepared by this engine's own `prepare`.")
        return await self._of_this(self._read(prepared.payload, request))

    async def _read(self, views: PreparedViews, request: ReadRequest) -> RawAnswer:
        self._check_mode(request.resolution)
        await self._core.started()
        answer = await self._core.ask(views, self._image_prefix + request.prompt, request.decoding)
        return RawAnswer(
            text=answer.text,
            finish_reason=answer.finish_reason,
            prompt_tokens=answer.prompt_tokens,
            output_tokens=answer.output_tokens,
            model=self._model,
            engine=self.fingerprint,
        )

    async def _of_this(self, work: Coroutine[object, object, T]) -> T:
        """Return what `work` returns; what of it runs when this engine is closed ends with `EngineDead`."""
        if self._is_closed:
            work.close()
            raise engine_error("died", "The engine is closed. Make a new Reader to read more.")
        task = asyncio.ensure_future(work)
        self._reads.add(task)
        task.add_done_callback(self._reads.discard)
        try:
            return await task
        except asyncio.CancelledError:
            if self._is_closed:
                raise engine_error("died", "The engine was closed while it read a page.") from None
            raise

    def close(self) -> None:
        """Let go of the model; with its last user it ends. Safe to call twice; reads that run end with `EngineDead`."""
        if self._is_closed:
            return
        self._is_closed = True
        with suppress(EngineError):  # the loop may be over
            self.loop.submit(self._cancel())
        self._finalizer()

    async def _cancel(self) -> None:
        for task in tuple(self._reads):
            task.cancel()
