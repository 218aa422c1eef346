"""Saved crops of figures: both faces, names, reruns, and folders that cannot be written into."""

from __future__ import annotations

import asyncio
import io
import os
from pathlib import Path

import pymupdf
import pytest
from PIL import Image

from dsocr_loaders import OutputError, PagesFailed, Reader
from dsocr_loaders.crops import CROP_DPI, CropFolder
from dsocr_loaders.testing import ScriptedEngine
from dsocr_loaders.values import PageStatus

pytestmark = pytest.mark.usefixtures("warm_page_workers")

FIGURE = "<|ref|>image<|/ref|><|det|>[[250, 250, 749, 500]]<|/det|>\n\n"
CAPTION = "<|ref|>image_caption<|/ref|><|det|>[[250, 510, 749, 530]]<|/det|>\nFigure 1: A square\n"


@pytest.fixture
def pictured(tmp_path):
    """Return a PDF of two pages, each with a blue rectangle where the answers say that a figure is."""
    path = tmp_path / "in" / "pictured.pdf"
    path.parent.mkdir()
    with pymupdf.open() as pdf:
        for _ in range(2):
            page = pdf.new_page(width=400, height=600)
            page.draw_rect(pymupdf.Rect(100, 150, 300, 300), fill=(0, 0, 1), color=None)
        pdf.save(path)
    return path


@pytest.fixture
def engine():
    engine = ScriptedEngine(FIGURE + CAPTION)
    yield engine
    engine.close()


def crops(document):
    return [region.image_path for page in document.pages for region in page.regions if region.image_path]


def test_crops_are_off_by_default(pictured, engine):
    """This test ensures that nothing is saved unasked."""
    with Reader(engine) as reader:
        assert [] == crops(reader.read(pictured))


def test_both_faces_save_the_same_files(pictured, engine, tmp_path):
    """This test ensures that each figure is one PNG at full resolution, found from its region, whoever asked."""
    first, second = tmp_path / "one", tmp_path / "two"
    with Reader(engine, save_images=first) as reader:
        document = reader.read(pictured)
    with Reader(engine, save_images=str(second)) as reader:
        other = asyncio.run(reader.aread(pictured))
    prefix = document.source.sha256[:16]
    names = [f"{prefix}-page-1-region-0.png", f"{prefix}-page-2-region-0.png"]

    assert [str(first / name) for name in names] == crops(document)
    assert [str(second / name) for name in names] == crops(other)
    assert sorted(names) == sorted(path.name for path in first.iterdir())
    assert (first / names[0]).read_bytes() == (second / names[0]).read_bytes()
    with Image.open(first / names[0]) as picture:
        assert ("PNG", round(200 / 72 * CROP_DPI)) == (picture.format, pytest.approx(picture.width, abs=3))
        assert (0, 0, 255) == picture.getpixel((picture.width // 2, picture.height // 2))


def test_a_rerun_leaves_files_alone(pictured, engine, tmp_path):
    """This test ensures that files which are there already are not written again, and spoilt ones are."""
    with Reader(engine, save_images=tmp_path / "out") as reader:
        kept, spoilt = map(Path, crops(reader.read(pictured)))
        os.utime(kept, (1, 1))
        right = spoilt.read_bytes()
        spoilt.write_bytes(b"half a fi")
        reader.read(pictured)

    assert (1, right) == (int(kept.stat().st_mtime), spoilt.read_bytes())


def test_relative_folders(pictured, engine, tmp_path, monkeypatch):
    """This test ensures that the path in the metadata stays right when the working directory changes."""
    monkeypatch.chdir(tmp_path)
    with Reader(engine, save_images="here") as reader:
        paths = crops(reader.read(pictured))

    assert [str(tmp_path / "here")] * 2 == [str(Path(path).parent) for path in paths]


def test_a_folder_that_cannot_be_made(pictured, engine, tmp_path):
    """This test ensures that a folder which cannot be written into is told before anything is read."""
    (tmp_path / "file").write_text("in the way")
    with Reader(engine, save_images=tmp_path / "file" / "crops") as reader:
        with pytest.raises(OutputError, match=r"save_images=.*crops: the folder cannot be made"):
            reader.read(pictured)
        with pytest.raises(OutputError, match="cannot be made"):
            asyncio.run(reader.aload(pictured))

    assert [] == engine.requests


class FullDisk(CropFolder):
    """Has room for `room` crops."""

    room = 0

    def _put(self, path, data):
        if data and self.room == 0:
            raise OutputError(f"{path}: the crop cannot be written (No space left on device).")
        self.room -= bool(data)
        return super()._put(path, data)


@pytest.mark.parametrize("room", [0, 1])
def test_a_full_disk_loses_crops_alone(pictured, engine, tmp_path, monkeypatch, room):
    """This test ensures that every page is handed on, with the crops that there was room for, before the error."""
    monkeypatch.setattr(FullDisk, "room", room)
    monkeypatch.setattr("dsocr_loaders.crops.CropFolder", FullDisk)
    handed_on = []
    with Reader(engine, save_images=tmp_path / "out") as reader:
        with pytest.raises(OutputError, match=r"Everything was read, but .* \(No space left"):
            handed_on.extend(reader.iter_pages(pictured))
        monkeypatch.setattr(FullDisk, "room", 0)
        with pytest.raises(OutputError) as caught:
            reader.read(pictured)

    assert [(PageStatus.OK, 2)] * 2 == [(page.status, len(page.regions)) for page in handed_on]
    assert [True] * room + [False] * (2 - room) == [bool(page.regions[0].image_path) for page in handed_on]
    assert [1, 2] == [page.page_number for page in caught.value.results]


def test_failed_pages_weigh_more(pictured, tmp_path, monkeypatch):
    """This test ensures that a run with failed pages and missing crops raises for the pages, with every result."""
    monkeypatch.setattr("dsocr_loaders.crops.CropFolder", FullDisk)
    engine = ScriptedEngine({1: FIGURE, 2: ValueError("broken")})
    with Reader(engine, save_images=tmp_path / "out") as reader:
        with pytest.raises(PagesFailed) as caught:
            reader.load(pictured)
        with pytest.raises(PagesFailed):
            list(reader.lazy_load(pictured))
    engine.close()

    assert [1, 2] == [page.page_number for page in caught.value.results]


def test_folder_refuses_what_it_cannot_write(tmp_path):
    """This test ensures that an error of the file system is an OutputError that names the file, and leaves no rest."""
    folder = CropFolder(str(tmp_path))
    (tmp_path / "crop.png").mkdir()
    with pytest.raises(OutputError, match=r"crop\.png: the crop cannot be written"):
        folder.save(tmp_path / "crop.png", b"data")

    assert ["crop.png"] == [path.name for path in tmp_path.iterdir()]


def test_a_caller_that_stops_early(pictured, engine, tmp_path):
    """This test ensures that a closed iterator ends the crops that are under way, and nothing is left half written."""
    with Reader(engine, save_images=tmp_path / "out") as reader:
        pages = reader.iter_pages(pictured)
        next(pages)
        pages.close()

    for path in (tmp_path / "out").iterdir():
        with Image.open(io.BytesIO(path.read_bytes())) as picture:
            picture.load()
