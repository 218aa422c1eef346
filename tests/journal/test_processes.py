"""Several processes, killed ones, and a full disk."""

from __future__ import annotations

import random
import subprocess
import sys
import time

import pytest

from dsocr_loaders import read
from dsocr_loaders.errors import JournalError
from dsocr_loaders.journal import JournalFile
from dsocr_loaders.testing import Fault, ScriptedServer

ANSWER = "<|ref|>text<|/ref|><|det|>[[0, 0, 999, 999]]<|/det|>\nIt rains."

READ = """
import sys
from dsocr_loaders import iter_pages
source, engine, journal = sys.argv[1:]
for page in iter_pages(source, engine=engine, journal=journal):
    print(page.page_number, page.attempts, page.status, flush=True)
"""

WRITE = """
import asyncio, resource, sys
from dataclasses import replace
from pathlib import Path
from dsocr_loaders.answer_store import FinishedPage
from dsocr_loaders.engines.protocol import Prepared
from dsocr_loaders.errors import JournalError
from dsocr_loaders.journal import JournalFile, JournalStore
from dsocr_loaders.settings import Settings
from dsocr_loaders.testing import ScriptedEngine, sample_page, sample_request
from dsocr_loaders.values import PagePlace, PageStatus, RawAnswer, SourceInfo

path, first, last, limit = Path(sys.argv[1]), *map(int, sys.argv[2:])
engine = ScriptedEngine()
file = JournalFile.opened(path)
store = JournalStore(file, Settings(), engine)
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
info = SourceInfo(1000, tuple(map(str, range(1, 1001))), (), "pymupdf")

async def main():
    for number in range(first, last):
        page = replace(sample_page(number), image=None)
        answer = RawAnswer(f"page {number} " + "x" * 3000, "stop", 1, 2, "m", "e")
        request = sample_request(page)
        place = PagePlace(page.source, info, number)
        await store.record(FinishedPage(place, page, PageStatus.OK, Prepared(f"d{number}", None), request, answer))
        print(number, flush=True)

try:
    asyncio.run(main())
except JournalError as error:
    print(error, file=sys.stderr)
    sys.exit(3)
finally:
    engine.close()
file.close()
"""


def started(script, *words):
    command = [sys.executable, "-c", script, *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def digests_in(path):
    file = JournalFile.opened(path)
    rows = file.read(lambda db: db.execute("SELECT digest FROM answers").fetchall()).result()
    file.close()
    return {digest for (digest,) in rows}


@pytest.mark.parametrize("kills", [1, pytest.param(5, marks=pytest.mark.slow)])
def test_killed_and_run_again(make_pdf, tmp_path, kills):
    """This test ensures that after each kill -9 no page is lost and none that was handed over is read again.

    At most the pages in flight are: as many as the server was asked for and did not have answered.
    """
    source, journal = make_pdf(*(f"page {number}" for number in range(1, 25))), tmp_path / "j.sqlite"
    finished = set()
    draw = random.Random()  # noqa: S311 - moments that nobody chose
    with ScriptedServer(ANSWER, faults=lambda _: Fault(delay_s=0.05 + draw.random() / 10)) as server:
        for is_last in (*[False] * kills, True):
            asked = len(server.requests)
            process = started(READ, source, server.base_url, journal)
            lines = [process.stdout.readline() for _ in range(1 if not is_last else 24)]
            if not is_last:
                time.sleep(draw.random() / 4)
                process.kill()
            rest, errors = process.communicate(timeout=100)
            pages = [line.split() for line in [*lines, *rest.splitlines()] if line.strip()]
            attempts = {int(number): int(attempts) for number, attempts, *_ in pages}

            assert list(range(1, len(pages) + 1)) == list(attempts), errors
            assert not [number for number in finished if attempts.get(number, 0)], errors
            assert len(server.requests) - asked >= sum(attempts.values())
            finished |= set(attempts)

        assert (set(range(1, 25)), 0) == (finished, process.returncode), errors
        assert 24 == len(digests_in(journal))
        assert len(server.requests) <= 24 + kills * 64


def test_two_processes_write_at_once(tmp_path):
    """This test ensures that two processes with one journal lose nothing, pages that both read included."""
    path = tmp_path / "j.sqlite"
    processes = [started(WRITE, path, first, last, 0) for first, last in ((1, 120), (80, 200))]
    ends = [(*process.communicate(timeout=100), process.returncode) for process in processes]

    assert [("", 0), ("", 0)] == [(errors, status) for _, errors, status in ends]
    assert {f"d{number}" for number in range(1, 200)} == digests_in(path)


def test_a_full_disk(tmp_path):
    """This test ensures that a disk that fills up is a clear error, and that everything that was kept before stays."""
    path = tmp_path / "j.sqlite"
    process = started(WRITE, path, 1, 500, 400_000)
    out, errors = process.communicate(timeout=100)
    kept = {f"d{number}" for number in out.split()}

    assert 3 == process.returncode, errors
    assert "cannot be used any more" in errors
    assert "Make room" in errors
    assert 10 < len(kept) < 499
    assert kept <= digests_in(path)


def test_a_place_that_cannot_be_written(tmp_path):
    """This test ensures that a run with such a journal reads nothing."""
    with ScriptedServer(ANSWER) as server:
        with pytest.raises(JournalError, match="cannot be opened"):
            read(__file__, engine=server.base_url, journal=f"{__file__}/j.sqlite")

        assert not server.requests
