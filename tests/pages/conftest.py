from __future__ import annotations

import sys
import textwrap
from importlib import import_module

import pytest

from dsocr_loaders.pages import OpenOptions, PageWorker, RenderJob
from dsocr_loaders.sources import Spool, resolve_sources
from dsocr_loaders.values import Decoding, Task

PREPARE = """
import os
import signal
import sys
import threading
import time

from dsocr_loaders.errors import EngineUnavailable, engine_error


def size(page, request):
    pixels = (page.image.width_px, page.image.height_px, len(page.image.data)) if page.image else None
    return pixels, request.page.image, request.task, request.attempt, os.getpid()


def add(page, request, *, number):
    return number + request.page.page_number


def chatter(page, request):
    os.write(1, b"a C library prints this")
    print("and Python this", flush=True)
    return sys.stdin.read()


def exit_now(page, request):
    print("the last words", file=sys.stderr, flush=True)
    os._exit(7)


def segfault(page, request):
    os.kill(os.getpid(), signal.SIGSEGV)


def crash_once(page, request, *, mark):
    try:
        os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return "second try"
    os._exit(1)


def sleep(page, request, *, started=None, seconds=600):
    if started:
        os.close(os.open(started, os.O_CREAT))
    time.sleep(seconds)
    return "slept"


def interrupt(page, request):
    os.kill(os.getpid(), signal.SIGINT)
    return "still here"


def unreachable(page, request):
    raise engine_error("busy", "too many pages", retry_after_s=2.5)


def awkward(page, request):
    class Awkward(EngineUnavailable):
        def __init__(self, one, two):
            super().__init__(one + two)

    raise Awkward("cannot be ", "pickled")


def wrong(page, request):
    return {}["missing"]


def unpicklable(page, request):
    return threading.Lock()
"""


@pytest.fixture(scope="session")
def prepare(tmp_path_factory):
    """A module of `prepare` functions that the workers can import."""
    folder = tmp_path_factory.mktemp("engine")
    (folder / "engine_for_pages.py").write_text(textwrap.dedent(PREPARE))
    sys.path.insert(0, str(folder))
    yield import_module("engine_for_pages")
    sys.path.remove(str(folder))


@pytest.fixture(scope="session")
def worker(prepare):
    """One worker for all tests that leave it alive."""
    with PageWorker() as worker:
        yield worker


@pytest.fixture
def take():
    """Turns a path or bytes into a source."""
    with Spool() as spool:
        yield lambda source, name=None: next(resolve_sources(source, spool=spool, name=name))


@pytest.fixture
def render_job():
    """Makes a job for a page; with pdfium, which starts three times as fast."""

    def make(source, prepare, page_number=1, *, needs_image=True, pdf_backend="pdfium", **options):
        return RenderJob(
            source=source,
            page_number=page_number,
            options=OpenOptions(pdf_backend=pdf_backend, **options),
            needs_image=needs_image,
            prepare=prepare,
            task=Task.DOCUMENT,
            prompt="Read.",
            resolution="gundam",
            decoding=Decoding(),
        )

    return make
