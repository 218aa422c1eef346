from __future__ import annotations

import io
from contextlib import closing

import pymupdf
import pytest
from PIL import Image, ImageChops

from dsocr_loaders.errors import (
    LimitExceeded,
    MissingDependency,
    PasswordRequired,
    SettingsError,
    SourceDamaged,
    SourceNotFound,
    SourceUnsupported,
)
from dsocr_loaders.geometry import PdfFrame, box_from_pixels, intersection_over_union
from dsocr_loaders.pages.opened import PAGES_PER_OPENING
from dsocr_loaders.pages.opening import choose_pdf_backend, open_source
from dsocr_loaders.settings import Limits
from dsocr_loaders.values import OutlineEntry

BACKENDS = ("pymupdf", "pdfium")
both = pytest.mark.parametrize("backend", BACKENDS)


def saved(document, **options):
    file = io.BytesIO()
    document.save(file, **options)
    document.close()
    return file.getvalue()


def picture(source, backend, page_number=1, dpi=144, password=None):
    with closing(open_source(source, backend, password)) as opened:
        image = opened.render(page_number, dpi)
    return Image.frombytes("RGB", (image.width_px, image.height_px), image.data)


def dark_box(shown):
    """The hull of what is clearly dark."""
    mask = shown.convert("L").point([255] * 128 + [0] * 128)
    return box_from_pixels(*mask.getbbox(), width_px=shown.width, height_px=shown.height)


def raw_pdf(page, *, catalog=""):
    """A PDF of one page, written by hand, for what no library would write."""
    objects = (
        f"<</Type/Catalog/Pages 2 0 R {catalog}>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        f"<</Type/Page/Parent 2 0 R/Contents 4 0 R {page}>>",
        "<</Length 16>>stream\n5 5 20 10 re f  \nendstream",
    )
    body, offsets = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += f"{number} 0 obj{content}endobj\n".encode()
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    table = f"xref\n0 5\n0000000000 65535 f \n{table}trailer<</Root 1 0 R/Size 5>>\n"
    return body + f"{table}startxref\n{len(body)}\n%%EOF\n".encode()


MARK = (110, 220, 160, 260)  # in user space


def marked(rotation=0, *, is_cropped=False):
    """A page with a dark rectangle, and the frame that says where on the shown page it lies."""
    document = pymupdf.open()
    page = document.new_page(width=301.4, height=450.25)
    page.draw_rect(pymupdf.Rect(MARK[0], 450.25 - MARK[3], MARK[2], 450.25 - MARK[1]), fill=(0, 0, 0), color=None)
    frame = PdfFrame(0, 0, 301.4, 450.25, rotation)
    if is_cropped:
        page.set_cropbox(pymupdf.Rect(40, 450.25 - 400, 280, 450.25 - 90))
        frame = PdfFrame(40, 90, 280, 400, rotation)
    page.set_rotation(rotation)
    return saved(document), frame


@both
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("is_cropped", [False, True])
def test_page_as_shown(take, backend, rotation, is_cropped):
    """This test ensures that a mark lies where geometry says it is on the page as shown, at the right size."""
    content, frame = marked(rotation, is_cropped=is_cropped)
    source = take(content)
    with closing(open_source(source, backend, None)) as opened:
        shown = opened.frame(1)

    assert tuple(round(side, 2) for side in frame.size_pt) == (round(shown.width, 2), round(shown.height, 2))
    assert ("pt", rotation) == (shown.unit, shown.rotation)
    assert intersection_over_union(frame.box_from_user_space(*MARK), dark_box(picture(source, backend))) > 0.95


@pytest.mark.parametrize("dpi", [36, 72, 100, 144, 200, 301])
@pytest.mark.parametrize("rotation", [0, 90])
def test_backends_agree(take, dpi, rotation):
    """This test ensures that both libraries give a page the same size in pixels and the same look."""
    source = take(marked(rotation, is_cropped=True)[0])
    one, other = (picture(source, backend, dpi=dpi) for backend in BACKENDS)

    assert one.size == other.size
    assert intersection_over_union(dark_box(one), dark_box(other)) > 0.9
    differing = ImageChops.difference(one, other).convert("L").point([0] * 64 + [1] * 192)
    assert differing.histogram()[1] < 0.02 * one.width * one.height


