"""Files that are deleted, overwritten or replaced while their pages are being read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dsocr_loaders.errors import PagesFailed, SourceError, SourceNotFound
from dsocr_loaders.pages.unchanged import require_unchanged
from dsocr_loaders.pages.workbench import Workbench
from dsocr_loaders.reader import Reader
from dsocr_loaders.sources import Spool, resolve_sources


@pytest.fixture
def source(tmp_path, make_pdf):
    path = tmp_path / "report.pdf"
    path.write_bytes(make_pdf("first", "second").read_bytes())
    with Spool() as spool:
        (found,) = resolve_sources(path, spool=spool)
    return found


def delete(path):
    path.unlink()


def overwrite(path):
    """Keep the length: only the time tells."""
    before = path.stat()
    path.write_bytes(bytes(before.st_size))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))


def append(path):
    """Keep the time: only the length tells."""
    before = path.stat()
    with path.open("ab") as stream:
        stream.write(b"\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace(path):
    other = path.with_name("other.pdf")
    other.write_bytes(path.read_bytes() + b"\n%other")
    other.replace(path)


CHANGES = pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (delete, SourceNotFound, "no longer there"),
        (overwrite, SourceError, "was changed while it was being read"),
        (append, SourceError, "was changed while it was being read"),
        (replace, SourceError, "was changed while it was being read"),
    ],
)


@CHANGES
def test_a_change_between_two_pages(source, render_job, change, error, words):
    """This test ensures that an open file is not trusted: the page after a change fails, and says why."""
    bench = Workbench()
    bench.perform(render_job(source, lambda _page, _request: "prepared", 1))
    change(Path(source.path))

    with pytest.raises(error, match=words):
        bench.perform(render_job(source, lambda _page, _request: "prepared", 2))
    bench.close()


@CHANGES
def test_a_change_during_a_page(source, render_job, change, error, words):
    """This test ensures that what was seen of a page while its file changed is thrown away."""
    bench = Workbench()

    with pytest.raises(error, match=words):
        bench.perform(render_job(source, lambda _page, _request: change(Path(source.path)), 1))
    bench.close()


def test_an_unchanged_file(source):
    """This test ensures that a file that only was looked at, linked or renamed over itself counts as the same."""
    path = Path(source.path)
    path.chmod(0o600)
    path.read_bytes()
    os.link(path, path.with_name("link.pdf"))

    require_unchanged(source)


def test_a_change_during_a_run(tmp_path, make_pdf, warm_page_workers):
    """This test ensures that no document mixes two files: pages from before the change stand, those after it fail."""
    path, whole = tmp_path / "report.pdf", tmp_path / "other.pdf"
    path.write_bytes(make_pdf(*(f"old {number}" for number in range(40))).read_bytes())
    whole.write_bytes(make_pdf("whole").read_bytes())
    new = make_pdf(*(f"new {number}" for number in range(40))).read_bytes()
    pages = []

    def read(reader):
        for page in reader.iter_pages([path, whole]):
            if not pages:
                path.with_name("staged").write_bytes(new)
                path.with_name("staged").replace(path)
            pages.append(page)

    with Reader("text_layer", max_in_flight=1) as reader, pytest.raises(PagesFailed) as caught:
        read(reader)

    texts = [region.text for page in pages for region in page.regions]
    failed = caught.value.results
    assert 41 == len(pages) + len(failed)
    assert ["old 0", "whole"] == [texts[0], texts[-1]]
    assert not any("new" in text for text in texts)
    assert len(failed) > 10
    assert all("report.pdf" in page.error.message and "was changed" in page.error.message for page in failed)
