"""Repaired pages and the journal: a rerun asks for nothing, whatever the ladder did."""

from __future__ import annotations

import random
import subprocess
import sys
import time

import pymupdf
import pytest

from dsocr_loaders import read
from dsocr_loaders.errors import JournalError
from dsocr_loaders.testing import Fault, ScriptedEngine, ScriptedServer
from dsocr_loaders.values import PageStatus, RawAnswer, Task

pytestmark = pytest.mark.usefixtures("warm_page_workers")

WORDS = [
    "rain",
    "hill",
    "valley",
    "river",
    "bridge",
    "mill",
    "farmer",
    "letter",
    "winter",
    "harvest",
    "market",
    "stone",
]
CHOICE = random.Random(3)  # noqa: S311 - the same prose in every run
PROSE = " ".join(CHOICE.choices(WORDS, k=300))
BOX = "<|ref|>text<|/ref|><|det|>[[50, 40, 950, 960]]<|/det|>\n"
LOOP = BOX + PROSE[:900] + " and then the wind blew over the fields again" * 90
PICTURE = "<|ref|>image<|/ref|><|det|>[[0, 0, 999, 999]]<|/det|>"


@pytest.fixture(scope="module")
def scan(tmp_path_factory):
    """Return a PDF of three full pages without a text layer."""
    path = tmp_path_factory.mktemp("scan") / "scan.pdf"
    with pymupdf.open() as document, pymupdf.open() as scan:
        for number in range(3):
            page = document.new_page(width=595, height=842)
            for line in range(40):
                page.insert_text((40, 60 + 19 * line), f"{PROSE[line * 40 : line * 40 + 70]} {number}", fontsize=11)
            image = page.get_pixmap(dpi=60)
            scan.new_page(width=595, height=842).insert_image((0, 0, 595, 842), pixmap=image)
        scan.save(path)
    return path


def settings(tmp_path, **more):
    return {"journal": str(tmp_path / "j.sqlite"), "dpi": 60, "on_page_error": "placeholder", **more}


def damaged(request):
    """Answer page 1 well, page 2 with a loop unless the n-gram values are others, page 3 as a picture unless freely."""
    page = request.page.page_number
    if page == 2 and request.decoding.ngram_whitelist:
        return RawAnswer(LOOP, "length", 900, 7000, "m", "scripted 1")
    if page == 3 and request.task is not Task.FREE:
        return PICTURE
    return PROSE if request.task is Task.FREE else BOX + PROSE


def halved(request):
    """Answer whole pages with a beginning, and halves of them well."""
    if request.page.height > 800:
        return RawAnswer(BOX + PROSE[:300], "length", 900, 7000, "m", "scripted 1")
    return BOX + PROSE


def seen(pages):
    return [(page.status, page.repairs, page.regions, page.answer, page.health) for page in pages]


@pytest.mark.parametrize(("answers", "repairs"), [(damaged, [(), ("ngram",), ("free",)]), (halved, [("halves",)] * 3)])
def test_a_rerun_of_repaired_pages_is_free(scan, tmp_path, answers, repairs):
    """This test ensures that no read of a repair is made twice, and the same reading wins again."""
    engine = ScriptedEngine(answers)
    first = read(scan, engine=engine, **settings(tmp_path)).pages
    asked = len(engine.requests)

    again = read(scan, engine=engine, **settings(tmp_path)).pages

    assert repairs == [page.repairs for page in first]
    assert asked == len(engine.requests) == sum(page.attempts for page in first)
    assert seen(first) == seen(again)
    assert [(0, True)] * 3 == [(page.attempts, page.is_recalled) for page in again]
    assert [0] == list({step.reads for page in again for step in page.repair_steps})
    engine.close()


def test_an_empty_first_answer_is_kept_once_the_page_is_read(scan, tmp_path):
    """This test ensures that a rerun asks neither for an empty answer that led to a repair nor for the repair."""

    def answers(request):
        return PROSE if request.task is Task.FREE else ""

    engine = ScriptedEngine(answers)
    read(scan, engine=engine, **settings(tmp_path))
    asked = len(engine.requests)

    again = read(scan, engine=engine, **settings(tmp_path)).pages

    assert 6 == asked == len(engine.requests)
    assert [(PageStatus.REPAIRED, ("free",))] * 3 == [(page.status, page.repairs) for page in again]
    engine.close()


def test_pages_that_fail_in_spite_of_repairs_are_read_again(scan, tmp_path):
    """This test ensures that empty answers are not remembered for a page that failed."""
    engine, better = ScriptedEngine(""), ScriptedEngine(BOX + PROSE)
    failed = read(scan, engine=engine, **settings(tmp_path)).pages

    pages = read(scan, engine=better, **settings(tmp_path)).pages

    assert [PageStatus.FAILED] * 3 == [page.status for page in failed]
    assert [(PageStatus.OK, 1)] * 3 == [(page.status, page.attempts) for page in pages]
    for each in (engine, better):
        each.close()


def test_repairs_that_are_asked_for_later(scan, tmp_path):
    """This test ensures that a journal that was written without repairs serves a run with them: only these are read."""
    engine = ScriptedEngine(damaged)
    read(scan, engine=engine, **settings(tmp_path, repair=False))

    pages = read(scan, engine=engine, **settings(tmp_path)).pages

    assert [0, 1, 1] == [page.attempts for page in pages]
    assert [PageStatus.OK, PageStatus.REPAIRED, PageStatus.REPAIRED] == [page.status for page in pages]
    engine.close()


def test_a_disk_that_is_full_during_a_repair(scan, tmp_path, monkeypatch):
    """This test ensures that a repair that cannot be kept ends the run as a first answer does."""

    async def fail(*_):
        raise JournalError("the disk is full")

    monkeypatch.setattr("dsocr_loaders.journal.JournalStore.record_answer", fail)
    engine = ScriptedEngine(damaged)

    with pytest.raises(JournalError, match="the disk is full"):
        read(scan, engine=engine, **settings(tmp_path))

    assert 0 == engine.loop.images.held
    engine.close()


READ = """
import sys
from dsocr_loaders import iter_pages
source, engine, journal = sys.argv[1:]
for page in iter_pages(source, engine=engine, journal=journal, dpi=60, pages='1'):
    print(page.page_number, page.attempts, page.status, flush=True)
"""


def test_killed_in_the_middle_of_a_repair(scan, tmp_path):
    """This test ensures that a first answer, and each extra read before a kill -9, is not paid for again."""
    journal = str(tmp_path / "j.sqlite")

    def answer(request):
        is_half = request.image.height_px < 600
        return BOX + PROSE if is_half else BOX + PROSE[:300]

    # Of the page: itself, its upper half, and then a lower half that never comes.
    faults = {1: Fault(finish_reason="length"), 3: Fault(delay_s=60.0)}
    with ScriptedServer(answer, faults=faults) as server:
        command = [sys.executable, "-c", READ, str(scan), server.base_url, journal]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            deadline = time.monotonic() + 60
            while len(server.requests) < 3 and time.monotonic() < deadline:
                time.sleep(0.02)
            process.kill()
        (page,) = read(scan, engine=server.base_url, pages="1", **settings(tmp_path)).pages

        whole, upper, lower, again = (request.image for request in server.requests)
        assert lower == again
        assert 3 == len({image.data for image in (whole, upper, lower)})
        assert (PageStatus.REPAIRED, ("halves",), 1) == (page.status, page.repairs, page.attempts)
