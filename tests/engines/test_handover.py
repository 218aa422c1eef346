"""Arrays across real processes, and what is left of them at every kind of end."""

from __future__ import annotations

import gc
import pickle
import resource
import signal
import subprocess
import sys
import textwrap
import time
from functools import partial
from pathlib import Path

import pytest

from dsocr_loaders.engines.handover import ArrayFile, HandoverFolder, hand_over
from dsocr_loaders.engines.protocol import Prepared
from dsocr_loaders.errors import DsocrError, OutputError
from dsocr_loaders.pages import OpenOptions, PageWorker, RenderJob
from dsocr_loaders.sources import Spool, resolve_sources
from dsocr_loaders.values import Decoding, Task

PREPARE = """
from dsocr_loaders.engines.handover import hand_over
from dsocr_loaders.engines.protocol import Prepared

def prepare(page, request, *, folder):
    image = page.image
    return Prepared("digest", hand_over(folder, image.data, (image.height_px, image.width_px, 3), "uint8"))
"""


@pytest.fixture
def folder(tmp_path):
    made = HandoverFolder(str(tmp_path))
    yield made
    made.close()


@pytest.fixture
def prepare(tmp_path, monkeypatch):
    (tmp_path / "handing_over.py").write_text(PREPARE)
    monkeypatch.syspath_prepend(str(tmp_path))
    import handing_over  # noqa: PLC0415 - it was written just now

    return handing_over.prepare


def files_in(folder):
    return [path for path in Path(folder.path).iterdir() if path.name != "owner.lock"]


def sent(file):
    return pickle.loads(pickle.dumps(file))  # noqa: S301 - made here


def wait_until(is_so):
    deadline = time.monotonic() + 10
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert is_so()


def test_a_page_workers_pixels_arrive(folder, prepare, make_pdf):
    """This test ensures that pixels which a worker wrote are those that it rendered, and that no file stays."""
    with Spool() as spool, PageWorker() as worker:
        (source,) = resolve_sources(make_pdf("words"), spool=spool)
        job = RenderJob(
            source=source,
            page_number=1,
            options=OpenOptions(dpi=72),
            needs_image=True,
            prepare=partial(prepare, folder=folder.path),
            task=Task.DOCUMENT,
            prompt="",
            resolution="gundam",
            decoding=Decoding(),
        )
        prepared = worker.run(job).prepared
        before = files_in(folder)
        pixels = prepared.payload.take()

    assert isinstance(prepared, Prepared)
    assert 1 == len(before)
    assert [] == files_in(folder)
    assert (120, 200, 3) == prepared.payload.shape
    assert 120 * 200 * 3 == pixels.nbytes
    assert 0 < bytes(pixels).count(b"\xff") < pixels.nbytes
    pixels[0] = 7  # it is this process's own

    with pytest.raises(DsocrError, match="taken before"):
        prepared.payload.take()


def test_what_is_taken_outlives_its_file_and_folder(folder):
    """This test ensures that an engine may close while an array is still in use."""
    taken = sent(hand_over(folder.path, b"abcdef", (2, 3), "uint8")).take()

    folder.close()
    folder.close()

    assert b"abcdef" == bytes(taken)
    assert not Path(folder.path).exists()


def test_what_nobody_takes_goes_with_its_page(folder):
    """This test ensures that a cancelled page leaves nothing, and that the worker's own object deletes nothing."""
    made = hand_over(folder.path, b"abcdef", (6,), "uint8")
    arrived = sent(made)
    del made
    gc.collect()
    assert 1 == len(files_in(folder))

    del arrived
    gc.collect()

    wait_until(lambda: files_in(folder) == [])


def test_an_empty_array_is_one(folder):
    """This test ensures that there is no lower limit."""
    assert b"" == bytes(sent(hand_over(folder.path, b"", (0, 3), "uint8")).take())


@pytest.mark.parametrize(("array", "shape"), [(b"abc", (2,)), (b"", (1,)), (b"a", (0,))])
def test_a_wrong_shape_is_refused(folder, array, shape):
    """This test ensures that an array cannot be read as another one."""
    with pytest.raises(ValueError, match="no array of shape"):
        hand_over(folder.path, array, shape, "uint8")


