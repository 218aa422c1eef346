from __future__ import annotations

import asyncio
import pickle
import sys

import pymupdf
import pytest

from dsocr_loaders.engines.advice import HOW_TO_GET_OCR
from dsocr_loaders.engines.protocol import Engine, Prepared
from dsocr_loaders.engines.text_layer import TextLayerEngine
from dsocr_loaders.errors import EngineError, MissingDependency, PasswordRequired, SourceDamaged
from dsocr_loaders.values import Decoding, LayoutAnswer, PageImage, ReadRequest, RegionType, Task, TextSource


def refusal(reader, document, **source):
    with pytest.raises(EngineError) as caught:
        reader.prepare(reader.source(document, **source))
    assert caught.value.cause == "needs_ocr"
    return str(caught.value)


def test_is_an_engine(reader):
    """This test ensures that the text layer fulfils the engine protocol and names itself."""
    engine = reader.engine

    assert isinstance(engine, Engine)
    assert engine.fingerprint == f"text_layer pymupdf {pymupdf.__version__}"
    assert engine.text_source is TextSource.TEXT_LAYER
    assert engine.needs_image is False


def test_reads_what_was_prepared(reader, report):
    """This test ensures that the engine hands over the regions that the page worker found."""
    source = reader.source(report)
    prepared = reader.prepare(source)
    request = ReadRequest(PageImage(source, 1, "1", 595, 842, "pt"), Task.DOCUMENT, "", "gundam", Decoding())

    answer = reader.engine.loop.submit(reader.engine.read(prepared, request)).result(timeout=10)

    assert isinstance(answer, LayoutAnswer)
    assert answer == prepared.payload
    assert answer.engine == reader.engine.fingerprint
    assert "Annual Report 2024" in [region.text for region in answer.regions]


def test_refuses_the_payload_of_another_engine(reader, report):
    """This test ensures that a page prepared for another engine is an error and no answer."""
    page = PageImage(reader.source(report), 1, "1", 595, 842, "pt")
    request = ReadRequest(page, Task.DOCUMENT, "", "gundam", Decoding())

    with pytest.raises(EngineError, match="another engine"):
        asyncio.run(reader.engine.read(Prepared("x", b"jpeg"), request))


def test_prepared_page_travels(reader, report):
    """This test ensures that prepare and its result survive the way to a worker and back."""
    source = reader.source(report)
    prepare = pickle.loads(pickle.dumps(reader.engine.prepare))  # noqa: S301 - our own pickle
    page = PageImage(source, 1, "1", 595, 842, "pt")

    prepared = prepare(page, ReadRequest(page, Task.DOCUMENT, "", "gundam", Decoding()))

    assert prepared == pickle.loads(pickle.dumps(reader.prepare(source)))  # noqa: S301 - our own pickle


def test_digest_names_file_and_page(reader, lorem):
    """This test ensures that two pages, and the same page of two files, have different digests."""
    document = pymupdf.open()
    for _ in range(2):
        document.new_page().insert_textbox((50, 50, 500, 700), lorem)
    source = reader.source(document)
    document.set_metadata({"title": "another file"})
    other = reader.source(document)

    digests = [reader.prepare(source, 1).digest, reader.prepare(source, 2).digest, reader.prepare(other, 1).digest]

    assert len(set(digests)) == 3
    assert reader.prepare(source, 1).digest == digests[0]


def test_needs_pymupdf(monkeypatch):
    """This test ensures that without PyMuPDF the engine cannot be made and the error names the command."""
    monkeypatch.setitem(sys.modules, "pymupdf", None)

    with pytest.raises(MissingDependency, match="pip install"):
        TextLayerEngine()


@pytest.fixture
def locked(reader, report):
    return reader.source(
        report, name="locked.pdf", encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="s3cret", owner_pw="0wner"
    )


def test_opens_with_password(reader, locked):
    """This test ensures that the password of an encrypted PDF is used."""
    engine = TextLayerEngine("s3cret")

    prepared = reader.prepare(locked, engine=engine)
    engine.close()

    assert prepared.payload.regions[0].text == "Annual Report 2024"


@pytest.mark.parametrize(("password", "words"), [(None, "no password"), ("wrong", "password is wrong")])
def test_says_that_a_password_is_needed(reader, locked, password, words):
    """This test ensures that a missing and a wrong password are told apart, and the file is named."""
    engine = TextLayerEngine(password)

    with pytest.raises(PasswordRequired, match=rf"locked\.pdf.*{words}"):
        reader.prepare(locked, engine=engine)
    engine.close()


def test_password_is_not_shown():
    """This test ensures that neither the engine nor its prepare shows the password."""
    engine = TextLayerEngine("s3cret")

    shown = repr(engine) + repr(engine.prepare) + str(engine.prepare) + repr(vars(engine))
    engine.close()

    assert "s3cret" not in shown


def test_images_need_ocr(reader):
    """This test ensures that an image is refused with file, page, reason and what to do."""
    message = refusal(reader, b"\x89PNG", name="scan.png", media_type="image/png")

    assert "scan.png, page 1" in message
    assert "the file is an image" in message
    assert HOW_TO_GET_OCR in message


