from __future__ import annotations

import io
from dataclasses import replace

import pymupdf
import pytest
from PIL import Image

from dsocr_loaders.errors import EngineUnavailable, SourceDamaged, engine_error
from dsocr_loaders.geometry import Box, box_from_points, box_to_pixels
from dsocr_loaders.pages import CropJob, DescribeJob, OpenOptions, workbench
from dsocr_loaders.pages.ink import INK_DPI
from dsocr_loaders.pages.workbench import Workbench
from dsocr_loaders.values import OutlineEntry, SourceInfo

both = pytest.mark.parametrize("pdf_backend", ["pymupdf", "pdfium"])
SQUARE = (20, 140, 40, 160)  # points of the shown page, origin top left


def as_pdf(*texts):
    document = pymupdf.open()
    for text in texts:
        page = document.new_page(width=100, height=200)
        if text:
            page.insert_text((20, 50), text)
            page.draw_rect(SQUARE, fill=(0, 0, 1), color=None)
    document.set_page_labels([{"startpage": 0, "style": "r", "prefix": "", "firstpagenum": 1}])
    document.set_toc([[1, "Start", 1]])
    content = document.tobytes(deflate=True)
    document.close()
    return content


@pytest.fixture
def bench():
    bench = Workbench()
    yield bench
    bench.close()


@both
def test_describe(bench, take, pdf_backend):
    """This test ensures that a source says what it is before any page is read."""
    info = bench.perform(DescribeJob(take(as_pdf("a", "b")), OpenOptions(pdf_backend=pdf_backend)))

    assert SourceInfo(2, ("i", "ii"), (OutlineEntry(1, "Start", 1, "bookmark"),), pdf_backend) == info


@both
def test_prepare_sees_the_pixels(bench, take, render_job, pdf_backend):
    """This test ensures that prepare gets pixels and request, and the page comes back with its ink alone."""
    seen = []

    def prepare(page, request):
        seen.append((page, request))
        return "prepared"

    job = render_job(take(as_pdf("a", "b")), prepare, 2, pdf_backend=pdf_backend, dpi=72)
    rendered = bench.perform(job)

    ((page, request),) = seen
    assert (100, 200, 60_000) == (page.image.width_px, page.image.height_px, len(page.image.data))
    assert (None, "Read.", "gundam", 1) == (request.page.image, request.prompt, request.resolution, request.attempt)
    assert ("prepared", request.page) == (rendered.prepared, rendered.page)
    page = rendered.page
    assert ("ii", 2, 100.0, 200.0, "pt", 0) == (
        page.label,
        page.page_number,
        page.width,
        page.height,
        page.unit,
        page.rotation,
    )
    assert not page.ink.is_blank


@both
def test_blank_page_is_not_prepared(bench, take, render_job, pdf_backend):
    """This test ensures that a page without ink comes back without being prepared, whoever asks."""
    source = take(as_pdf(""))

    def refuse(page, request):
        raise AssertionError("a blank page was prepared")

    for needs_image in (True, False):
        rendered = bench.perform(render_job(source, refuse, needs_image=needs_image, pdf_backend=pdf_backend))
        assert (None, True) == (rendered.prepared, rendered.page.ink.is_blank)


def test_broken_page_is_not_blank(bench, take, render_job):
    """This test ensures that a page that is white because its content is broken has failed, and is not blank."""
    content = as_pdf("a", "b")
    start = content.index(b"stream\n") + len(b"stream\n")
    source = take(content[:start] + b"\xff" * 20 + content[start + 20 :], "b.pdf")
    job = render_job(source, lambda _page, _request: None, pdf_backend="pymupdf")

    with pytest.raises(SourceDamaged, match=r"b\.pdf, page 1: the page's content is broken"):
        bench.perform(job)
    assert not bench.perform(replace(job, page_number=2)).page.ink.is_blank


