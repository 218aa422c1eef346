from __future__ import annotations

import contextlib
import gc
import logging
import os
import signal
import subprocess
import sys
import sysconfig
import textwrap
import threading
import time
from functools import partial
from pathlib import Path

import pymupdf
import pytest

import dsocr_loaders
from dsocr_loaders.errors import (
    DsocrError,
    EngineDead,
    EngineUnavailable,
    MissingDependency,
    PasswordRequired,
    SettingsError,
    SourceDamaged,
)
from dsocr_loaders.pages import DescribeJob, OpenOptions, PageWorker, beginning
from dsocr_loaders.pages.opening import BackendChoice
from dsocr_loaders.values import Task

FAST = OpenOptions(pdf_backend="pdfium")  # starts three times as fast
ROOT = Path(dsocr_loaders.__file__).resolve().parents[1]


def as_pdf(pages=2):
    document = pymupdf.open()
    for number in range(1, pages + 1):
        document.new_page(width=100, height=100).insert_text((20, 50), str(number))
    content = document.tobytes()
    document.close()
    return content


@pytest.fixture
def source(take):
    return take(as_pdf(), "report.pdf")


def is_running(process_id):
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    # An orphan whose parent does not collect it stays in the table.
    state = Path(f"/proc/{process_id}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def waits(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


def test_jobs_in_another_process(worker, source, render_job, prepare):
    """This test ensures that a job is done in one and the same other process, which finds the engine's module."""
    rendered = worker.run(render_job(source, prepare.size))
    again = worker.run(render_job(source, prepare.size, 2))

    pixels, image, task, attempt, process_id = rendered.prepared
    assert ((200, 200, 120_000), None, Task.DOCUMENT, 1) == (pixels, image, task, attempt)
    assert (worker.process_id, worker.process_id) == (process_id, again.prepared[-1])
    assert os.getpid() != process_id
    assert (None, False, 2) == (again.page.image, again.page.ink.is_blank, again.page.page_number)


def test_partial(worker, source, render_job, prepare):
    """This test ensures that a partial of a function travels with its arguments."""
    assert 42 == worker.run(render_job(source, partial(prepare.add, number=40), 2)).prepared


def test_output_of_libraries(worker, source, render_job, prepare):
    """This test ensures that what a library prints or reads does not get into the conversation."""
    assert "" == worker.run(render_job(source, prepare.chatter)).prepared
    assert 2 == worker.run(DescribeJob(source, FAST)).total_pages


def test_errors_arrive(worker, source, take, render_job, prepare):
    """This test ensures that an error of our tree arrives with class, text and attributes."""
    with pytest.raises(EngineUnavailable, match="too many pages") as caught:
        worker.run(render_job(source, prepare.unreachable))

    error = caught.value
    assert ("busy", True, False, 2.5) == (error.cause, error.retryable, error.stops_run, error.retry_after_s)
    document = pymupdf.open()
    document.new_page()
    locked = take(document.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="u", owner_pw="o"), "locked.pdf")
    document.close()
    with pytest.raises(PasswordRequired, match=r"locked\.pdf"):
        worker.run(DescribeJob(locked, FAST))


def test_unexpected_errors_arrive(worker, source, render_job, prepare, caplog):
    """This test ensures that any other error becomes one of ours, with the worker's traceback in the log."""
    with (
        caplog.at_level(logging.DEBUG, "dsocr_loaders.pages"),
        pytest.raises(SourceDamaged, match=r"report\.pdf, page 2: .*KeyError: 'missing'"),
    ):
        worker.run(render_job(source, prepare.wrong, 2))

    assert 'return {}["missing"]' in caplog.text
    with pytest.raises(SourceDamaged, match="Awkward: cannot be pickled"):
        worker.run(render_job(source, prepare.awkward))


def main(page, request):
    """A function of the script itself, with a name that the worker's own script has too."""


main.__module__ = "__main__"


def test_prepare_that_cannot_travel(worker, source, render_job, prepare, monkeypatch):
    """This test ensures that a prepare of the script itself, a lambda and a closure are refused with the way out."""
    monkeypatch.setattr(sys.modules["__main__"], "main", main, raising=False)
    with pytest.raises(SettingsError, match=r"'main' is defined in the script itself .* module"):
        worker.run(render_job(source, main))
    for function in (lambda page, _: page, partial(prepare.add, number=threading.Lock())):
        with pytest.raises(SettingsError, match=r"cannot be sent to a page worker .* module"):
            worker.run(render_job(source, function))

    with pytest.raises(SettingsError, match="cannot be sent from the page worker"):
        worker.run(render_job(source, prepare.unpicklable))
    assert 2 == worker.run(DescribeJob(source, FAST)).total_pages


@pytest.mark.parametrize(("folder", "is_added"), [("/elsewhere", True), (sysconfig.get_path("purelib"), False)])
def test_worker_finds_the_package(monkeypatch, folder, is_added):
    """This test ensures that a worker finds a package that is not installed, and that one in site-packages, which it
    finds by itself, does not come before the standard library.
    """  # noqa: D205 - one sentence that needs two lines
    monkeypatch.setattr(beginning, "__file__", f"{folder}/dsocr_loaders/pages/beginning.py")
    monkeypatch.setenv("PYTHONPATH", "/of/the/user")

    path = beginning.environment_for_child()["PYTHONPATH"]
    assert (f"/elsewhere{os.pathsep}/of/the/user" if is_added else "/of/the/user") == path


