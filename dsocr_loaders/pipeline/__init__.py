"""The only scheduler: sources in, one result for each page out, in order.

`page` reads one page, with its retries; `stream` keeps the engine busy and the order right; `faces` lets blocking and
`await`ing callers iterate over a stream.
"""

from __future__ import annotations

from dsocr_loaders.pipeline.faces import ItemStream, aiterate, iterate
from dsocr_loaders.pipeline.stream import PageStream, RunItem, SourceDone, SourceOpened
from dsocr_loaders.pipeline.threads import in_thread

__all__ = ["ItemStream", "PageStream", "RunItem", "SourceDone", "SourceOpened", "aiterate", "in_thread", "iterate"]
