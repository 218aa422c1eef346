"""Figures as image files: a stream that saves the crops of each page before it hands the page on.

It stands between the pipeline and whatever takes its items, on the engine's own loop, so that blocking and
`await`able forms share it and no caller's event loop waits. Crops are cut by the page workers; pages behind the one
that is being cropped are read in the meantime.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import uuid
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dsocr_loaders.errors import DsocrError, EngineError, OutputError
from dsocr_loaders.geometry import hull
from dsocr_loaders.pages import CropJob
from dsocr_loaders.pipeline import in_thread
from dsocr_loaders.pipeline.desk import open_options
from dsocr_loaders.values import PageResult, RegionType

if TYPE_CHECKING:
    from dsocr_loaders.engines.loop import EngineLoop
    from dsocr_loaders.pages import PagePool
    from dsocr_loaders.pipeline import ItemStream, RunItem
    from dsocr_loaders.settings import Settings
    from dsocr_loaders.values import Region

__all__ = ["CROP_DPI", "CropFolder", "CropStream"]

CROP_DPI: Final = 300
"""Crops of PDF pages have at least as many dots per inch, which is what print has; images give their own pixels."""

_HASH_DIGITS = 16

_log = logging.getLogger(__name__)


class CropFolder:
    """Where crops go. A file is named by the source's hash, the page and the region's order, so reruns agree.

    Args:
        folder: made if it is missing.

    Raises:
        OutputError: it cannot be made or written into.
    """

    def __init__(self, folder: str) -> None:
        self._folder = Path(os.path.abspath(folder))  # noqa: PTH100 - resolve() would follow the user's own links
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"save_images={folder}: the folder cannot be made ({_reason(error)}).") from error
        probe = self._folder / "test.png"
        self._put(probe.with_name(f"{uuid.uuid4().hex}.png"), b"").unlink()

    def path_of(self, page: PageResult, region: Region) -> Path:
        """Return the file of a region's crop, an absolute path."""
        source = page.source.sha256[:_HASH_DIGITS]
        return self._folder / f"{source}-page-{page.page_number}-region-{region.order}.png"

    def save(self, path: Path, data: bytes) -> None:
        """Write a crop, so that the file is there whole or not at all; one that is there already stays.

        Raises:
            OutputError: it cannot be written.
        """
        with contextlib.suppress(OSError):
            if path.stat().st_size == len(data) and path.read_bytes() == data:
                return
        self._put(path, data)

    def _put(self, path: Path, data: bytes) -> Path:
        temporary = path.with_name(f".dsocr-{uuid.uuid4().hex}")
        try:
            try:
                temporary.write_bytes(data)
                temporary.replace(path)
            finally:
                with contextlib.suppress(OSError):
                    temporary.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(
                f"{path}: the crop cannot be written ({_reason(error)}). Make room or name another folder with "
                "save_images; running again saves what is missing."
            ) from error
        return path


class CropStream:
    """A stream whose pages have their figures saved, with each file's path in `Region.image_path`.

    A crop that cannot be made or written costs nothing but itself: the page is handed on without it, and when
    everything else has been handed on, one `OutputError` says so. After a file could not be written no more are tried.

    Args:
        stream: gives the items.
        pool: the page workers.
        settings: what the user chose; `save_images` is the folder.

    Attributes:
        loop: the loop of `stream`, which this one lives on too.
    """

    def __init__(self, stream: ItemStream, pool: PagePool, settings: Settings) -> None:
        self._options = replace(open_options(settings), dpi=max(CROP_DPI, settings.dpi))
        self._stream = stream
        self._named = settings.save_images or ""
        self._folder: CropFolder | None = None
        self._pool = pool
        self._page: asyncio.Task[PageResult] | None = None
        self._failures: list[DsocrError] = []
        self._has_no_room = False

    @property
    def loop(self) -> EngineLoop:
        """The loop that everything here runs on."""
        return self._stream.loop

    async def next(self) -> RunItem | None:
        """Return the next item, or None when all have been handed over.

        Safe to cancel: the page that is being cropped is not lost, the next call returns it.

        Raises:
            OutputError: at once: nothing can be written into the folder; or all items were handed over, and some
                crops are missing.
            EngineError: the run cannot go on.
        """
        if self._folder is None:
            self._folder = await in_thread(lambda: CropFolder(self._named), "crops")
        if self._page is None:
            item = await self._stream.next()
            if item is None and self._failures:
                failures, self._failures = self._failures, []
                raise _summary(failures)
            if not isinstance(item, PageResult):
                return item
            self._page = asyncio.create_task(self._with_crops(item, self._folder))
        page = await asyncio.shield(self._page)
        self._page = None
        return page

    async def close(self) -> None:
        """Cancel what is under way and wait until it has ended. Safe to call twice."""
        if self._page is not None:
            self._page.cancel()
            await asyncio.gather(self._page, return_exceptions=True)
        await self._stream.close()

    async def _with_crops(self, page: PageResult, folder: CropFolder) -> PageResult:
        figures = [region for region in page.regions if region.type is RegionType.FIGURE and region.boxes]
        if not figures:
            return page
        paths = await asyncio.gather(*(self._saved(page, region, folder) for region in figures))
        found = {region.order: path for region, path in zip(figures, paths, strict=True)}
        regions = tuple(replace(region, image_path=found.get(region.order, "")) for region in page.regions)
        return replace(page, regions=regions)

    async def _saved(self, page: PageResult, region: Region, folder: CropFolder) -> str:
        if self._has_no_room:
            return ""
        job = CropJob(page.source, page.page_number, hull(region.boxes), self._options)
        path = folder.path_of(page, region)
        try:
            data = await self._pool.run(job)
            await in_thread(lambda: folder.save(path, data), "crops")
        except EngineError:
            raise  # the workers were closed
        except DsocrError as error:
            self._has_no_room = self._has_no_room or isinstance(error, OutputError)
            self._failures.append(error)
            _log.warning("no crop of %s, page %d: %s", page.source.name, page.page_number, error)
            return ""
        return str(path)


def _summary(failures: list[DsocrError]) -> OutputError:
    first = failures[0]
    more = f" {len(failures) - 1} more crops failed, each with a warning in the log." if len(failures) > 1 else ""
    return OutputError(f"Everything was read, but not every figure could be saved. {first}{more}")


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
