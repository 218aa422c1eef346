from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import textwrap
import threading
import time
from functools import partial
from pathlib import Path

import pymupdf
import pytest

import dsocr_loaders
from dsocr_loaders.errors import EngineDead, SettingsError, SourceDamaged
from dsocr_loaders.pages import DescribeJob, OpenOptions, PagePool

ROOT = Path(dsocr_loaders.__file__).resolve().parents[1]


@pytest.fixture
def source(take):
    document = pymupdf.open()
    for number in range(1, 9):
        document.new_page(width=100, height=100).insert_text((20, 50), str(number))
    content = document.tobytes()
    document.close()
    return take(content, "report.pdf")


@pytest.fixture(scope="module")
def pool():
    """A pool for all tests that leave it whole."""
    pool = PagePool(2)
    yield pool
    pool.close()


async def until(condition):
    while not condition():  # noqa: ASYNC110 - another process makes it true
        await asyncio.sleep(0.01)


def test_side_by_side(pool, source, render_job, prepare):
    """This test ensures that jobs run in as many processes as there are workers, and each result is its job's."""

    async def run():
        jobs = [render_job(source, prepare.size, number) for number in range(1, 9)]
        return await asyncio.gather(*map(pool.run, jobs))

    rendered = asyncio.run(run())

    assert list(range(1, 9)) == [each.page.page_number for each in rendered]
    assert len({each.prepared[-1] for each in rendered}) <= 2
    assert 2 == len(pool._crew._workers)


def test_started_on_demand(source, render_job, prepare):
    """This test ensures that one job after the other takes one worker, however many there may be."""
    pool = PagePool(3)

    async def run():
        return [(await pool.run(render_job(source, prepare.size, number))).prepared[-1] for number in (1, 2, 3)]

    process_ids = asyncio.run(run())

    assert (1, 1) == (len(set(process_ids)), len(pool._crew._workers))
    pool.close()


def test_loop_is_free(pool, source, render_job, prepare):
    """This test ensures that the event loop goes on while workers work."""

    async def run():
        job = asyncio.ensure_future(pool.run(render_job(source, partial(prepare.sleep, seconds=0.5))))
        ticks = 0
        while not job.done():
            await asyncio.sleep(0.01)
            ticks += 1
        return ticks

    assert asyncio.run(run()) > 20


def test_any_loop(pool, source):
    """This test ensures that a pool serves one event loop after the other, and several at once."""
    job = DescribeJob(source, OpenOptions(pdf_backend="pdfium"))
    counts = []
    threads = [threading.Thread(target=lambda: counts.append(asyncio.run(pool.run(job)).total_pages)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [8, 8, 8, 8] == [asyncio.run(pool.run(job)).total_pages, *counts]


def test_errors(pool, source, render_job, prepare):
    """This test ensures that an error is raised where its job is awaited, and the others go on."""

    async def run():
        jobs = [render_job(source, prepare.wrong), render_job(source, prepare.size, 2)]
        return await asyncio.gather(*map(pool.run, jobs), return_exceptions=True)

    wrong, right = asyncio.run(run())

    assert (SourceDamaged, 2) == (type(wrong), right.page.page_number)


def test_cancelled(pool, source, render_job, prepare, tmp_path):
    """This test ensures that cancelled jobs, running and waiting, leave the pool working and are not done later."""

    async def run():
        running = [
            asyncio.ensure_future(
                pool.run(render_job(source, partial(prepare.sleep, started=str(tmp_path / str(number)), seconds=0.5)))
            )
            for number in range(2)
        ]
        await until((tmp_path / "0").exists)
        await until((tmp_path / "1").exists)
        mark = str(tmp_path / "never")
        waiting = asyncio.ensure_future(pool.run(render_job(source, partial(prepare.sleep, started=mark, seconds=0))))
        await asyncio.sleep(0)
        for task in (*running, waiting):
            task.cancel()
        outcomes = await asyncio.gather(*running, waiting, return_exceptions=True)
        last = await pool.run(render_job(source, prepare.size, 7))
        return outcomes, last

    outcomes, last = asyncio.run(run())

    assert [asyncio.CancelledError] * 3 == [type(outcome) for outcome in outcomes]
    assert 7 == last.page.page_number
    assert not (tmp_path / "never").exists()


def test_closed_in_the_middle(source, render_job, prepare, tmp_path):
    """This test ensures that closing ends running and waiting jobs at once with EngineDead, and later ones too."""
    pool = PagePool(1)

    async def run():
        job = render_job(source, partial(prepare.sleep, started=str(tmp_path / "started")))
        tasks = [asyncio.ensure_future(pool.run(job)) for _ in range(3)]
        await until((tmp_path / "started").exists)
        began = time.monotonic()
        await asyncio.to_thread(pool.close)
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        return outcomes, time.monotonic() - began

    outcomes, took_s = asyncio.run(run())
    pool.close()

    assert [EngineDead] * 3 == [type(outcome) for outcome in outcomes]
    assert took_s < 1
    with pytest.raises(EngineDead):
        asyncio.run(pool.run(DescribeJob(source, OpenOptions())))


def test_collected(source):
    """This test ensures that a pool that nobody closed takes its processes and threads with it."""
    others = set(threading.enumerate())
    pool = PagePool(1)
    asyncio.run(pool.run(DescribeJob(source, OpenOptions(pdf_backend="pdfium"))))
    (worker,) = pool._crew._workers
    threads = set(threading.enumerate()) - others
    assert threads
    del pool
    gc.collect()
    for thread in threads:
        thread.join(5)

    assert (None, set()) == (worker.process_id, set(threading.enumerate()) & threads)


def test_no_workers():
    """This test ensures that a pool of nobody is refused."""
    with pytest.raises(SettingsError, match="workers=0"):
        PagePool(0)


HANGING = """
import asyncio
import os
import sys
from functools import partial
from dsocr_loaders.pages import OpenOptions, PagePool, RenderJob
from dsocr_loaders.sources import Spool, resolve_sources
from dsocr_loaders.values import Decoding, Task
from engine_for_pages import sleep

source = next(resolve_sources(sys.argv[1], spool=Spool()))
pool = PagePool(1)
job = RenderJob(source, 1, OpenOptions(pdf_backend="pdfium"), True, partial(sleep, started="started"), Task.DOCUMENT,
                "", "gundam", Decoding())

async def run():
    task = asyncio.ensure_future(pool.run(job))
    while not os.path.exists("started"):
        await asyncio.sleep(0.01)
    task.cancel()

asyncio.run(run())
print("over")
"""


def test_finished_program_does_not_wait(take, source, prepare, tmp_path):
    """This test ensures that a program ends while a page hangs, without having closed anything."""
    (tmp_path / "a.pdf").write_bytes(Path(source.path).read_bytes())
    (tmp_path / "script.py").write_text(textwrap.dedent(HANGING))
    paths = [str(ROOT), str(Path(prepare.__file__).parent), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, "script.py", "a.pdf"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert ("over\n", "", 0) == (done.stdout, done.stderr, done.returncode)
