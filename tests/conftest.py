"""Small documents for tests, made once a session."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pymupdf
import pytest
from hypothesis import settings

from dsocr_loaders.pages import PagePool

# The machine may be busy, and an example may be the first that loads a library.
settings.register_profile("tests", deadline=None)
settings.load_profile("tests")

# Tests of what runs inside vLLM, or with torch, import it; they run in an environment that has it (`-m vllm`,
# `-m transformers`).
collect_ignore_glob = [
    *([] if find_spec("vllm") else ["in_vllm"]),
    *([] if find_spec("torch") and find_spec("transformers") else ["in_transformers"]),
]

# A run in the background of a shell may have been told to ignore Ctrl-C, and the programs that tests interrupt with it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

PdfMaker = Callable[..., Path]


@pytest.fixture(scope="session")
def make_pdf(tmp_path_factory: pytest.TempPathFactory) -> PdfMaker:
    """Return a function that writes a PDF: one small page for each text, a blank one for an empty text."""

    def make(*texts: str, name: str = "report.pdf", **options: object) -> Path:
        path = tmp_path_factory.mktemp("pdf") / name
        with pymupdf.open() as document:
            for text in texts:
                page = document.new_page(width=200, height=120)
                if text:
                    page.insert_textbox((20, 20, 180, 110), text, fontsize=11)
            document.save(path, **options)
        return path

    return make


@pytest.fixture(scope="module")
def warm_page_workers() -> Iterator[None]:
    """Let the readers of a module share page workers, since starting one takes as long as most tests."""
    pool = PagePool(2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool, "close", lambda: None)
        patch.setattr("dsocr_loaders.reader.PagePool", lambda _: pool)
        yield
    pool.close()
