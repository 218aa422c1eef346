from __future__ import annotations

import gc
import hashlib
import io
import os
import stat
import subprocess
import sys
import time
from pathlib import Path, PurePosixPath

import pytest

from dsocr_loaders.errors import DsocrError, SettingsError
from dsocr_loaders.sources import Spool, resolve_sources
from dsocr_loaders.values import Source, SourceFailure

PDF = b"%PDF-1.7\nnothing more is looked at here"
PNG = b"\x89PNG\r\n\x1a\n and so on"
JPEG = b"\xff\xd8\xff\xe0 and so on"


@pytest.fixture
def spool():
    with Spool() as spool:
        yield spool


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with `docs` in it."""
    monkeypatch.chdir(tmp_path)
    docs = tmp_path / "docs"
    (docs / "deep").mkdir(parents=True)
    (docs / "b.PDF").write_bytes(PDF)
    (docs / "a.png").write_bytes(PNG)
    (docs / "scan").write_bytes(JPEG)
    (docs / ".hidden.pdf").write_bytes(PDF)
    (docs / "notes.txt").write_bytes(b"not ours")
    (docs / "deep" / "c.pdf").write_bytes(PDF)
    (docs / "deep" / ".d.pdf").write_bytes(PDF)
    return tmp_path


def names(resolved):
    return [item.name for item in resolved]


def only(resolved):
    (item,) = resolved
    return item


def test_path(folder, spool):
    """This test ensures that a path becomes a source under the user's name that knows where and what it is."""
    source = only(resolve_sources("docs/b.PDF", spool=spool))

    path = str(folder / "docs" / "b.PDF")
    expected = Source("docs/b.PDF", path, hashlib.sha256(PDF).hexdigest(), "application/pdf", len(PDF), path)
    assert expected == source


def test_path_object_and_dots(folder, spool):
    """This test ensures that the canonical name of a file is the same whichever way leads to it."""
    ways = [Path("docs/a.png"), "./docs/../docs/a.png", str(folder / "docs" / "a.png")]
    found = list(resolve_sources(ways, spool=spool))

    assert ["docs/a.png", "./docs/../docs/a.png", str(folder / "docs" / "a.png")] == names(found)
    assert {str(folder / "docs" / "a.png")} == {item.canonical for item in found}


def test_home(folder, spool, monkeypatch):
    """This test ensures that ~ stands for the home folder, and that an unknown user's is simply not found."""
    monkeypatch.setenv("HOME", str(folder))
    found, missing = resolve_sources(["~/docs/a.png", "~no such user/x.pdf"], spool=spool)

    assert ("~/docs/a.png", str(folder / "docs" / "a.png")) == (found.name, found.path)
    assert "SourceNotFound" == missing.kind


@pytest.mark.parametrize(
    ("content", "media_type"),
    [(PDF, "application/pdf"), (b"junk\n" * 200 + PDF, "application/pdf"), (PNG, "image/png"), (JPEG, "image/jpeg")],
)
def test_type_by_content(tmp_path, spool, content, media_type):
    """This test ensures that the type comes from the bytes, whatever the extension says."""
    path = tmp_path / "wrong.jpeg"
    path.write_bytes(content)

    assert media_type == only(resolve_sources(path, spool=spool)).media_type


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"PK\x03\x04 word/document.xml", "ZIP"),
        (b"\n <!DOCTYPE html><title>Log in</title>%PDF", "HTML"),
        (b"\xef\xbb\xbf<!-- x --><HTML>", "HTML"),
        (b"RIFF\x10\x00\x00\x00WAVEfmt ", "nothing that is known"),
        (b"\x00\x00\x00\x18ftypavif", "AVIF"),
        (b"Dear Sir,\r\n", "plain text"),
        (b"\x01\x02\x03", "nothing that is known"),
        (b" " * 1024 + PDF, "plain text"),
    ],
)
def test_wrong_type(tmp_path, spool, content, words):
    """This test ensures that a file of another type is a failure that says what it looks like."""
    path = tmp_path / "report.pdf"
    path.write_bytes(content)
    failure = only(resolve_sources(path, spool=spool))

    assert (str(path), "SourceUnsupported") == (failure.name, failure.kind)
    assert words in failure.message


@pytest.mark.parametrize(
    "missing", ["nowhere.pdf", "docs/b.PDF/inside.pdf", "a\x00b.pdf", "docs/[x].pdf", "docs/*.tiff"]
)
def test_missing(folder, spool, missing):
    """This test ensures that what is not there is a failure, not an exception, under the user's name."""
    failure = only(resolve_sources(missing, spool=spool))

    kind = "SourceError" if "\x00" in missing else "SourceNotFound"
    assert (missing, kind) == (failure.name, failure.kind)


