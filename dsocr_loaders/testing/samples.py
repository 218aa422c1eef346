"""Small pages and requests that need no file."""

from __future__ import annotations

import hashlib

from dsocr_loaders.tasks import prompt_for
from dsocr_loaders.values import Decoding, InkGrid, PageImage, ReadRequest, RgbImage, Source, Task

__all__ = ["sample_page", "sample_request"]


def sample_page(
    page_number: int = 1, *, name: str = "sample.png", width_px: int = 96, height_px: int = 64, shade: int | None = None
) -> PageImage:
    """Return a page of one shade of grey, by default one that tells the first 200 page numbers apart."""
    grey = 20 + page_number % 200 if shade is None else shade
    digest = hashlib.sha256(name.encode()).hexdigest()
    return PageImage(
        source=Source(name, f"/nowhere/{name}", digest, "image/png", 1, f"/nowhere/{name}"),
        page_number=page_number,
        label=str(page_number),
        width=float(width_px),
        height=float(height_px),
        unit="px",
        image=RgbImage(width_px, height_px, bytes((grey,)) * (3 * width_px * height_px)),
        ink=InkGrid(1, 1, b"\xff"),
    )


def sample_request(
    page: PageImage | None = None,
    *,
    task: Task = Task.DOCUMENT,
    prompt: str | None = None,
    decoding: Decoding | None = None,
    attempt: int = 1,
) -> ReadRequest:
    """Return the request for `page`, by default a sample page, with the task's own prompt."""
    return ReadRequest(
        page=page or sample_page(),
        task=task,
        prompt=prompt or prompt_for("deepseek-ai/DeepSeek-OCR", task),
        resolution="gundam",
        decoding=decoding or Decoding(),
        attempt=attempt,
    )
