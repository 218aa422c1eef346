"""Born-digital PDFs made with PyMuPDF, and the way to read them as a page worker does."""

from __future__ import annotations

from hashlib import sha256

import pymupdf
import pytest

from dsocr_loaders.engines.text_layer import TextLayerEngine
from dsocr_loaders.values import Decoding, PageImage, ReadRequest, Source, Task

LOREM = (
    "The retrieval of passages from long documents depends on the quality of the text that was taken from them. "
    "Recognition of characters has improved considerably, yet many files carry their own text layer, which is exact. "
    "We describe a method that reads it in the order in which a person would and keeps the place of every line. "
)


class Reader:
    """Prepares the pages of documents with one engine."""

    def __init__(self, folder):
        self.folder = folder
        self.engine = TextLayerEngine()

    def source(self, document, name="report.pdf", media_type="application/pdf", **options):
        data = document if isinstance(document, bytes) else document.tobytes(**options)
        digest = sha256(data).hexdigest()
        path = self.folder / f"{digest}.pdf"
        path.write_bytes(data)
        return Source(name, str(path), digest, media_type, len(data), str(path))

    def prepare(self, source, page_number=1, engine=None):
        page = PageImage(source, page_number, str(page_number), 595, 842, "pt")
        request = ReadRequest(page, Task.DOCUMENT, "", "gundam", Decoding())
        return (engine or self.engine).prepare(page, request)

    def regions(self, document, page_number=1):
        return self.prepare(self.source(document), page_number).payload.regions


@pytest.fixture
def reader(tmp_path):
    made = Reader(tmp_path)
    yield made
    made.engine.close()


@pytest.fixture
def a4():
    """An empty document with one A4 page, and that page."""
    document = pymupdf.open()
    return document, document.new_page(width=595, height=842)


@pytest.fixture
def lorem():
    return LOREM


@pytest.fixture
def paper(a4):
    """A page of a paper: full-width title and abstract above two columns, header and page numbers."""
    document, page = a4
    page.insert_text((50, 30), "Proceedings of Nothing 2024", fontsize=8)
    page.insert_text((520, 30), "17", fontsize=8)
    title = "Reading the Text Layer of Born-Digital Documents in Natural Order"
    page.insert_textbox((60, 60, 535, 130), title, fontsize=18, fontname="tibo", align=1)
    page.insert_textbox((80, 150, 515, 240), "Abstract. " + LOREM, fontsize=9, fontname="tiro", align=3)
    columns = {
        50: [("1 Introduction", True), ("Alpha. " + LOREM * 2, False), ("1.1 Background", True)],
        313: [("Beta. " + LOREM, False), ("2 Method", True), ("Gamma. " + LOREM, False)],
    }
    for x, texts in columns.items():
        y = 240
        for text, is_heading in texts:
            if is_heading:
                page.insert_text((x, y + 12), text, fontsize=12, fontname="tibo")
                y += 20
                continue
            box = pymupdf.Rect(x, y, x + 232, 780)
            y += box.height - page.insert_textbox(box, text, fontsize=10, fontname="tiro", align=3) + 8
    page.insert_text((50, y - 8 + 20), "Delta closes the left column", fontsize=10, fontname="tiro")
    page.insert_textbox((50, 790, 545, 810), "3", fontsize=9, fontname="tiro", align=1)
    return document


@pytest.fixture
def report(a4):
    """A page of a report: a ruled table with merged cells, an image, both with captions, and a footer."""
    document, page = a4
    page.insert_htmlbox((50, 50, 545, 300), f"<h1>Annual Report 2024</h1><p>{LOREM}</p><h2>Revenue</h2><p>{LOREM}</p>")
    ys = (350, 372, 394, 430, 452)
    for y in ys:
        page.draw_line((200 if y == 372 else 60, y), (535, y))
    for x in (60, 200, 290, 380, 535):
        page.draw_line((x, 372 if x == 290 else 350), (x, 452))
    for x, y, text in (
        (60, 350, "Segment"),
        (200, 350, "Million euros"),
        (380, 350, "Change"),
        (200, 372, "2023"),
        (290, 372, "2024"),
        (380, 372, "percent & sign"),
        (60, 394, "Cloud and host-"),
        (60, 406, "ing"),
        (200, 394, "120.5"),
        (290, 394, "140.1"),
        (380, 394, "+16 % <est.>"),
        (60, 430, "Devices"),
        (200, 430, "80.0"),
        (290, 430, "75.5"),
    ):
        page.insert_text((x + 4, y + 15), text, fontsize=9)
    page.insert_text((60, 466), "Table 1: Revenue by segment.", fontsize=9)
    pixmap = pymupdf.Pixmap(pymupdf.csRGB, pymupdf.IRect(0, 0, 80, 50))
    pixmap.clear_with(180)
    page.insert_image(pymupdf.Rect(150, 500, 450, 640), pixmap=pixmap, keep_proportion=False)
    page.insert_text((190, 655), "Figure 2. Our headquarters at night", fontsize=9)
    page.insert_text((50, 820), "Example Corp. Annual Report", fontsize=8)
    page.insert_text((510, 820), "Page 4 of 10", fontsize=8)
    return document


@pytest.fixture
def manual(a4):
    """A page of a manual: numbered headings, nested bullets, numbered steps."""
    document, page = a4
    page.insert_htmlbox(
        (60, 60, 535, 780),
        """<h1>Coffee Machine X200</h1><h2>2.1 Before first use</h2>
        <p>Read this manual before you use the machine. Keep it where everybody who uses the machine finds it.</p>
        <ul><li>Rinse the water tank with fresh and clear water, and fill it up to the mark that is on its outer side.
        </li><li>Wipe the outside.</li><li>Connect the machine:<ul><li>to the mains</li><li>to the water</li></ul></li>
        </ul><h2>2.2 Making coffee</h2><ol><li>Press the power button and wait until the green light is on, which takes
        about two minutes when the machine is cold.</li><li>Put a cup under the spout.</li></ol><p>It stops alone.</p>
        """,
    )
    return document
