"""Marks on pages: where they are, what they look like, and what is refused."""

from __future__ import annotations

import hashlib
import io
import json
import sys
from types import SimpleNamespace

import pymupdf
import pypdfium2
import pytest
from PIL import Image

from dsocr_loaders.citations import highlight
from dsocr_loaders.errors import MissingDependency, PasswordRequired, SettingsError, SourceError
from dsocr_loaders.geometry import Box, box_to_pixels
from dsocr_loaders.pages import PageWorker
from dsocr_loaders.pages.annotating import AnnotateJob, annotated_pdf
from dsocr_loaders.pages.jobs import OpenOptions
from dsocr_loaders.pages.workbench import Workbench
from dsocr_loaders.settings import Limits

UPPER = (0.2, 0.25, 0.8, 0.5)
LOWER = (0.2, 0.75, 0.6, 0.9)


def item(path, *pieces, **more):
    """Return the metadata of a chunk with pieces `(page_number, box, is_exact)`."""
    rows = [[page, *box, "text", int(is_exact), 0, 1] for page, box, is_exact in pieces]
    return {
        "source": str(path),
        "source_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "page_number": 1,
        "regions": json.dumps(rows),
        **more,
    }


@pytest.fixture(scope="module", autouse=True)
def _one_worker():
    """Let all calls of this module share a page worker, since starting one takes as long as most tests."""
    with PageWorker() as worker, pytest.MonkeyPatch.context() as patch:
        patch.setattr("dsocr_loaders.citations.PageWorker", lambda: _Kept(worker))
        yield


class _Kept:
    def __init__(self, worker):
        self._worker = worker

    def __enter__(self):
        return self._worker

    def __exit__(self, *_):
        return None


@pytest.fixture
def report(make_pdf):
    return make_pdf("One.", "Two.", "Three.")


def picture_of(page):
    return Image.open(io.BytesIO(page.png))


def colored(picture, background=(255, 255, 255)):
    """Return the hull of all pixels that are neither grey nor the background, as shares of the picture."""
    pixels = picture.convert("RGB").load()
    places = [
        (x, y)
        for y in range(picture.height)
        for x in range(picture.width)
        if max(pixels[x, y]) - min(pixels[x, y]) > 20 and pixels[x, y] != background
    ]
    xs, ys = [x for x, _ in places], [y for _, y in places]
    return min(xs) / picture.width, min(ys) / picture.height, max(xs) / picture.width, max(ys) / picture.height


