"""What an engine is: the one thing to implement to make another model, server or library read pages.

An engine has two halves. `prepare` turns pixels into what the engine wants to see; it runs in a page worker, another
process, so that encoding never competes with reading. `read` answers; it runs on the engine's own event loop.

A complete engine:

```python
class Upside:
    capacity = 4
    fingerprint = "upside 1"
    text_source = TextSource.OCR
    needs_image = True

    def __init__(self) -> None:
        self.loop = EngineLoop("upside")
        self.prepare = prepare_upside  # a function of an importable module

    async def read(self, prepared: Prepared, request: ReadRequest) -> Answer:
        text = await ask_the_model(prepared.payload, request.prompt)
        return RawAnswer(text, "stop", None, None, "upside", self.fingerprint)

    def close(self) -> None:
        self.loop.close()
```

Two more attributes help to repair damaged answers, and an engine need not have them: `resolutions`, names of the
resolution modes that one request may choose from, so that another can be tried; and `eyes`, the engine that reads
pixels, where this one hands pages on to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable

    from dsocr_loaders.engines.loop import EngineLoop
    from dsocr_loaders.pages.pixels_wanted import PixelsWanted
    from dsocr_loaders.values import Answer, PageImage, ParsedAnswer, ReadRequest, TextSource

__all__ = ["Engine", "HearsAnswers", "LoadsModel", "Prepared"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A page as its engine wants it, made in a page worker and sent to the process that reads.

    Attributes:
        digest: names the content for caches and recordings; sha256 of the pixels where there are any.
        payload: whatever the engine's `read` takes; picklable. It travels through a pipe: an engine that wants
            arrays of megabytes passes the path of a memory-mapped file.
        route: which way the page goes and why, where an engine chooses between several; for `PageResult.route`.
    """

    digest: str
    payload: object
    route: str = ""


@runtime_checkable
class Engine(Protocol):
    """Reads pages."""

    @property
    def capacity(self) -> int:
        """Pages that it reads at the same time, at least 1. The pipeline keeps that many asked for.

        It may move while pages are read, as that of a remote engine does; the images held follow it.
        """
        ...

    @property
    def fingerprint(self) -> str:
        """Name and version of all that shapes an answer; no secrets."""
        ...

    @property
    def text_source(self) -> TextSource:
        """Whether its text is read from pixels or from a text layer."""
        ...

    @property
    def needs_image(self) -> bool:
        """Whether `prepare` looks at `PageImage.image`. If not, pages are rendered small, for their ink alone."""
        ...

    @property
    def loop(self) -> EngineLoop:
        """The event loop that `read` runs on."""
        ...

    @property
    def prepare(self) -> Callable[[PageImage, ReadRequest], Prepared | PixelsWanted]:
        """Turns pixels into what `read` takes, in a page worker.

        Picklable by name: a function of an importable module, or a `functools.partial` of one. An error that it
        raises is that page's failure. An engine that needs the pixels of some pages alone says `needs_image = False`
        and returns `PixelsWanted` for these.
        """
        ...

    async def read(self, prepared: Prepared, request: ReadRequest) -> Answer:
        """Return the answer for one page.

        Raises:
            EngineError: it could not be read; the error says whether a second try makes sense.
        """
        ...

    def close(self) -> None:
        """Give back everything. Safe to call twice; reads that still run end with `EngineDead`."""
        ...


@runtime_checkable
class LoadsModel(Protocol):
    """What an engine may have besides: something to load before its first page, such as a model.

    `timeout_s` is a limit for answers; loading has none.
    """

    async def make_ready(self, prepared: Prepared) -> None:
        """Wait until `prepared` can be read, loading what is not loaded. Awaited on the loop, before each `read`.

        Raises:
            EngineError: it cannot be loaded.
        """
        ...


@runtime_checkable
class HearsAnswers(Protocol):
    """An engine that wants to know how its answers read; not every engine does.

    What an answer holds is seen when it is taken apart, which is behind the engine. A remote engine says this way,
    once, that its server removes the tags.
    """

    def hear(self, parsed: ParsedAnswer) -> None:
        """Take note of an answer that this engine has just given, taken apart. Called on its loop; never raises."""
        ...