@pytest.mark.parametrize(("name", "words"), [("segfault", "SIGSEGV"), ("exit_now", "exit status 7.*the last words")])
def test_crash(source, render_job, prepare, name, words):
    """This test ensures that a crash costs its page after a second try, says how, and the next page is read."""
    with PageWorker() as worker:
        with pytest.raises(SourceDamaged, match=rf"report\.pdf, page 1: the page worker crashed .*{words}"):
            worker.run(render_job(source, getattr(prepare, name)))

        assert (200, 200, 120_000) == worker.run(render_job(source, prepare.size)).prepared[0]


def test_crash_once(source, render_job, prepare, tmp_path, caplog):
    """This test ensures that a job whose worker crashed is tried once more, and the log says so."""
    with PageWorker() as worker:
        job = render_job(source, partial(prepare.crash_once, mark=str(tmp_path / "mark")))

        assert "second try" == worker.run(job).prepared
    assert ["report.pdf, page 1: the page worker crashed (exit status 1)."] == caplog.messages


def test_killed_between_jobs(source):
    """This test ensures that a worker that was killed while it was idle is replaced without counting as a crash."""
    with PageWorker() as worker:
        worker.run(DescribeJob(source, FAST))
        killed = worker.process_id
        os.kill(killed, signal.SIGKILL)
        waits(lambda: worker.process_id is None)

        assert 2 == worker.run(DescribeJob(source, FAST)).total_pages
        assert killed != worker.process_id


def test_hang(source, render_job, prepare):
    """This test ensures that a page that takes longer than the limit is given up, and its worker with it."""
    with PageWorker() as worker:
        worker.run(render_job(source, prepare.size))
        hanging = worker.process_id
        with pytest.raises(SourceDamaged, match=r"report\.pdf, page 2: the page worker hung: .*within 0\.3 seconds"):
            worker.run(render_job(source, prepare.sleep, 2), timeout_s=0.3)

        assert not is_running(hanging)


def test_close_in_the_middle(source, render_job, prepare, tmp_path):
    """This test ensures that closing from another thread ends a running job at once, and the process with it."""
    worker = PageWorker()
    errors = []

    def run():
        try:
            worker.run(render_job(source, partial(prepare.sleep, started=str(tmp_path / "started"))))
        except EngineDead as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert waits((tmp_path / "started").exists)
    process_id = worker.process_id
    began = time.monotonic()
    worker.close()
    worker.close()
    thread.join(5)

    assert time.monotonic() - began < 1
    assert (1, False, None) == (len(errors), is_running(process_id), worker.process_id)
    with pytest.raises(EngineDead):
        worker.run(DescribeJob(source, FAST))


def test_collected(source):
    """This test ensures that a worker that nobody closed ends when its object goes away."""
    worker = PageWorker()
    worker.run(DescribeJob(source, FAST))
    process_id = worker.process_id
    del worker
    gc.collect()

    assert not is_running(process_id)


def test_interrupt_is_ignored(worker, source, render_job, prepare):
    """This test ensures that Ctrl-C, which reaches the whole group of processes, is left to the owner."""
    assert "still here" == worker.run(render_job(source, prepare.interrupt)).prepared


def test_interrupted_owner(source, render_job, prepare):
    """This test ensures that a job that its owner breaks off leaves no reply for the next one."""
    with PageWorker() as worker:
        worker.run(render_job(source, prepare.size))
        process = worker._slot.process()
        queue = process._replies

        class Interrupting:
            def get(self, timeout):
                queue.get(timeout=timeout)
                raise KeyboardInterrupt

        process._replies = Interrupting()
        with pytest.raises(KeyboardInterrupt):
            worker.run(render_job(source, prepare.size))

        assert 2 == worker.run(render_job(source, prepare.size, 2)).page.page_number