class TestPictures:
    def test_pages_in_order(self, report):
        """This test ensures that each page with a mark is there once, in page order, and says whose marks it has."""
        items = [item(report, (3, UPPER, True)), item(report, (1, UPPER, True), (3, LOWER, True))]

        pages = highlight(items, report, dpi=72)

        assert [(1, (1,)), (3, (0, 1))] == [(page.page_number, page.items) for page in pages]
        assert [(200, 120)] * 2 == [picture_of(page).size for page in pages]

    def test_places(self, report):
        """This test ensures that a place is filled, and nothing far from it."""
        (page,) = highlight(item(report, (2, UPPER, True)), report, dpi=144)

        picture = picture_of(page)
        left, top, right, bottom = box_to_pixels(Box(*UPPER), width_px=picture.width, height_px=picture.height)
        inside = picture.getpixel(((left + right) // 2, bottom - 8))
        assert inside not in {(255, 255, 255), (0, 0, 0)}
        assert (255, 255, 255) == picture.getpixel((right + 20, (top + bottom) // 2))
        assert (255, 255, 255) == picture.getpixel(((left + right) // 2, bottom + 20))

    @pytest.mark.parametrize(("source", "shades"), [("model", 1), ("estimated", 2)])
    def test_rows_of_a_table_are_one_place(self, report, source, shades):
        """This test ensures that rows that touch have one frame, solid if the box of the table is known."""
        x0, y0, x1, y1 = UPPER
        middle = round((y0 + y1) / 2, 4)
        rows = [[1, x0, y0, x1, middle, "table", 0, 0, 1], [1, x0, middle, x1, y1, "table", 0, 1, 2]]
        more = {"regions": json.dumps(rows), "bbox_source": source, "table_parts": 1}

        (page,) = highlight(item(report, **more), report, dpi=144)

        picture = picture_of(page)
        left, top, right, bottom = box_to_pixels(Box(*UPPER), width_px=picture.width, height_px=picture.height)
        assert shades == len({picture.getpixel((x, bottom)) for x in range(left, right)})
        assert 1 == len({picture.getpixel((right - 20, y)) for y in range(top + 4, bottom - 4)})

    def test_items_differ_in_color(self, report):
        """This test ensures that two items can be told apart."""
        items = [item(report, (1, UPPER, True)), item(report, (1, LOWER, True))]

        (page,) = highlight(items, report, dpi=144)

        picture = picture_of(page)
        assert picture.getpixel((300, 110)) != picture.getpixel((180, 200))

    def test_numbers_do_not_hide_each_other(self, report):
        """This test ensures that parts of a table, which share its caption, are numbered beside their own rows."""
        rows = (0.5, 0.7, 0.9, 0.9)
        table = (0.5, 0.4, 0.9, 0.9)
        items = [item(report, (1, UPPER, True), (1, table, True)), item(report, (1, UPPER, True), (1, rows, True))]

        (page,) = highlight(items, report, dpi=288)

        picture = picture_of(page)
        corners = [(round(picture.width * 0.5) - 5, round(picture.height * top)) for top in (0.4, 0.7)]
        assert [(230, 120, 0), (0, 110, 200)] == [picture.getpixel(corner) for corner in corners]

    def test_same_place(self, report):
        """This test ensures that of two items in one place both numbers are there, side by side."""
        one, two = (highlight([item(report, (1, UPPER, True))] * count, report, dpi=288)[0] for count in (1, 2))

        found = [{color: n for n, color in picture_of(page).getcolors(100_000)} for page in (one, two)]

        assert 0 == found[0].get((0, 110, 200), 0)
        assert found[0][230, 120, 0] > 300
        assert found[1][0, 110, 200] > 300
        assert found[1][230, 120, 0] > 100

    def test_estimates_are_dashed(self, report):
        """This test ensures that the frame of an exact place is solid and that of an estimate has gaps."""
        shades = []
        for is_exact in (True, False):
            (page,) = highlight(item(report, (1, LOWER, is_exact)), report, dpi=144)
            picture = picture_of(page)
            left, _, right, bottom = box_to_pixels(Box(*LOWER), width_px=picture.width, height_px=picture.height)
            shades.append(len({picture.getpixel((x, bottom)) for x in range(left, right)}))

        assert [1, 2] == shades

    def test_place_unknown(self, report):
        """This test ensures that items without pieces have the frame of their box, or of their pages."""
        whole = item(report, page_end=2)
        boxed = item(report, page_number=3, bbox_x0=0.2, bbox_y0=0.75, bbox_x1=0.6, bbox_y1=0.9)

        pages = highlight([whole, boxed], report, dpi=72)

        assert [(1, (0,)), (2, (0,)), (3, (1,))] == [(page.page_number, page.items) for page in pages]

    def test_images(self, tmp_path):
        """This test ensures that a page image gives its own pixels."""
        path = tmp_path / "scan.png"
        Image.new("RGB", (300, 400), "white").save(path)

        (page,) = highlight(item(path, (1, UPPER, True)), path, dpi=72)

        assert (300, 400) == picture_of(page).size


class TestWhatIsTaken:
    def test_forms_of_items(self, report):
        """This test ensures that nodes, nodes with a score, documents and metadata are taken, one or several."""
        metadata = item(report, (1, UPPER, True))
        node = SimpleNamespace(metadata=metadata, text="One.")
        scored = SimpleNamespace(node=node, score=0.5)

        pictures = [highlight(each, report, dpi=36)[0].png for each in (metadata, node, scored, [node], (scored,))]

        assert 1 == len(set(pictures))

    def test_other_files_are_left_out(self, report, make_pdf):
        """This test ensures that items of other files are left out and keep their number."""
        other = make_pdf("Other.", name="other.pdf")

        (page,) = highlight([item(other, (1, UPPER, True)), item(report, (2, UPPER, True))], report, dpi=36)

        assert (2, (1,)) == (page.page_number, page.items)

    def test_no_item_of_this_file(self, report, make_pdf):
        """This test ensures that a file that none comes from is an error that names the files they come from."""
        other = make_pdf("Other.", name="other.pdf")

        with pytest.raises(SourceError, match=r"report.pdf: none of the 1 items comes from this file.*other.pdf"):
            highlight(item(other, (1, UPPER, True)), report)

    @pytest.mark.parametrize("items", [{}, {"source_sha256": "0"}, SimpleNamespace(metadata={}), [object()]])
    def test_items_without_metadata(self, report, items):
        """This test ensures that an item that was not made by this package is named."""
        with pytest.raises(SettingsError, match=r"Item 1 .* has no source_sha256 and page_number"):
            highlight(items, report)

    @pytest.mark.parametrize("regions", ['[[1,0,0,2,1,"text",1,0,1]]', "{", "[5]", '[["one",0,0,1,1,"text",1,0,1]]'])
    def test_regions_that_cannot_be_read(self, report, regions):
        """This test ensures that metadata that was damaged on its way is an error with the item's position."""
        with pytest.raises(SettingsError, match="Item 1 has regions or boxes that cannot be read"):
            highlight(item(report, regions=regions), report)

    def test_forms_that_are_none(self, report):
        """This test ensures that an unknown form, or no items at all, are refused with words."""
        with pytest.raises(SettingsError, match="allowed: images or pdf"):
            highlight(item(report, (1, UPPER, True)), report, form="html")
        with pytest.raises(SettingsError, match="items=int is not allowed"):
            highlight(5, report)
        with pytest.raises(SourceError, match="none of the 0 items"):
            highlight([], report)

    def test_missing_file(self, tmp_path):
        """This test ensures that a file that is not there is named."""
        with pytest.raises(SourceError, match=r"gone.pdf"):
            highlight({"source_sha256": "0", "page_number": 1}, tmp_path / "gone.pdf")


def drawn_by(library, data, page_index, password=None):
    """Return a page as another viewer shows it."""
    if library == "pdfium":
        document = pypdfium2.PdfDocument(data, password=password)
        return document[page_index].render(scale=1, may_draw_forms=False).to_pil()
    with pymupdf.open(stream=data, filetype="pdf") as document:
        if password:
            document.authenticate(password)
        return document[page_index].get_pixmap(alpha=False).pil_image()


class TestAnnotatedPdf:
    @pytest.mark.parametrize("library", ["pdfium", "pymupdf"])
    @pytest.mark.parametrize("rotation", [0, 90, 180, 270])
    @pytest.mark.parametrize("crop", [None, (40, 30, 240, 330)])
    def test_marks_lie_where_the_page_shows_them(self, tmp_path, library, rotation, crop):
        """This test ensures that a mark lies on its place of the page as shown, turned and cropped ones too."""
        path = tmp_path / "turned.pdf"
        with pymupdf.open() as document:
            page = document.new_page(width=300, height=400)
            if crop:
                page.set_cropbox(pymupdf.Rect(*crop))
            page.set_rotation(rotation)
            document.save(path)

        data = highlight(item(path, (1, UPPER, True)), path, form="pdf")

        assert pytest.approx(UPPER, abs=0.02) == colored(drawn_by(library, data, 0))

    def test_pages_stay(self, report):
        """This test ensures that all pages and their text are kept, with an annotation on the marked ones alone."""
        data = highlight([item(report, (2, UPPER, True)), item(report, (2, LOWER, False))], report, form="pdf")

        with pymupdf.open(stream=data, filetype="pdf") as document:
            assert ["One.", "Two.", "Three."] == [page.get_text().strip() for page in document]
            notes = [[mark.info["content"] for mark in page.annots()] for page in document]
        assert [[], ["[1]", "[2], estimated"], []] == notes

    def test_encrypted(self, make_pdf):
        """This test ensures that a copy of an encrypted file needs the same password."""
        path = make_pdf("Secret.", encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="oar", owner_pw="oak")

        with pytest.raises(PasswordRequired):
            highlight(item(path, (1, UPPER, True)), path, form="pdf")
        data = highlight(item(path, (1, UPPER, True)), path, form="pdf", password="oar")  # noqa: S106 - made here

        with pymupdf.open(stream=data, filetype="pdf") as document:
            assert document.needs_pass
            assert document.authenticate("oar")
            assert 1 == len(list(document[0].annots()))

    def test_images(self, tmp_path):
        """This test ensures that a page image becomes a PDF of one page with the mark in its place."""
        path = tmp_path / "scan.png"
        Image.new("RGB", (300, 400), "white").save(path)

        data = highlight(item(path, (1, UPPER, True)), path, form="pdf")

        with pymupdf.open(stream=data, filetype="pdf") as document:
            assert [(300, 400)] == [(page.rect.width, page.rect.height) for page in document]
        assert pytest.approx(UPPER, abs=0.02) == colored(drawn_by("pymupdf", data, 0))

    def test_page_beyond_the_end(self, report):
        """This test ensures that a page that the file does not have is refused with words."""
        with pytest.raises(SettingsError, match="has pages 1 to 3"):
            highlight(item(report, (4, UPPER, True)), report, form="pdf")

    def test_without_pymupdf(self, report, monkeypatch):
        """This test ensures that without PyMuPDF the error says how to install it."""
        monkeypatch.setitem(sys.modules, "pymupdf", None)
        bench = Workbench()
        job = AnnotateJob(SimpleNamespace(name="report.pdf"), (), OpenOptions())

        with pytest.raises(MissingDependency, match=r'pip install "dsocr-loaders\[pymupdf\]"'):
            annotated_pdf(job, SimpleNamespace(total_pages=1))
        bench.close()


def test_limits(report):
    """This test ensures that the user's own limits hold, for the file and for the pixels of a page."""
    hit = item(report, (1, UPPER, True))
    (small,) = highlight(hit, report, limits=Limits(page_pixels=5000))

    width, height = picture_of(small).size
    assert width * height <= 5000
    with pytest.raises(SourceError, match=r"limits\.source_bytes=10"):
        highlight(hit, report, limits=Limits(source_bytes=10))
