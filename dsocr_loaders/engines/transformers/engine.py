"""The engine: settings in, answers out; between them the page workers and the model's thread."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from dsocr_loaders.engines.handover import HandoverFolder
from dsocr_loaders.engines.loop import EngineLoop
from dsocr_loaders.engines.transformers.batches import ModelThread, WaitingPage
from dsocr_loaders.engines.transformers.checkpoint import checkpoint_of
from dsocr_loaders.engines.transformers.faults import INSTALL, installed_version, missing_packages
from dsocr_loaders.engines.transformers.loading import load_model
from dsocr_loaders.engines.transformers.options import options_of
from dsocr_loaders.engines.transformers.preparing import ViewedPage, prepare_views
from dsocr_loaders.errors import MissingDependency, SettingsError, engine_error
from dsocr_loaders.resolution import MODES
from dsocr_loaders.settings import Settings
from dsocr_loaders.values import RawAnswer, TextSource

if TYPE_CHECKING:
    from concurrent.futures import Future

    from dsocr_loaders.engines.protocol import Prepared
    from dsocr_loaders.values import ReadRequest

__all__ = ["TransformersEngine"]

T = TypeVar("T")

_ONE_BY_ONE: Final = frozenset({"unlimited-ocr"})  # its ring of keys knows nothing of rows that are filled up


class TransformersEngine:
    """Reads pages with a model in this process, by transformers.

    Constructing it looks at the model's folder, or at what the hub's cache holds of it, and neither imports torch nor
    asks the network. The first read loads the model, and downloads it if need be, as huggingface_hub does that:
    HF_ENDPOINT, HF_HUB_OFFLINE, HF_HOME and HF_TOKEN hold.

    Pages are read in batches. In float32 an answer does not depend on what else is in its batch; in shorter types sums
    are rounded differently for other shapes, so where two tokens are equally likely it may.

    Args:
        settings: model, revision, trust_remote_code, resolution, engine_options and timeout_s are looked at.

    Attributes:
        fingerprint: `"transformers <version> <model> <options>"`, with the revision or a digest of the folder.

    Raises:
        MissingDependency: torch or transformers is not installed.
        SettingsError: an option or the resolution is none of this model, or its own code was not opted in to.
        EngineUnavailable: cause `no_engine`, the model's folder cannot be loaded.
    """

    text_source = TextSource.OCR
    needs_image = True

    def __init__(self, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        missing = missing_packages()
        if missing:
            raise MissingDependency(
                f"engine='transformers' needs {' and '.join(missing)}, not installed here: run `{INSTALL}`."
            )
        options = options_of(settings.engine_options)
        cache_dir = options.arguments.get("cache_dir")
        checkpoint = checkpoint_of(settings.model, settings.revision, None if cache_dir is None else str(cache_dir))
        refusal = checkpoint.refusal(trusts_code=settings.trust_remote_code)
        if refusal:
            raise SettingsError(f"engine='transformers': {refusal}")
        family = checkpoint.family
        if settings.resolution not in MODES[family]:
            raise SettingsError(
                f"resolution={settings.resolution!r} is not a mode of {settings.model}; it has: "
                f"{', '.join(MODES[family])}."
            )
        self._model = settings.model
        self._family = family
        self._folder = HandoverFolder()
        self._thread = ModelThread(
            partial(load_model, checkpoint, options, trusts_code=settings.trust_remote_code),
            1 if family in _ONE_BY_ONE else options.batch_size,
        )
        parts = ("transformers", installed_version(), checkpoint.fingerprint(), options.fingerprint)
        self.fingerprint = " ".join(part for part in parts if part)
        self.loop = EngineLoop("transformers")
        self.resolutions = tuple(MODES[family])  # each page is prepared in the mode of its own request
        self.prepare = partial(prepare_views, folder=self._folder.path, family=family)
        self._is_closed = False

    def __repr__(self) -> str:
        return f"<TransformersEngine {self.fingerprint}>"

    @property
    def capacity(self) -> int:
        """Pages of a batch; it sinks where memory runs out."""
        return self._thread.batch_size

    async def make_ready(self, prepared: Prepared) -> None:  # noqa: ARG002 - one model reads all pages
        """Wait until the model is loaded. A page that is read without this waits for it, too.

        Raises:
            EngineUnavailable: cause `no_engine`, the model cannot be loaded.
            EngineDead: the engine was closed.
        """
        await self._outcome(self._thread.ready())

    async def read(self, prepared: Prepared, request: ReadRequest) -> RawAnswer:
        """Return the model's answer for one page, which `prepare_views` has prepared.

        A read that is cancelled leaves its batch at the next token.

        Raises:
            EngineUnavailable: cause `no_engine`, the model cannot be loaded.
            EngineRejected: the page cannot be read: `too_large` for the memory, `bad_request`, or `not_understood`.
            EngineDead: the engine was closed, or its device failed.
        """
        if not isinstance(prepared.payload, ViewedPage):
            raise engine_error("bad_request", "The page was not prepared by this engine's own `prepare`.")
        waiting = WaitingPage(prepared.payload, request)
        self._thread.submit(waiting)
        answered = await self._outcome(waiting.answer)
        return RawAnswer(
            answered.text,
            answered.finish_reason,
            answered.prompt_tokens,
            answered.output_tokens,
            self._model,
            self.fingerprint,
        )

    async def _outcome(self, future: Future[T]) -> T:
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            if self._is_closed:
                raise engine_error("died", "The engine was closed while it read a page.") from None
            raise

    def close(self) -> None:
        """End the model's thread and give its memory back. Safe to call twice; reads that run end with `EngineDead`."""
        self._is_closed = True
        self._thread.close()
        self.loop.close()
        self._folder.close()