def test_pixels_of_the_official_scripts(take):
    """This test ensures that pymupdf's pixels are those that the official scripts make."""
    source = take(marked()[0])
    with pymupdf.open(source.path) as document:
        pixmap = document[0].get_pixmap(matrix=pymupdf.Matrix(144 / 72.0, 144 / 72.0), alpha=False)
        expected = Image.open(io.BytesIO(pixmap.tobytes("png"))).convert("RGB")

    assert (expected.size, expected.tobytes()) == (
        picture(source, "pymupdf").size,
        picture(source, "pymupdf").tobytes(),
    )


@both
@pytest.mark.parametrize(("width_pt", "height_pt"), [(99.3, 51), (100, 33.4), (101, 77), (102.7, 40)])
def test_rows_are_not_padded(take, backend, width_pt, height_pt):
    """This test ensures that an odd width shears nothing: the right edge of the mark is straight."""
    document = pymupdf.open()
    document.new_page(width=width_pt, height=height_pt).draw_rect((0, 0, 20, height_pt), fill=(1, 0, 0), color=None)
    shown = picture(take(saved(document)), backend)

    assert len(shown.tobytes()) == 3 * shown.width * shown.height
    assert {(255, 0, 0)} == {shown.getpixel((10, row)) for row in range(shown.height - 1)}
    assert {(255, 255, 255)} == {shown.getpixel((60, row)) for row in range(shown.height)}


@both
def test_annotations_and_form_fields_show(take, backend):
    """This test ensures that what a viewer shows over a page, annotations and filled fields, is rendered."""
    document = pymupdf.open()
    page = document.new_page(width=200, height=200)
    note = page.add_rect_annot((20, 20, 60, 60))
    note.set_colors(stroke=(0, 0, 0), fill=(0, 0, 0))
    note.update()
    field = pymupdf.Widget()
    field.field_type = pymupdf.PDF_WIDGET_TYPE_TEXT
    field.field_name = "name"
    field.field_value = "XXXXXXXX"
    field.rect = pymupdf.Rect(100, 100, 180, 130)
    field.text_fontsize = 14
    page.add_widget(field)
    shown = picture(take(saved(document)), backend)

    assert (0, 0, 0) == shown.getpixel((80, 80))
    assert min(shown.crop((200, 200, 360, 260)).convert("L").tobytes()) < 60


LABELS = [
    {"startpage": 0, "style": "r", "prefix": "", "firstpagenum": 1},
    {"startpage": 3, "style": "D", "prefix": "A/(1)-", "firstpagenum": 7},
    {"startpage": 5, "style": "a", "prefix": "", "firstpagenum": 26},
    {"startpage": 7, "style": "", "prefix": "Index", "firstpagenum": 1},
]
EXPECTED_LABELS = ("i", "ii", "iii", "A/(1)-7", "A/(1)-8", "z", "aa", "Index", "Index")


def many_pages(count=9):
    document = pymupdf.open()
    for number in range(1, count + 1):
        document.new_page(width=100, height=100).insert_text((20, 50), str(number))
    return document


@both
def test_labels(take, backend):
    """This test ensures that the PDF's own page labels are read, and pages without any are numbered."""
    labelled = many_pages()
    labelled.set_page_labels(LABELS)
    contents = [saved(labelled), saved(many_pages(2))]
    found = []
    for content in contents:
        with closing(open_source(take(content), backend, None)) as opened:
            found.append(opened.labels)

    assert [EXPECTED_LABELS, ("1", "2")] == found


@both
def test_labels_in_a_tree(take, backend):
    """This test ensures that labels are found in a number tree with branches, with prefixes in UTF-16."""
    tree = "/PageLabels<</Kids[<</Kids[<</Limits[0 0]/Nums[0<</P<FEFF00C400310032>/S/D/St 5>>]>>]>>]>>"
    with closing(open_source(take(raw_pdf("/MediaBox[0 0 9 9]", catalog=tree)), backend, None)) as opened:
        assert ("Ä125",) == opened.labels