def grey(page, rectangle):
    pixmap = pymupdf.Pixmap(pymupdf.csRGB, pymupdf.IRect(0, 0, 40, 40))
    pixmap.clear_with(200)
    page.insert_image(rectangle, pixmap=pixmap, keep_proportion=False)


def test_page_without_text_needs_ocr(reader, a4):
    """This test ensures that a page with ink and no text is refused."""
    document, page = a4
    page.draw_circle((300, 400), 100)

    assert "no text layer" in refusal(reader, document)


@pytest.mark.parametrize("how", [{"render_mode": 3}, {"render_mode": 7}, {"fill_opacity": 0.0}])
def test_invisible_text_is_no_text_layer(reader, a4, lorem, how):
    """This test ensures that the text that OCR put invisibly under a scan is refused, however it is hidden."""
    document, page = a4
    grey(page, page.rect)
    for number in range(10):
        page.insert_text((50, 100 + 20 * number), lorem[:80], **how)

    assert "invisible" in refusal(reader, document)


def test_text_below_a_scan_is_no_text_layer(reader, a4, lorem):
    """This test ensures that text which an opaque page image covers is refused."""
    document, page = a4
    for number in range(10):
        page.insert_text((50, 100 + 20 * number), lorem[:80])
    grey(page, page.rect)

    assert "invisible" in refusal(reader, document)


def test_text_on_a_background_is_read(reader, a4, lorem):
    """This test ensures that text painted over a page image counts as visible, and the background as no figure."""
    document, page = a4
    grey(page, page.rect)
    for number in range(10):
        page.insert_text((50, 100 + 20 * number), lorem[:80])

    regions = reader.regions(document)

    assert {region.type for region in regions} == {RegionType.TEXT}
    assert lorem[:80].strip() in regions[0].text


def test_stamp_on_a_scan_needs_ocr(reader, a4):
    """This test ensures that a scan with a visible stamp is not taken for a page with little text."""
    document, page = a4
    grey(page, page.rect)
    page.insert_text((50, 820), "Downloaded from example.org on 2 May 2024", fontsize=8)

    assert "stamp" in refusal(reader, document)


def test_few_invisible_words_do_no_harm(reader, a4, lorem):
    """This test ensures that a born-digital page with an invisible remark is read, without the remark."""
    document, page = a4
    page.insert_textbox((50, 50, 545, 400), lorem)
    page.insert_text((50, 500), "hidden remark", render_mode=3)

    text = " ".join(region.text for region in reader.regions(document))

    assert "retrieval of passages" in text
    assert "hidden" not in text


def test_garbled_text_needs_ocr(reader, a4, lorem):
    """This test ensures that a layer whose glyphs stand for no letters is refused."""
    document, page = a4
    page.insert_textbox((50, 50, 545, 400), lorem)
    font = next(xref for xref, *_ in page.get_fonts())
    codes = "".join(f"<{code:02x}> <{0xE000 + code:04x}>\n" for code in range(33, 127))
    stream = document.get_new_xref()
    document.update_object(stream, "<<>>")
    document.update_stream(
        stream,
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def\n"
        b"1 begincodespacerange <00> <ff> endcodespacerange\n"
        + f"94 beginbfchar\n{codes}endbfchar\n".encode()
        + b"endcmap CMapName currentdict /CMap defineresource pop end end",
    )
    document.xref_set_key(font, "ToUnicode", f"{stream} 0 R")

    assert "garbled" in refusal(reader, document)


def test_glyphs_without_a_letter_are_not_made_up(reader, a4):
    """This test ensures that glyphs whose letters the file does not tell count as unreadable.

    The forms of lam in the font that PyMuPDF writes Arabic with are such glyphs.
    """
    document, page = a4
    page.insert_htmlbox((50, 50, 500, 300), "<p dir='rtl'>" + "\u0644\u0644\u0644\u0644\u0644\u0644 " * 20 + "</p>")

    assert "garbled" in refusal(reader, document)


def test_damaged_files_are_named(reader):
    """This test ensures that a file that is no PDF becomes an error that names it."""
    with pytest.raises(SourceDamaged, match=r"broken\.pdf"):
        reader.prepare(reader.source(b"%PDF-1.4\nnothing", name="broken.pdf"))


def test_page_beyond_the_end_is_named(reader, report):
    """This test ensures that a page which the file does not have is an error with file and page."""
    with pytest.raises(SourceDamaged, match=r"report\.pdf, page 2"):
        reader.prepare(reader.source(report), page_number=2)


def test_keeps_quiet(reader, report, capfd):
    """This test ensures that nothing is printed, since a page worker talks on its standard output."""
    (contents, *_) = report[0].get_contents()
    report.update_stream(contents, b"q nonsense /Missing gs /Missing Do Q " + report.xref_stream(contents))
    cut = report.tobytes()[:-400] + b"garbage"
    reader.prepare(reader.source(cut, name="cut.pdf"))
    pymupdf.TOOLS.mupdf_warnings()

    assert capfd.readouterr() == ("", "")
