"""Streams over real page workers and scripted engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dsocr_loaders.pages import PagePool
from dsocr_loaders.pipeline import PageStream, RunItem, iterate
from dsocr_loaders.settings import Settings
from dsocr_loaders.sources import Spool, resolve_sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dsocr_loaders.testing import ScriptedEngine


@pytest.fixture(scope="session")
def pool() -> Iterator[PagePool]:
    """Return page workers that all tests here share, since starting them is most of what a test takes."""
    pool = PagePool(2)
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def spool() -> Iterator[Spool]:
    with Spool() as spool:
        yield spool


@pytest.fixture
def run(pool: PagePool, spool: Spool) -> Callable[..., Iterator[RunItem]]:
    """Return a function that reads sources with an engine and yields what the stream hands over."""

    def run(
        source: object,
        engine: ScriptedEngine,
        *,
        fallback: ScriptedEngine | None = None,
        stream: dict[str, object] | None = None,
        **chosen: object,
    ) -> Iterator[RunItem]:
        sources = resolve_sources(source, spool=spool)
        return iterate(PageStream(sources, engine, Settings(**chosen), pool, fallback, **(stream or {})))

    return run
