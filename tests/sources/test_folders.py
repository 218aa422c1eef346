from __future__ import annotations

import os
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from dsocr_loaders.settings import Limits
from dsocr_loaders.sources import resolve_sources
from dsocr_loaders.values import SourceFailure

PDF = b"%PDF-1.7\nnothing more is looked at here"


def names(resolved):
    return [item.name for item in resolved]


def only(resolved):
    (item,) = resolved
    return item


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


@contextmanager
def locked_folder(folder):
    """Make a folder that this process may not list, whoever runs it."""
    os.chmod(folder, 0)  # noqa: PTH101 - as below
    is_root = os.geteuid() == 0
    if is_root:  # whom no lock keeps out
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        os.chmod(folder, 0o755)  # noqa: PTH101, S103 - a path that only root may resolve


def test_unreadable_folders(monkeypatch):
    """This test ensures that a folder without permission, really locked, is named, and costs nothing but itself."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)
        (folder / "locked").mkdir()
        (folder / "locked" / "b.pdf").write_bytes(PDF)
        (folder / "a.pdf").write_bytes(PDF)
        (folder / "c.pdf").write_bytes(PDF)
        ways = {"folder": folder, "inside": folder / "locked" / "b.pdf", "pattern": f"{folder}/**/*.pdf"}
        with locked_folder(folder / "locked"):
            monkeypatch.setattr("os.getcwd", lambda: made)
            found = {
                way: [
                    (Path(each.name).name, each.message if isinstance(each, SourceFailure) else "")
                    for each in resolve_sources(path, spool=None, recursive=True)
                ]
                for way, path in ways.items()
            }

    refused = "The folder cannot be listed: Permission denied."
    assert [("a.pdf", ""), ("c.pdf", ""), ("locked", refused)] == found["folder"]
    assert [("b.pdf", "It cannot be read: Permission denied.")] == found["inside"]
    assert [("a.pdf", ""), ("c.pdf", ""), ("locked", refused)] == found["pattern"]


def test_rings_of_links(folder, spool):
    """This test ensures that links that lead back up make neither a folder nor a pattern go round, or twice."""
    for name in ("up", "again", "once-more"):
        (folder / "docs" / "deep" / name).symlink_to(folder / "docs")
    (folder / "docs" / "self").symlink_to("self")
    started = time.monotonic()

    wanted = ["docs/a.png", "docs/b.PDF", "docs/deep/c.pdf", "docs/scan"]
    assert wanted == names(resolve_sources("docs", spool=spool, recursive=True))
    assert wanted == names(resolve_sources("docs/**", spool=spool))
    assert wanted == names(resolve_sources("docs/**/**/*", spool=spool))
    assert time.monotonic() - started < 2.0


def test_nesting(folder, spool):
    """This test ensures that folders deeper than the limit are a failure that names it, in folders and patterns."""
    deep = folder / "docs" / "deep" / "1" / "2"
    deep.mkdir(parents=True)
    (deep / "e.pdf").write_bytes(PDF)
    limits = Limits(nesting=2)
    ways = [resolve_sources(way, spool=spool, recursive=True, limits=limits) for way in ("docs", "docs/**/*.pdf")]

    for way in ways:
        failure = next(item for item in way if isinstance(item, SourceFailure))
        assert ("docs/deep/1/2", "LimitExceeded") == (failure.name, failure.kind)
        assert "limits.nesting=2" in failure.message


def test_a_hidden_folder_by_its_name(folder, spool):
    """This test ensures that a pattern that names a hidden folder means it."""
    (folder / "docs" / ".cache").mkdir()
    (folder / "docs" / ".cache" / "f.pdf").write_bytes(PDF)

    assert ["docs/.cache/f.pdf"] == names(resolve_sources("docs/.cache/*.pdf", spool=spool))
    assert ["docs/.cache/f.pdf", "docs/.hidden.pdf"] == names(resolve_sources(["docs/.c*/*", "docs/.h*"], spool=spool))


def test_an_absolute_pattern(folder, spool):
    """This test ensures that a pattern from the root, with folders in it, gives absolute names."""
    pattern = f"{folder}/d*/[ab]*"

    assert [f"{folder}/docs/a.png", f"{folder}/docs/b.PDF"] == names(resolve_sources(pattern, spool=spool))
