"""The ways in which people feed a server, next to ours: same endpoint, same PDF, same pictures, same requests.

Run as a program it is one of them, in a process of its own:

    python benchmarks/pipeline/rivals.py '{"way": "windows", "pdf": "pages-500.pdf", "engine": "http://.../v1"}'
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pymupdf
from client import PeakMemory
from documents import make_pdf
from runs import client, plan_for
from tables import Table

from dsocr_loaders.engines.encode import encode_image
from dsocr_loaders.engines.profiles import PROFILES, request_body
from dsocr_loaders.grounding import parse_answer
from dsocr_loaders.settings import Settings
from dsocr_loaders.tasks import prompt_for
from dsocr_loaders.testing import sample_page, sample_request
from dsocr_loaders.testing.endpoint import SimulatedEndpoint
from dsocr_loaders.values import RgbImage, Task

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["rival_table"]

MODEL = "deepseek-ai/DeepSeek-OCR"
WAYS = {
    "plain loop": "one page after the other",
    "batches": "batches of 4, each waited for",
    "windows": "windows of 64, each waited for",
    "all first": "everything rasterised first, then one batch",
}
SIZES = {"plain loop": 1, "batches": 4, "windows": 64}


def pictures(pdf: str) -> Iterator[object]:
    """Yield each page as it is sent."""
    with pymupdf.open(pdf) as document:
        for page in document:
            pixels = page.get_pixmap(dpi=144, alpha=False)
            yield encode_image(RgbImage(pixels.width, pixels.height, pixels.samples), "jpeg")


async def run_way(way: str, pdf: str, url: str, slots: int) -> int:
    """Read the PDF that way and return the number of regions that were found."""
    limits = httpx.Limits(max_connections=slots, max_keepalive_connections=slots, keepalive_expiry=4.0)
    async with httpx.AsyncClient(timeout=600, limits=limits, trust_env=False) as http:
        ask = partial(_ask, http, f"{url}/chat/completions")
        if way == "all first":
            free = asyncio.Semaphore(slots)

            async def in_turn(picture: object) -> int:
                async with free:
                    return await ask(picture)

            return sum(await asyncio.gather(*map(in_turn, list(pictures(pdf)))))
        found, waiting = 0, []
        for picture in pictures(pdf):
            waiting.append(picture)
            if len(waiting) == SIZES[way]:
                found += sum(await asyncio.gather(*map(ask, waiting)))
                waiting = []
        return found + sum(await asyncio.gather(*map(ask, waiting)))


async def _ask(http: httpx.AsyncClient, url: str, picture: Any) -> int:  # noqa: ANN401 - an EncodedImage
    request = sample_request(sample_page(), prompt=prompt_for(MODEL, Task.DOCUMENT))
    body = request_body(PROFILES["vllm"], request, picture, model=MODEL, max_tokens=8192)
    answer = await http.post(url, json=body)
    answer.raise_for_status()
    return len(parse_answer(answer.json()["choices"][0]["message"]["content"]).regions)


def rival_table(folder: Path, *, slots: int, pages: int, pages_per_s: float) -> Table:
    """Return each way with its pages a second, its share of the list schedule, and its peak memory.

    The slow ways read fewer pages, since their rate does not depend on how many there are.
    """
    table = Table(
        f"Side by side: one endpoint of {slots} slots",
        ("way", "pages", "pages/s", "share of the list schedule", "peak MiB, workers counted in"),
    )
    plan = plan_for(slots, pages_per_s)
    shares = {}
    counts = {"plain loop": max(4, pages // 64), "batches": max(16, pages // 16)}
    for way, words in WAYS.items():
        count = counts.get(way, pages)
        with SimulatedEndpoint(plan) as endpoint:
            asked = {"way": way, "pdf": str(make_pdf(folder, count)), "engine": endpoint.base_url, "slots": slots}
            done = subprocess.run(  # noqa: S603 - our own script
                [sys.executable, __file__, json.dumps(asked)], stdout=subprocess.PIPE, check=True
            )
            said = json.loads(done.stdout)
            shares[way] = endpoint.report().list_schedule_s / said["took_s"]
        table.add(words, count, count / said["took_s"], shares[way], said["peak_mib"])
    with SimulatedEndpoint(plan) as endpoint:
        ours = client(endpoint, make_pdf(folder, pages))
        share = endpoint.report().list_schedule_s / ours["took_s"]
    table.add("dsocr-loaders", pages, pages / ours["took_s"], share, ours["peak_mib"] + ours["workers_peak_mib"])
    for way, other in shares.items():
        table.floor(f"our share over that of {way!r}", share / other, 1.0)
    return table


def main() -> None:
    """Be one of the ways."""
    asked = json.loads(sys.argv[1])
    Settings()  # imports are no part of the time
    with PeakMemory() as memory:
        began = time.perf_counter()
        regions = asyncio.run(run_way(asked["way"], asked["pdf"], asked["engine"], asked["slots"]))
        took_s = time.perf_counter() - began
    sys.stdout.write(json.dumps({"took_s": took_s, "regions": regions, "peak_mib": memory.own}))


if __name__ == "__main__":
    main()