def test_circular_labels(take):
    """This test ensures that a tree of labels that leads back to itself ends, and keeps what it says."""
    content = raw_pdf("/MediaBox[0 0 9 9]", catalog="/PageLabels 5 0 R").replace(
        b"xref", b"5 0 obj<</Nums[0<</P(A-)/S/D>>]/Kids[" + b"5 0 R " * 20 + b"]>>endobj\nxref", 1
    )
    with closing(open_source(take(content), "pymupdf", None)) as opened:
        assert ("A-1",) == opened.labels


@both
def test_bookmarks(take, backend):
    """This test ensures that bookmarks come in order with level and page, and those without a page are left out."""
    document = many_pages()
    toc = [[1, "One", 1], [2, "One\tand a half", 2], [3, "Deep", 2], [1, "Nowhere", -1], [1, "Zwölf 序", 9]]
    document.set_toc(toc)
    with closing(open_source(take(saved(document)), backend, None)) as opened:
        found = opened.bookmarks

    expected = ((1, "One", 1), (2, "One and a half", 2), (3, "Deep", 2), (1, "Zwölf 序", 9))
    assert tuple(OutlineEntry(*entry, source="bookmark") for entry in expected) == found


@both
def test_circular_bookmarks(take, backend):
    """This test ensures that bookmarks that lead back to themselves end, and cost no page."""
    outline = "/Outlines<</First 5 0 R/Last 5 0 R>>"
    content = raw_pdf("/MediaBox[0 0 100 100]", catalog=outline).replace(
        b"xref", b"5 0 obj<</Title(Again)/Dest[3 0 R/Fit]/Next 5 0 R/First 5 0 R>>endobj\nxref", 1
    )
    with closing(open_source(take(content), backend, None)) as opened:
        assert len(opened.bookmarks) <= 1
        assert 1 == opened.total_pages


def encrypted(user, owner="owner"):
    return saved(many_pages(1), encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw=user, owner_pw=owner, permissions=0)


@both
def test_password(take, backend):
    """This test ensures that either password of an encrypted PDF opens it."""
    source = take(encrypted("secret"))

    for password in ("secret", "owner"):
        assert (200, 200) == picture(source, backend, password=password).size


@both
@pytest.mark.parametrize("password", [None, "", "wrong-one"])
def test_password_missing_or_wrong(take, backend, password):
    """This test ensures that the error names the file and the setting, and never the password."""
    with pytest.raises(PasswordRequired, match=r'letter\.pdf: .*password="\.\.\."') as caught:
        open_source(take(encrypted("secret"), "letter.pdf"), backend, password)

    assert "wrong-one" not in str(caught.value)


@both
def test_owner_password_alone(take, backend):
    """This test ensures that a PDF that anyone may open is opened, even with a password meant for other files."""
    for password in (None, "for another file"):
        assert (200, 200) == picture(take(encrypted("")), backend, password=password).size


def test_unknown_encryption(take):
    """This test ensures that pdfium says that it does not know an encryption rather than asking for a password."""
    content = encrypted("secret").replace(b"/Filter/Standard", b"/Filter/Xtandard")

    with pytest.raises(SourceUnsupported, match="encrypted in a way"):
        open_source(take(content), "pdfium", None)


@both
@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7\n" + b"garbage " * 100 + b"\nstartxref\n12\n%%EOF",
        b"%PDF-1.7\n%%EOF",
        raw_pdf("/MediaBox[0 0 100 100]").replace(b"/Type/Catalog", b"/Type/Gatalog").replace(b"/Pages 2", b"/Bages 2"),
        raw_pdf("/MediaBox[0 0 100 100]").replace(b"/Kids[3 0 R]/Count 1", b"/Kids[]/Count 0"),
    ],
    ids=["garbage", "empty", "no catalogue", "no pages"],
)
def test_damaged(take, backend, content):
    """This test ensures that a broken PDF, or one without pages, is damaged, and the error names it."""
    with pytest.raises(SourceDamaged, match=r"bad\.pdf"):
        open_source(take(content, "bad.pdf"), backend, None)


@both
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_cut_off(take, backend, share):
    """This test ensures that a PDF whose end is missing is not read as if its pages were blank."""
    document = many_pages(30)
    document.embfile_add("filling", bytes(range(256)) * 60)
    content = saved(document)

    with pytest.raises(SourceDamaged, match=r"half\.pdf: .*cut off"):
        open_source(take(content[: int(share * len(content))], "half.pdf"), backend, None)