def test_unreadable(folder, spool, monkeypatch):
    """This test ensures that a file that may not be read is a failure that says so."""

    def refuse(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    failure = only(resolve_sources("docs/b.PDF", spool=spool))

    assert SourceFailure("docs/b.PDF", "SourceError", "It cannot be read: Permission denied.") == failure


def test_no_ordinary_file(tmp_path, spool):
    """This test ensures that a pipe is refused at once rather than waited for."""
    os.mkfifo(tmp_path / "pipe.pdf")
    failure = only(resolve_sources(tmp_path / "pipe.pdf", spool=spool))

    assert "SourceUnsupported" == failure.kind


def test_folder(folder, spool):
    """This test ensures that a folder gives its own files by content and in order, named as the user would."""
    found = list(resolve_sources("docs", spool=spool))

    assert ["docs/a.png", "docs/b.PDF", "docs/scan"] == names(found)
    assert ["image/png", "application/pdf", "image/jpeg"] == [item.media_type for item in found]
    assert str(folder / "docs" / "a.png") == found[0].canonical


def test_folder_reports_broken_files(folder, spool):
    """This test ensures that a file that is named like one of ours and is none is not passed over in silence."""
    (folder / "docs" / "broken.pdf").write_bytes(b"")
    (folder / "docs" / "dangling.png").symlink_to("nowhere")
    found = list(resolve_sources("docs/", spool=spool))

    assert ["docs/a.png", "docs/b.PDF", "docs/broken.pdf", "docs/dangling.png", "docs/scan"] == names(found)
    assert ["SourceUnsupported", "SourceNotFound"] == [item.kind for item in found if isinstance(item, SourceFailure)]


def test_recursive_folder(folder, spool):
    """This test ensures that subfolders are entered when asked for, and a link back up does no harm."""
    (folder / "docs" / "deep" / "up").symlink_to(folder / "docs")
    found = resolve_sources("docs", spool=spool, recursive=True)

    assert ["docs/a.png", "docs/b.PDF", "docs/deep/c.pdf", "docs/scan"] == names(found)


def test_empty_folder(folder, spool):
    """This test ensures that a folder with nothing to read is one failure, with the way to look deeper."""
    (folder / "docs" / "deep" / "c.pdf").rename(folder / "docs" / "deep" / "deeper.txt")
    (folder / "empty").mkdir()
    failure = only(resolve_sources("empty", spool=spool))

    assert ("empty", "SourceNotFound") == (failure.name, failure.kind)
    assert "empty/**/*" in failure.message


def test_folder_that_cannot_be_listed(folder, spool, monkeypatch):
    """This test ensures that a subfolder without permission costs itself alone."""
    scandir = os.scandir

    def refuse(path):
        if os.fspath(path).endswith("deep"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = list(resolve_sources("docs", spool=spool, recursive=True))

    assert ["docs/a.png", "docs/b.PDF", "docs/deep", "docs/scan"] == names(found)
    assert "SourceError" == found[2].kind


def test_pattern(folder, spool):
    """This test ensures that a pattern gives its matches in order, by content, without hidden files."""
    assert ["docs/a.png", "docs/b.PDF", "docs/scan"] == names(resolve_sources("docs/*", spool=spool))
    assert ["docs/b.PDF", "docs/deep/c.pdf"] == names(resolve_sources("docs/**/*.[pP]*[fF]", spool=spool))


def test_pattern_that_matches_a_folder(folder, spool):
    """This test ensures that folders that a pattern matches are entered only when asked for."""
    assert ["SourceNotFound"] == [item.kind for item in resolve_sources("docs/d*", spool=spool)]
    assert ["docs/deep/c.pdf"] == names(resolve_sources("docs/d*", spool=spool, recursive=True))


def test_brackets_in_a_name(folder, spool):
    """This test ensures that a file with the very name comes before the pattern."""
    (folder / "report[1].pdf").write_bytes(PDF)
    (folder / "report1.pdf").write_bytes(PDF)

    assert ["report[1].pdf"] == names(resolve_sources("report[1].pdf", spool=spool))


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes(spool, kind):
    """This test ensures that bytes are spooled and named by their hash."""
    source = only(resolve_sources(kind(PNG), spool=spool))

    digest = hashlib.sha256(PNG).hexdigest()
    assert (f"bytes:{digest[:12]}", digest) == (source.name, source.sha256)
    assert source.name == source.canonical
    assert PNG == Path(source.path).read_bytes()


def test_named_bytes(spool):
    """This test ensures that bytes and files take the name that they are given."""
    source = only(resolve_sources(PDF, spool=spool, name="mail/report.pdf"))

    assert ("mail/report.pdf", "mail/report.pdf", "report.pdf") == (source.name, source.canonical, source.file_name)


def test_named_file(folder, spool):
    """This test ensures that a name given for a file leaves its canonical name alone."""
    source = only(resolve_sources("docs/b.PDF", spool=spool, name="Report"))

    assert ("Report", str(folder / "docs" / "b.PDF")) == (source.name, source.canonical)


def test_file_objects(folder, spool):
    """This test ensures that binary streams are read from where they stand and named if they have a name."""
    unnamed = io.BytesIO(b"header of a mail " + JPEG)
    unnamed.seek(17)
    with Path("docs/b.PDF").open("rb") as named:
        found = list(resolve_sources([unnamed, named], spool=spool))

    assert [f"bytes:{hashlib.sha256(JPEG).hexdigest()[:12]}", "docs/b.PDF"] == names(found)
    assert [JPEG, PDF] == [Path(item.path).read_bytes() for item in found]
    assert ["docs/b.PDF"] == [item.canonical for item in found[1:]]


class Stream:
    """Gives `size` bytes and remembers the largest read."""

    def __init__(self, size, *, breaks=False):
        self.left = size
        self.largest = 0
        self.breaks = breaks

    def read(self, count=-1):
        self.largest = max(self.largest, count if count >= 0 else self.left)
        if not self.left and self.breaks:
            raise RuntimeError("the connection was lost")
        given = min(count, self.left) if count >= 0 else self.left
        block = (PDF if self.left == given or self.largest == count else b"")[:given].ljust(given, b" ")
        self.left -= given
        return block


def test_stream_in_blocks(spool):
    """This test ensures that a large stream is never read at once."""
    stream = Stream(5_000_000)
    source = only(resolve_sources(stream, spool=spool))

    assert 5_000_000 == source.size_bytes
    assert 0 < stream.largest <= 1 << 20


@pytest.mark.parametrize(
    ("stream", "kind", "words"),
    [
        (Stream(2_000_000, breaks=True), "SourceError", "the connection was lost"),
        (io.StringIO("text"), "SourceUnsupported", "rb"),
        (io.BytesIO(b""), "SourceUnsupported", "empty"),
        (io.BytesIO(b"%!PS"), "SourceUnsupported", "PostScript"),
    ],
)
def test_stream_fails(spool, stream, kind, words):
    """This test ensures that a stream that fails is a failure and leaves no copy behind."""
    kept = only(resolve_sources(PDF, spool=spool))
    failure = only(resolve_sources(stream, spool=spool))

    assert kind == failure.kind
    assert words in failure.message
    assert [kept.path] == [str(path) for path in Path(kept.path).parent.iterdir()]


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
    assert ("bucket/missing.pdf", "SourceNotFound") == (missing.name, missing.kind)
    assert SourceFailure("down.pdf", "SourceError", "It cannot be read: ConnectionError: no route.") == down


@pytest.mark.parametrize(
    ("url", "name", "words"),
    [
        ("https://me:key@example.org/a.pdf?token=1#p", "https://example.org/a.pdf", "download it first"),
        ("s3://bucket/a.pdf", "s3://bucket/a.pdf", "fs="),
    ],
)
def test_url(spool, url, name, words):
    """This test ensures that a URL is refused with the way out, and that no secret in it is repeated."""
    failure = only(resolve_sources(url, spool=spool))

    assert (name, "SourceUnsupported") == (failure.name, failure.kind)
    assert words in failure.message


def test_mixed_and_nested(folder, spool):
    """This test ensures that lists keep their order, failures at their places, whatever they are made of."""
    given = ["docs/scan", ("nowhere.pdf", [PNG]), (path for path in [Path("docs")])]
    given.append(only(resolve_sources("docs/a.png", spool=spool, name="again")))
    found = names(resolve_sources(given, spool=spool))

    png = f"bytes:{hashlib.sha256(PNG).hexdigest()[:12]}"
    assert ["docs/scan", "nowhere.pdf", png, "docs/a.png", "docs/b.PDF", "docs/scan", "again"] == found


def test_lazy(folder, spool):
    """This test ensures that a source is taken when it is asked for, and not before."""
    found = resolve_sources(["docs/a.png", "docs/b.PDF", "later.pdf"], spool=spool)
    first = next(found)
    Path("docs/b.PDF").unlink()
    Path("later.pdf").write_bytes(PDF)

    assert ["docs/a.png", "SourceNotFound", "later.pdf"] == [first.name, next(found).kind, next(found).name]


@pytest.mark.parametrize("source", [None, 7, {"a.pdf": 1}, [None]])
def test_not_a_source(spool, source):
    """This test ensures that something that can be no source is the caller's error."""
    with pytest.raises(SettingsError, match="a binary file object"):
        list(resolve_sources(source, spool=spool))


def test_one_name_for_many(spool):
    """This test ensures that a name for several sources is refused at once."""
    with pytest.raises(SettingsError, match="names one source"):
        resolve_sources(["a.pdf"], spool=spool, name="x")


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


def test_a_hostile_head_is_given_up_on_at_once(folder, spool):
    """This test ensures that a file that begins with hundreds of comments costs no more than any other."""
    (folder / "comments").write_bytes(b"<!---->" * 140)

    started = time.monotonic()
    failure = only(resolve_sources("comments", spool=spool))

    assert time.monotonic() - started < 1.0
    assert "plain text" in failure.message
