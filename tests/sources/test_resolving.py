from __future__ import annotations

import hashlib
import io
import os
import time
from pathlib import Path

import pytest

from dsocr_loaders.errors import SettingsError
from dsocr_loaders.sources import resolve_sources
from dsocr_loaders.values import Source, SourceFailure

PDF = b"%PDF-1.7\nnothing more is looked at here"
PNG = b"\x89PNG\r\n\x1a\n and so on"
JPEG = b"\xff\xd8\xff\xe0 and so on"


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
    assert [kept.path] == [str(path) for path in Path(kept.path).parent.glob("[!.]*")]


def test_url_of_a_file_system(spool):
    """This test ensures that a URL that is not fetched is refused with the way out, and no secret in it repeated."""
    failure = only(resolve_sources("s3://me:key@bucket/a.pdf?token=1#p", spool=spool))

    assert ("s3://bucket/a.pdf", "SourceUnsupported") == (failure.name, failure.kind)
    assert "fs=" in failure.message


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


def test_a_hostile_head_is_given_up_on_at_once(folder, spool):
    """This test ensures that a file that begins with hundreds of comments costs no more than any other."""
    (folder / "comments").write_bytes(b"<!---->" * 140)

    started = time.monotonic()
    failure = only(resolve_sources("comments", spool=spool))

    assert time.monotonic() - started < 1.0
    assert "plain text" in failure.message
