from __future__ import annotations

import io
from pathlib import Path, PurePosixPath

import fsspec
import pytest

from dsocr_loaders.settings import Limits
from dsocr_loaders.sources import resolve_sources
from dsocr_loaders.values import SourceFailure

PDF = b"%PDF-1.7\nnothing more is looked at here"
PNG = b"\x89PNG\r\n\x1a\n and so on"


def names(resolved):
    return [item.name for item in resolved]


def only(resolved):
    (item,) = resolved
    return item


class Bucket:
    """A file system with one file."""

    def open(self, path, mode="rb"):
        assert mode == "rb"
        if path == "down.pdf":
            raise ConnectionError("no route")
        if path != "bucket/b.pdf":
            raise FileNotFoundError(path)
        return io.BytesIO(PDF)


def test_file_system(spool, tmp_path):
    """This test ensures that fs= opens the paths, and that its failures are values like any other."""
    paths = [PurePosixPath("bucket/b.pdf"), "bucket/missing.pdf", "down.pdf"]
    found, missing, down = resolve_sources(paths, spool=spool, fs=Bucket())

    assert ("bucket/b.pdf", "bucket/b.pdf", len(PDF)) == (found.name, found.canonical, found.size_bytes)
    assert PDF == Path(found.path).read_bytes()
    assert (
        SourceFailure("bucket/missing.pdf", "SourceNotFound", "There is no such file or folder, in Bucket.") == missing
    )
    assert SourceFailure("down.pdf", "SourceError", "It cannot be read: ConnectionError: no route.") == down


@pytest.fixture
def memory():
    fs = fsspec.filesystem("memory")
    for path, content in {
        "/bucket/b.pdf": PDF,
        "/bucket/a": PNG,
        "/bucket/.hidden.pdf": PDF,
        "/bucket/notes.txt": b"not ours",
        "/bucket/deep/c.PDF": PDF,
        "/bucket/deep/down/d.pdf": b"broken",
    }.items():
        fs.pipe(path, content)
    yield fs
    fs.rm("/bucket", recursive=True)


def test_folder_of_a_file_system(spool, memory):
    """This test ensures that a folder elsewhere gives its files as a local one does: by content, in order."""
    found = list(resolve_sources("/bucket", spool=spool, fs=memory))

    assert ["/bucket/a", "/bucket/b.pdf"] == names(found)
    assert ["image/png", "application/pdf"] == [item.media_type for item in found]
    assert PNG == Path(found[0].path).read_bytes()


def test_subfolders_of_a_file_system(spool, memory):
    """This test ensures that subfolders elsewhere are entered when asked for, down to the limit."""
    found = list(resolve_sources("/bucket/", spool=spool, fs=memory, recursive=True))
    limited = list(resolve_sources("/bucket", spool=spool, fs=memory, recursive=True, limits=Limits(nesting=1)))

    assert ["/bucket/a", "/bucket/b.pdf", "/bucket/deep/c.PDF", "/bucket/deep/down/d.pdf"] == names(found)
    assert "SourceUnsupported" == found[-1].kind
    assert ("/bucket/deep/down", "LimitExceeded") == (limited[-1].name, limited[-1].kind)


def test_patterns_of_a_file_system(spool, memory):
    """This test ensures that patterns match elsewhere, hidden files left out."""
    assert ["/bucket/b.pdf"] == names(resolve_sources("/bucket/*.pdf", spool=spool, fs=memory))
    assert ["/bucket/b.pdf", "/bucket/deep/c.PDF"] == names(
        resolve_sources("/bucket/**/[bc].*", spool=spool, fs=memory)
    )
    assert ["SourceNotFound"] == [item.kind for item in resolve_sources("/bucket/*.tiff", spool=spool, fs=memory)]


def test_missing_and_too_large_elsewhere(spool, memory):
    """This test ensures that a missing file and one above the limit are failures by name."""
    missing, large = resolve_sources(
        ["/bucket/x.pdf", "/bucket/b.pdf"], spool=spool, fs=memory, limits=Limits(source_bytes=10)
    )

    assert ("/bucket/x.pdf", "SourceNotFound") == (missing.name, missing.kind)
    assert ("/bucket/b.pdf", "LimitExceeded") == (large.name, large.kind)