def test_worker_that_cannot_start(source, monkeypatch):
    """This test ensures that a worker that does not start says which program it was and what that said."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with PageWorker() as worker, pytest.raises(DsocrError, match="/nowhere/python"):
        worker.run(DescribeJob(source, FAST))

    monkeypatch.setattr(sys, "executable", "/bin/false")
    with PageWorker() as worker, pytest.raises(DsocrError, match=r"does not start: it crashed \(exit status 1\)"):
        worker.run(DescribeJob(source, FAST))


def test_choice_of_library_is_logged_once(source, caplog):
    """This test ensures that the automatic choice is logged, once, and a named library is not."""
    choice = BackendChoice()
    with caplog.at_level(logging.INFO, "dsocr_loaders.pages"):
        jobs = [choice.settled(DescribeJob(source, options)) for options in (FAST, OpenOptions(), OpenOptions())]

    assert ["pdfium", "pymupdf", "pymupdf"] == [job.options.pdf_backend for job in jobs]
    assert ["PDFs are rendered with pymupdf; pdf_backend=... chooses another library."] == caplog.messages


def test_named_library_is_missing(worker, source, monkeypatch):
    """This test ensures that a named library that is not installed is an error with the command to install it."""
    monkeypatch.setattr("dsocr_loaders.pages.opening.find_spec", lambda name: None)

    with pytest.raises(MissingDependency, match="pip install"):
        worker.run(DescribeJob(source, OpenOptions(pdf_backend="pymupdf")))


def test_password_is_not_shown():
    """This test ensures that no repr of a job shows the password."""
    assert "secret" not in repr(OpenOptions(password="secret"))  # noqa: S106 - made up


def script(folder, text, **variables):
    """Run `text` as a script of its own, in a folder where the package is not."""
    path = folder / "unguarded.py"
    path.write_text(textwrap.dedent(text))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    return subprocess.Popen(
        [sys.executable, str(path), *map(str, variables.values())],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


UNGUARDED = """
import sys
print("the script runs")
from dsocr_loaders.pages import DescribeJob, OpenOptions, PageWorker
from dsocr_loaders.sources import Spool, resolve_sources

source = next(resolve_sources(sys.argv[1], spool=Spool()))
worker = PageWorker()
print(worker.run(DescribeJob(source, OpenOptions(pdf_backend="pdfium"))).total_pages)
"""


def test_unguarded_script(tmp_path):
    """This test ensures that a script without a __main__ guard runs once, ends, and nothing of it is left over."""
    (tmp_path / "a.pdf").write_bytes(as_pdf(3))
    output, errors = script(tmp_path, UNGUARDED, source="a.pdf").communicate(timeout=30)

    assert ("the script runs\n3\n", "") == (output, errors)


DAEMONIC = """
import multiprocessing
import sys
from dsocr_loaders.pages import DescribeJob, OpenOptions, PageWorker
from dsocr_loaders.sources import Spool, resolve_sources

def count(path):
    assert multiprocessing.current_process().daemon
    with Spool() as spool, PageWorker() as worker:
        source = next(resolve_sources(path, spool=spool))
        return worker.run(DescribeJob(source, OpenOptions(pdf_backend="pdfium"))).total_pages

if __name__ == "__main__":
    for method in ("fork", "spawn"):
        with multiprocessing.get_context(method).Pool(1) as pool:
            print(pool.map(count, sys.argv[1:]))
"""


def test_daemonic_processes(tmp_path):
    """This test ensures that page workers start inside daemonic workers of multiprocessing, forked and spawned."""
    (tmp_path / "a.pdf").write_bytes(as_pdf(3))
    output, errors = script(tmp_path, DAEMONIC, source="a.pdf").communicate(timeout=60)

    assert ("[3]\n[3]\n", "") == (output, errors)


FORKED = """
import os
import sys
from dsocr_loaders.pages import DescribeJob, OpenOptions, PageWorker
from dsocr_loaders.sources import Spool, resolve_sources

source = next(resolve_sources(sys.argv[1], spool=Spool()))
worker = PageWorker()
job = DescribeJob(source, OpenOptions(pdf_backend="pdfium"))
worker.run(job)
parents = worker.process_id
child = os.fork()
if not child:
    print(worker.run(job).total_pages, worker.process_id != parents, flush=True)
    worker.close()
    os._exit(0)
os.waitpid(child, 0)
print(worker.run(job).total_pages, worker.process_id == parents)
"""


def test_forked_child_has_its_own_process(tmp_path):
    """This test ensures that a fork takes a worker of its own and leaves the parent's alone."""
    (tmp_path / "a.pdf").write_bytes(as_pdf(3))
    output, errors = script(tmp_path, FORKED, source="a.pdf").communicate(timeout=30)

    assert ("3 True\n3 True\n", "") == (output, errors)


ORPHANED = """
import os
import sys
import time
from dsocr_loaders.pages import DescribeJob, OpenOptions, PageWorker
from dsocr_loaders.sources import Spool, resolve_sources

source = next(resolve_sources(sys.argv[1], spool=Spool()))
worker = PageWorker()
worker.run(DescribeJob(source, OpenOptions(pdf_backend="pdfium")))
child = os.fork() if sys.argv[2] == "True" else -1
if child:
    print(worker.process_id, child, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("is_forked", [False, pytest.param(True, marks=pytest.mark.slow)])  # looks every two seconds
def test_killed_owner(tmp_path, is_forked):
    """This test ensures that a worker ends when its owner is killed, even if a fork holds the pipe open."""
    (tmp_path / "a.pdf").write_bytes(as_pdf(1))
    owner = script(tmp_path, ORPHANED, source="a.pdf", is_forked=is_forked)
    with owner:
        process_id, child = map(int, owner.stdout.readline().split())
        assert is_running(process_id)
        owner.kill()
        owner.wait()

        assert waits(lambda: not is_running(process_id), seconds=5)
        with contextlib.suppress(ProcessLookupError):
            if child > 0:
                os.kill(child, signal.SIGKILL)
