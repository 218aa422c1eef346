from __future__ import annotations

import errno
import gc
import io
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dsocr_loaders.errors import DsocrError
from dsocr_loaders.reader import Reader
from dsocr_loaders.settings import Limits
from dsocr_loaders.sources import Spool, resolve_sources

PDF = b"%PDF-1.7\nnothing more is looked at here"


def spools():
    return {path.name for path in Path(os.environ["TMPDIR"]).glob("dsocr-*")}


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path


def only(resolved):
    (item,) = resolved
    return item


def test_spool_is_private_and_removed():
    """This test ensures that nobody else reads the copies, and that they go when the spool is closed."""
    with Spool() as spool:
        path = Path(only(resolve_sources(PDF, spool=spool)).path)
        modes = [stat.S_IMODE(place.stat().st_mode) for place in (path, path.parent)]
    spool.close()

    assert [0o600, 0o700] == modes
    assert not path.parent.exists()
    with pytest.raises(DsocrError, match="closed"):
        list(resolve_sources(PDF, spool=spool))


def test_spool_is_removed_when_it_goes_away():
    """This test ensures that a spool that nobody closed leaves nothing behind."""
    spool = Spool()
    path = Path(only(resolve_sources(PDF, spool=spool)).path)
    del spool
    gc.collect()

    assert not path.parent.exists()


FORK = """
import os
from pathlib import Path
from dsocr_loaders.sources import Spool, resolve_sources

with Spool() as spool:
    path = Path(next(resolve_sources(b"%PDF-", spool=spool)).path)
    child = os.fork()
    if not child:
        spool.close()
        os._exit(0)
    os.waitpid(child, 0)
    print(path.exists())
print(path.exists())
"""


def test_forked_child_leaves_the_spool():
    """This test ensures that the end of a forked child does not take the parent's copies away."""
    done = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, check=True)

    assert "True\nFalse\n" == done.stdout


class FullDisk(io.BytesIO):
    """Stands in for a disk of one megabyte where no real one can be mounted."""

    def write(self, block):
        if self.tell() + len(block) > 1_000_000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(block)


@pytest.fixture
def small_disk(temporary, monkeypatch):
    """Let the temporary folder be a disk of one megabyte: a real one where this user may mount it."""
    mount = shutil.which("mount") if os.geteuid() == 0 else None
    command = [mount, "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(temporary)]
    if mount and subprocess.run(command, check=False, capture_output=True).returncode == 0:
        yield temporary
        subprocess.run(["umount", "-l", str(temporary)], check=True)
    else:
        monkeypatch.setattr("dsocr_loaders.sources.spool.os.fdopen", lambda descriptor, _: FullDisk())
        yield temporary


def test_full_disk(small_disk):
    """This test ensures that a full disk costs the source that fills it, which says where and what to do."""
    with Spool() as spool:
        first, failure, second = resolve_sources([PDF, PDF + bytes(3_000_000), PDF + b"2"], spool=spool)
        left = [str(path) for path in Path(spool._folder).glob("[!.]*")]

    assert "SourceError" == failure.kind
    assert os.strerror(errno.ENOSPC) in failure.message
    assert "TMPDIR" in failure.message
    assert sorted([first.path, second.path]) == sorted(left)


def test_no_temporary_folder(monkeypatch, tmp_path):
    """This test ensures that a temporary folder that cannot be written to is a failure that says so."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    with Spool() as spool:
        failure = only(resolve_sources(PDF, spool=spool))

    assert f"copied to {tmp_path / 'nowhere'}" in failure.message


@pytest.mark.parametrize("way", [PDF, io.BytesIO(PDF), "file"])
def test_too_many_bytes(way, tmp_path):
    """This test ensures that bytes, streams and files above the limit are failures that name it."""
    if way == "file":
        way = tmp_path / "a.pdf"
        way.write_bytes(PDF)
    with Spool() as spool:
        failure = only(resolve_sources(way, spool=spool, limits=Limits(source_bytes=len(PDF) - 1)))

    assert "LimitExceeded" == failure.kind
    assert f"limits.source_bytes={len(PDF) - 1}" in failure.message


def test_lists_without_end():
    """This test ensures that a list that holds itself ends at the limit on nesting."""
    ring = [PDF]
    ring.append(ring)
    with Spool() as spool:
        found = list(resolve_sources(ring, spool=spool, limits=Limits(nesting=3)))

    assert ["LimitExceeded"] == [item.kind for item in found[3:]]


def interrupt(pages):
    for _page in pages:
        raise KeyboardInterrupt


def test_a_closed_iterator_leaves_nothing(temporary, make_pdf, warm_page_workers):
    """This test ensures that whoever stops reading, or is interrupted, has no copies left behind."""
    data = make_pdf("one", "two", "three").read_bytes()
    counts = []
    with Reader("text_layer") as reader:
        pages = reader.iter_pages(data)
        next(pages)
        counts.append(len(spools()))
        pages.close()
        counts.append(len(spools()))
        with pytest.raises(KeyboardInterrupt):
            interrupt(reader.iter_pages(data))
        gc.collect()
        counts.append(len(spools()))

    assert [1, 0, 0] == counts


class Interrupted(io.BytesIO):
    def read(self, *_args):
        raise KeyboardInterrupt


def test_an_interrupted_copy_leaves_nothing(temporary):
    """This test ensures that Ctrl-C in the middle of a copy removes what was written of it."""
    with Spool() as spool:
        with pytest.raises(KeyboardInterrupt):
            next(resolve_sources(Interrupted(), spool=spool))
        left = list(Path(spool._folder).glob("[!.]*"))

    assert [] == left


KILLED = """
import sys, signal
from dsocr_loaders.sources import Spool, resolve_sources
if sys.argv[1] == "handled":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
spool = Spool()
next(resolve_sources(b"%PDF-", spool=spool))
print("ready", flush=True)
signal.pause()
"""


@pytest.mark.parametrize(
    ("how", "number", "left"),
    [("handled", signal.SIGTERM, 0), ("handled", signal.SIGINT, 0), ("unhandled", signal.SIGKILL, 1)],
)
def test_ended_by_a_signal(temporary, how, number, left):
    """This test ensures that a signal that lets Python end removes the copies, and the next spool what others leave."""
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, how], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as run:
        assert b"ready\n" == run.stdout.readline()
        assert 1 == len(spools())
        run.send_signal(number)
    counts = [len(spools())]
    for lock in temporary.glob("dsocr-*/.in-use"):
        long_ago = time.time() - 3600
        os.utime(lock, (long_ago, long_ago))
    with Spool() as spool:
        only(resolve_sources(PDF, spool=spool))
        counts.append(len(spools()))

    assert [left, 1] == counts


def test_a_spool_in_use_is_left_alone(temporary):
    """This test ensures that a spool that is old but alive is not taken for one that was left behind."""
    with Spool() as old, Spool() as new:
        source = only(resolve_sources(PDF, spool=old))
        os.utime(Path(source.path).parent / ".in-use", (0, 0))
        only(resolve_sources(PDF, spool=new))

        assert PDF == Path(source.path).read_bytes()