@both
def test_junk_around(take, backend):
    """This test ensures that a few lines before and after a PDF do no harm."""
    content = b"From: a mail\r\n\r\n" + saved(many_pages(1)) + b"\r\n--boundary--\r\n" * 20

    assert (200, 200) == picture(take(content), backend).size


@both
def test_gone(take, backend, tmp_path):
    """This test ensures that a file that was removed in the meantime is named."""
    (tmp_path / "gone.pdf").write_bytes(raw_pdf("/MediaBox[0 0 9 9]"))
    source = take(tmp_path / "gone.pdf")
    (tmp_path / "gone.pdf").unlink()

    with pytest.raises(SourceNotFound, match=r"gone\.pdf"):
        open_source(source, backend, None)


@both
@pytest.mark.parametrize(
    ("page", "size"),
    [
        ("/MediaBox[0 0 1 20000]", (2, 40000)),
        ("/MediaBox[100 100 0 0]", (200, 200)),
        ("/MediaBox[0 0 0 0]", (1224, 1584)),
        ("", (1224, 1584)),
        ("/MediaBox[0 0 (a) 5]", (1224, 1584)),
        ("/MediaBox[0 0 100 200]/CropBox[50 50 600 600]", (100, 300)),
        ("/MediaBox[0 0 100 200]/Rotate -90", (400, 200)),
        ("/MediaBox[0 0 100 200]/Rotate 450", (400, 200)),
    ],
)
def test_odd_boxes(take, backend, page, size):
    """This test ensures that odd and missing boxes make a page, of the same size in both libraries."""
    assert size == picture(take(raw_pdf(page)), backend).size


@both
def test_large_page_is_rendered_smaller(take, backend):
    """This test ensures that a page above the limit of pixels is rendered at the largest size that fits."""
    source = take(raw_pdf("/MediaBox[0 0 5000 2000]"))
    with closing(open_source(source, backend, limits=Limits(page_pixels=1_000_000))) as opened:
        shown = opened.render(1, 144)
        notes = opened.notes

    assert 950_000 < shown.width_px * shown.height_px <= 1_000_000
    assert 2.5 == pytest.approx(shown.width_px / shown.height_px, rel=0.01)
    assert ("The page was rendered at 22.3 dpi to stay within limits.page_pixels=1000000.",) == notes


@both
def test_too_many_pages(take, backend):
    """This test ensures that a file with more pages than the limit is refused by the limit's name."""
    with pytest.raises(LimitExceeded, match=r"limits\.pages=2"):
        open_source(take(saved(many_pages(3))), backend, limits=Limits(pages=2))


@both
@pytest.mark.parametrize("page_number", [0, 3, -1])
def test_no_such_page(take, backend, page_number):
    """This test ensures that a page number that the file does not have is refused, not counted from the end."""
    with (
        closing(open_source(take(saved(many_pages(2)), "two.pdf"), backend, None)) as opened,
        pytest.raises(SettingsError, match=r"two\.pdf has pages 1 to 2"),
    ):
        opened.render(page_number, 72)


@both
def test_opened_again(take, backend, monkeypatch):
    """This test ensures that a long PDF is closed and opened again on the way, and pages stay the same."""
    source = take(saved(many_pages(5)))
    with closing(open_source(source, backend, None)) as opened:
        openings = []
        open_again = opened._open
        monkeypatch.setattr(opened, "_open", lambda: openings.append(1) or open_again())
        first = opened.render(1, 36)
        for _ in range(2 * PAGES_PER_OPENING):
            opened.render(5, 36)

        assert 2 == len(openings)
        assert first == opened.render(1, 36)
        assert ("1", "2", "3", "4", "5") == opened.labels


def test_backend_of_choice(monkeypatch):
    """This test ensures that pymupdf is taken if it is there, pdfium if not, and a named one or none."""
    assert ("pymupdf", "pymupdf", "pdfium") == tuple(map(choose_pdf_backend, (None, "pymupdf", "pdfium")))

    monkeypatch.setattr("dsocr_loaders.pages.opening.find_spec", lambda name: None if name == "pymupdf" else name)
    assert "pdfium" == choose_pdf_backend(None)
    with pytest.raises(MissingDependency, match='pip install "pymupdf'):
        choose_pdf_backend("pymupdf")