@both
def test_without_image(bench, take, render_job, pdf_backend, monkeypatch):
    """This test ensures that an engine that needs no pixels gets none, and the page is rendered small for its ink."""
    measured = []
    measure_ink = workbench.measure_ink
    monkeypatch.setattr(workbench, "measure_ink", lambda image, dpi: measured.append(image) or measure_ink(image, dpi))
    job = render_job(take(as_pdf("a")), lambda page, _: page.image, needs_image=False, dpi=600, pdf_backend=pdf_backend)
    rendered = bench.perform(job)

    assert (None, False) == (rendered.prepared, rendered.page.ink.is_blank)
    assert [round(100 * INK_DPI / 72)] == [image.width_px for image in measured]


@both
@pytest.mark.parametrize("dpi", [72, 144, 301])
def test_crop(bench, take, pdf_backend, dpi):
    """This test ensures that a crop is exactly the pixels of its box: a box around a mark gives nothing else."""
    box = box_from_points(*SQUARE, width_pt=100, height_pt=200)
    options = OpenOptions(dpi, pdf_backend)
    cut = Image.open(io.BytesIO(bench.perform(CropJob(take(as_pdf("a")), 1, box, options))))

    width_px, height_px = -(-100 * dpi // 72), -(-200 * dpi // 72)
    left, top, right, bottom = box_to_pixels(box, width_px=width_px, height_px=height_px)
    assert ("PNG", "RGB", (right - left, bottom - top)) == (cut.format, cut.mode, cut.size)
    # A page of 418.05 pixels is shown on 419: what is drawn may lie a pixel beside its fractions.
    inner = cut.crop((2, 2, cut.width - 2, cut.height - 2))
    assert [(inner.width * inner.height, (0, 0, 255))] == inner.getcolors()


def test_crop_of_an_image(bench, take):
    """This test ensures that an image gives its own pixels, whatever the dpi."""
    picture = Image.effect_noise((40, 30), 90)
    file = io.BytesIO()
    picture.save(file, "PNG")
    cut = bench.perform(CropJob(take(file.getvalue()), 1, Box(0.5, 0, 1, 0.5), OpenOptions(600)))

    assert picture.crop((20, 0, 40, 15)).tobytes() == Image.open(io.BytesIO(cut)).convert("L").tobytes()


def test_own_errors_pass(bench, take, render_job):
    """This test ensures that an error of our tree arrives as it is."""

    def prepare(page, request):
        raise engine_error("busy", "later")

    with pytest.raises(EngineUnavailable, match="later"):
        bench.perform(render_job(take(as_pdf("a")), prepare))


def test_other_errors_name_file_and_page(bench, take, render_job, monkeypatch):
    """This test ensures that any other error names the file, the page, its class and its text."""
    source = take(as_pdf("a"), "b.pdf")

    def prepare(page, request):
        raise KeyError("size")

    with pytest.raises(
        SourceDamaged, match=r"b\.pdf, page 1: the engine could not prepare this page: KeyError: 'size'"
    ):
        bench.perform(render_job(source, prepare))

    def fail(image, dpi):
        raise RuntimeError("out of paper")

    monkeypatch.setattr(workbench, "measure_ink", fail)
    with pytest.raises(SourceDamaged, match=r"b\.pdf, page 1: RuntimeError: out of paper"):
        bench.perform(render_job(source, prepare))


def test_sources_stay_open(bench, take, monkeypatch):
    """This test ensures that the last two sources stay open between jobs, and others are closed."""
    openings = []
    open_source = workbench.open_source

    def count(source, *options):
        openings.append(source.name)
        return open_source(source, *options)

    monkeypatch.setattr(workbench, "open_source", count)
    sources = {name: take(as_pdf(name), name) for name in "abc"}
    for name in "ababbcbac":
        bench.perform(DescribeJob(sources[name], OpenOptions()))

    assert list("abcac") == openings
    assert 2 == len(bench._open)


def test_another_password_opens_again(bench, take):
    """This test ensures that a source that was opened with its password is not given away to a wrong one."""
    document = pymupdf.open()
    document.new_page()
    source = take(document.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="u", owner_pw="o"))
    document.close()

    assert 1 == bench.perform(DescribeJob(source, OpenOptions(password="u"))).total_pages  # noqa: S106 - made up
    with pytest.raises(Exception, match="wrong"):
        bench.perform(DescribeJob(source, OpenOptions(password="x")))  # noqa: S106 - made up
