"""The documents under `examples/`: built by their script, read by both PDF libraries, found by the replay engine.

Another version of PyMuPDF may write other bytes for the same page. Text and looks are therefore compared with every
version, and bytes where the version is the one that the committed file names as its producer.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pymupdf
import pytest
from PIL import Image, ImageChops, ImageStat

from dsocr_loaders.grounding import parse_answer
from dsocr_loaders.pages import pixel_digest
from dsocr_loaders.pages.opening import open_source
from dsocr_loaders.sources import Spool, resolve_sources
from dsocr_loaders.values import RegionType

EXAMPLES = Path(__file__).parent.parent / "examples"
PDFS = sorted(str(path.relative_to(EXAMPLES)) for path in EXAMPLES.glob("*/*.pdf"))
DARK = 140  # grey level below which a pixel of the letter is print, not paper


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory):
    root = tmp_path_factory.mktemp("examples")
    script = EXAMPLES / "build_documents.py"
    subprocess.run([sys.executable, str(script), "--root", str(root)], check=True, capture_output=True)
    return root


@pytest.fixture
def letter():
    with Image.open(EXAMPLES / "scans" / "letter.png") as image:
        yield image.convert("L")


def opened(path, backend):
    with Spool() as spool:
        (source,) = resolve_sources(path, spool=spool)
    return open_source(source, backend, None)


def texts(path):
    with pymupdf.open(path) as document:
        return [page.get_text() for page in document]


def looks(path):
    with pymupdf.open(path) as document:
        pixmaps = [page.get_pixmap(dpi=50, colorspace=pymupdf.csGRAY) for page in document]
    return [Image.frombytes("L", (pixmap.width, pixmap.height), pixmap.samples) for pixmap in pixmaps]


def answer_text():
    return (EXAMPLES / "answers" / "letter-1.txt").read_text(encoding="utf-8")


def answer_regions():
    return parse_answer(answer_text()).regions


def corners(region, image):
    (box,) = region.boxes
    return (box.x0 * image.width, box.y0 * image.height, box.x1 * image.width, box.y1 * image.height)


def test_all_documents_are_there():
    """This test ensures that the README finds the documents that it names."""
    names = ["annual-report", "arabic", "chinese", "manual", "paper"]

    assert [*(f"documents/{name}.pdf" for name in names), "scans/letter.pdf"] == PDFS


@pytest.mark.parametrize("name", PDFS)
def test_script_writes_the_committed_pages(name, rebuilt):
    """This test ensures that the committed documents are what the script makes: the same text and the same looks."""
    differences = [
        ImageStat.Stat(ImageChops.difference(expected, actual)).mean[0]
        for expected, actual in zip(looks(EXAMPLES / name), looks(rebuilt / name), strict=True)
    ]

    assert texts(EXAMPLES / name) == texts(rebuilt / name)
    assert max(differences) < 0.5


@pytest.mark.parametrize("name", PDFS)
def test_script_writes_the_committed_bytes(name, rebuilt):
    """This test ensures that a second run changes nothing: no date, no random identifier, no order of a set."""
    with pymupdf.open(EXAMPLES / name) as document:
        producer = document.metadata["producer"]
    if producer != f"PyMuPDF {pymupdf.__version__}":
        pytest.skip(f"written by {producer}; PyMuPDF {pymupdf.__version__} may write the same page differently")

    assert (EXAMPLES / name).read_bytes() == (rebuilt / name).read_bytes()


def test_script_writes_the_committed_picture(rebuilt):
    """This test ensures that the letter as a picture has the pixels of the committed one."""
    with Image.open(EXAMPLES / "scans/letter.png") as expected, Image.open(rebuilt / "scans/letter.png") as actual:
        assert ImageStat.Stat(ImageChops.difference(expected, actual)).mean[0] < 0.5


def test_script_writes_the_committed_index(rebuilt):
    """This test ensures that the index names the digests of the letter that lies beside it."""
    expected = json.loads((EXAMPLES / "answers/answers.json").read_text(encoding="utf-8"))
    actual = json.loads((rebuilt / "answers/answers.json").read_text(encoding="utf-8"))
    with pymupdf.open(EXAMPLES / "scans/letter.pdf") as first, pymupdf.open(rebuilt / "scans/letter.pdf") as second:
        same_pixels = first[0].get_pixmap(dpi=144).samples == second[0].get_pixmap(dpi=144).samples

    assert same_pixels == (expected == actual)
    assert [{**entry, "digest": []} for entry in expected] == [{**entry, "digest": []} for entry in actual]


@pytest.mark.parametrize(
    ("name", "backend"), [("letter.pdf", "pymupdf"), ("letter.pdf", "pdfium"), ("letter.png", "pymupdf")]
)
def test_letter_is_found_by_its_pixels(name, backend):
    """This test ensures that the recorded answer is found whichever library draws the letter, and for its picture."""
    (entry,) = json.loads((EXAMPLES / "answers/answers.json").read_text(encoding="utf-8"))
    source = opened(EXAMPLES / "scans" / name, backend)
    digest = pixel_digest(source.render(1, 144))
    source.close()

    assert digest in entry["digest"]
    assert (EXAMPLES / "answers" / entry["answer"]).is_file()


@pytest.mark.parametrize("backend", ["pymupdf", "pdfium"])
@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("documents/paper.pdf", ["41", "42", "43", "44"]),
        ("documents/annual-report.pdf", ["i", "ii", "1", "2", "3", "4"]),
        ("documents/manual.pdf", ["1", "2", "3"]),
        ("documents/chinese.pdf", ["1"]),
        ("documents/arabic.pdf", ["1"]),
        ("scans/letter.pdf", ["1"]),
    ],
)
def test_pages_and_labels(name, labels, backend):
    """This test ensures that the documents keep their pages, and the labels that a viewer shows."""
    source = opened(EXAMPLES / name, backend)
    actual = [label or str(number) for number, label in enumerate(source.labels, 1)]
    source.close()

    assert labels == actual


def test_peculiar_pages():
    """This test ensures that the report keeps what it is there for: a blank page, a turned one, a long table."""
    with pymupdf.open(EXAMPLES / "documents/annual-report.pdf") as report:
        turned = report[5]

        assert [] == report[1].get_contents()
        assert (90, (595, 842), (842, 595)) == (turned.rotation, turned.mediabox_size, tuple(turned.rect.br))
        assert "Table 1 (continued)" in report[4].get_text()


@pytest.mark.parametrize(
    ("name", "passage"),
    [
        ("arabic", "زودت المحطة خلال عام 2024 نحو 6412 مشتركا بالمياه، وبلغت الكمية الموزعة 2.6 مليون متر مكعب"),
        ("chinese", "全年漏损率由27.3%降至24.6%"),
        ("paper", "a district meter whose minimum night flow is watched, presumes a chamber, a meter"),
        ("manual", "It never overwrites a record."),
    ],
)
def test_text_is_in_reading_order(name, passage):
    """This test ensures that the text layers hold plain letters in the order of reading, right to left too."""
    (text,) = [" ".join(" ".join(texts(EXAMPLES / f"documents/{name}.pdf")).split())]

    assert passage in text


def test_scan_has_no_text_layer():
    """This test ensures that the letter is a picture and nothing else."""
    assert [""] == texts(EXAMPLES / "scans/letter.pdf")


def test_answer_has_every_kind_of_region():
    """This test ensures that the hand-written answer is well formed and shows title, text, table and figures."""
    parsed = parse_answer(answer_text())
    types = {region.type for region in parsed.regions}

    assert {
        RegionType.TITLE,
        RegionType.HEADING,
        RegionType.TEXT,
        RegionType.TABLE,
        RegionType.CAPTION,
        RegionType.FIGURE,
    } == types
    assert () == tuple(parsed.issues)


@pytest.mark.parametrize("region", answer_regions(), ids=lambda region: f"{region.order}-{region.label}")
def test_answer_boxes_hold_print(region, letter):
    """This test ensures that each box of the answer lies on something printed and not on bare paper."""
    dark = letter.crop(corners(region, letter)).point(lambda value: 255 * (value < DARK))

    assert ImageStat.Stat(dark).mean[0] / 255 > 0.02


def test_answer_boxes_miss_nothing(letter):
    """This test ensures that what is printed on the letter lies within the boxes, all but rule, holes and specks."""
    dark = letter.point(lambda value: 255 * (value < DARK))
    dark.paste(0, (0, 0, 110, letter.height))  # the sheet's margin: its dark edge and the holes
    printed = ImageStat.Stat(dark).sum[0]
    for region in answer_regions():
        dark.paste(0, tuple(round(corner) for corner in corners(region, letter)))

    assert ImageStat.Stat(dark).sum[0] / printed < 0.04
