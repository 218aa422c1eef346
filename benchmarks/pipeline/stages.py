"""CPU time of a page, stage by stage, and what HTTP costs at many requests in flight."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from documents import make_pdf
from rivals import MODEL
from runs import client, plan_for
from tables import Table

from dsocr_loaders.chunking import Chunker
from dsocr_loaders.engines.encode import encode_image
from dsocr_loaders.engines.profiles import PROFILES, request_body
from dsocr_loaders.grounding import parse_answer
from dsocr_loaders.pages.ink import measure_ink
from dsocr_loaders.pages.opening import open_source
from dsocr_loaders.settings import Settings
from dsocr_loaders.sources import Spool, resolve_sources
from dsocr_loaders.structure import Structurer
from dsocr_loaders.testing import sample_page, sample_request
from dsocr_loaders.testing.endpoint import SimulatedEndpoint
from dsocr_loaders.testing.endpoint.answers import TokenCounts, answer_text
from dsocr_loaders.testing.pages import page_from_answer
from dsocr_loaders.values import SourceInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

__all__ = ["stage_table"]

MILLISECONDS = 1000


def stage_table(folder: Path, *, pages: int, slots: tuple[int, ...]) -> Table:
    """Return milliseconds of CPU a page: in page workers, in the reading process, and of whole runs."""
    table = Table("CPU a page in ms, on one core", ("where", "stage", "ms"))
    with Spool() as spool:
        source: Any = next(resolve_sources(make_pdf(folder, pages), spool=spool))
        with_pymupdf = open_source(source, "pymupdf", None)
        images = []
        table.add(
            "worker",
            "rasterise (PyMuPDF, 144 dpi)",
            _each(range(1, pages + 1), lambda number: images.append(with_pymupdf.render(number, 144))),
        )
        with_pymupdf.close()
    table.add("worker", "ink", _each(images, measure_ink))
    encoded: list[Any] = []
    table.add("worker", "JPEG 95, 4:4:4", _each(images, lambda image: encoded.append(encode_image(image, "jpeg"))))
    images.clear()
    request, profile = sample_request(sample_page()), PROFILES["vllm"]
    table.add(
        "reader", "request body",
        _each(encoded, lambda image: request_body(profile, request, image, model=MODEL, max_tokens=8192)),
    )  # fmt: skip
    answers = [answer_text(str(number), TokenCounts().of(str(number))) for number in range(pages)]
    table.add("reader", "parse the answer", _each(answers, parse_answer))
    results = [
        page_from_answer(answer, page_number=number, total_pages=pages) for number, answer in enumerate(answers, 1)
    ]
    settings = Settings()
    structurer = Structurer(SourceInfo(pages, tuple(map(str, range(1, pages + 1))), (), "pymupdf"), "stream")
    ready: list[Any] = []
    table.add("reader", "structure", _each(results, lambda page: ready.extend(structurer.add(page))))
    chunker = Chunker(settings)
    table.add("reader", "chunks", _each([*ready, *structurer.finish()], chunker.add))
    for count in slots:
        with SimulatedEndpoint(plan_for(count, 200.0)) as endpoint:
            said = client(endpoint, make_pdf(folder, 4 * count), max_concurrency=max(count, 256))
            cpu_s = endpoint.report().cpu_s
        read = said["pages"]
        table.add("reader", f"a whole run, {count} requests in flight", MILLISECONDS * said["cpu_s"] / read)
        table.add("worker", f"a whole run, {count} requests in flight", MILLISECONDS * said["workers_cpu_s"] / read)
        table.add("endpoint", f"for comparison, {count} slots", MILLISECONDS * cpu_s / read)
    return table


def _each(items: Iterable[Any], work: Callable[[Any], object]) -> float:
    listed = list(items)
    began = time.process_time()
    for item in listed:
        work(item)
    return MILLISECONDS * (time.process_time() - began) / max(1, len(listed))