def test_a_full_disk_is_this_pages_error(folder):
    """This test ensures that what cannot be written says so, with what to do, and leaves no half of a file."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2, limits[1]))
    try:
        with pytest.raises(OutputError, match=r"of 3 bytes cannot be written to .*: .*Set TMPDIR"):
            hand_over(folder.path, b"abc", (3,), "uint8")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert [] == files_in(folder)


def test_a_place_that_is_not_there_is_said(tmp_path):
    """This test ensures that an engine which could hand nothing over is not made."""
    with pytest.raises(OutputError, match="TMPDIR"):
        HandoverFolder(str(tmp_path / "missing"))


def test_shared_memory_is_avoided(monkeypatch):
    """This test ensures that containers, whose /dev/shm is small, are not filled up."""
    monkeypatch.setattr("tempfile.gettempdir", lambda: "/dev/shm")  # noqa: S108 - to be avoided

    made = HandoverFolder()

    assert Path(made.path).is_relative_to("/var/tmp")  # noqa: S108 - the folder in it is private
    assert 0o700 == Path(made.path).stat().st_mode & 0o777
    made.close()


def test_it_ends_when_it_is_forgotten(tmp_path):
    """This test ensures that nobody has to close it."""
    path = Path(HandoverFolder(str(tmp_path)).path)
    gc.collect()

    assert not path.exists()


OWNER = """
import os, sys, time
from functools import partial
from pathlib import Path
sys.path.insert(0, {here!r})
from handing_over import prepare
from dsocr_loaders.engines.handover import HandoverFolder, hand_over
from dsocr_loaders.pages import OpenOptions, PageWorker, RenderJob
from dsocr_loaders.sources import Spool, resolve_sources
from dsocr_loaders.values import Decoding, Task

folder = HandoverFolder({here!r})
worker = PageWorker()
(source,) = resolve_sources({pdf!r}, spool=Spool())
job = RenderJob(source, 1, OpenOptions(dpi=72), True, partial(prepare, folder=folder.path), Task.DOCUMENT, "", "gundam",
                Decoding())
kept = worker.run(job)
print(folder.path, flush=True)
{end}
"""


@pytest.mark.parametrize("end", ["1 / 0", "time.sleep(60)", "worker.close(); time.sleep(60)"])
def test_nothing_stays_when_the_engines_process_ends(end, prepare, make_pdf, tmp_path):
    """This test ensures that files which nobody took go when their process ends, exits, crashes or is killed, with its
    page workers alive or not.
    """  # noqa: D205 - one sentence that needs two lines
    script = tmp_path / "owner.py"
    script.write_text(textwrap.dedent(OWNER).format(here=str(tmp_path), pdf=str(make_pdf("words")), end=end))
    owner = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    path = Path(owner.stdout.readline().strip())
    is_killed = "sleep" in end
    if is_killed:
        assert path.is_dir()
        owner.send_signal(signal.SIGKILL)
    owner.wait()
    owner.stdout.close()

    if "close" in end:
        assert path.is_dir()
        HandoverFolder(str(tmp_path)).close()

    wait_until(lambda: not path.exists())


def test_a_living_owners_folder_is_left_alone(folder, tmp_path):
    """This test ensures that two engines, in one process or two, do not delete each other's pages."""
    file = hand_over(folder.path, b"abc", (3,), "uint8")
    other = "import sys; from dsocr_loaders.engines.handover import HandoverFolder; HandoverFolder(sys.argv[1]).close()"

    HandoverFolder(str(tmp_path)).close()
    subprocess.run([sys.executable, "-c", other, str(tmp_path)], check=True)

    assert b"abc" == bytes(file.take())


def test_an_array_file_shows_what_it_is():
    """This test ensures that a log of prepared pages can be read."""
    assert "ArrayFile('/tmp/x', (2, 3), 'uint8')" == repr(ArrayFile("/tmp/x", (2, 3), "uint8"))  # noqa: S108 - a word
