"""PDFs that are broken or made to do harm, each made for its test: one page or one file is lost, and nothing else."""

from __future__ import annotations

import threading
import time
import zlib
from contextlib import closing, suppress
from pathlib import Path

import pytest

from dsocr_loaders.errors import LimitExceeded, SourceDamaged, SourceError
from dsocr_loaders.geometry import FULL_PAGE
from dsocr_loaders.pages import CropJob, DescribeJob, OpenOptions, PageWorker
from dsocr_loaders.pages.opening import open_source
from dsocr_loaders.settings import Limits

both = pytest.mark.parametrize("backend", ["pymupdf", "pdfium"])

INK = b"0 0 0 rg 5 5 60 40 re f"


def pdf(*objects):
    body, offsets = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n" % number + (content if isinstance(content, bytes) else content.encode()) + b"\nendobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    return (
        body
        + (
            f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer<</Root 1 0 R/Size {size}>>\n"
            f"startxref\n{len(body)}\n%%EOF\n"
        ).encode()
    )


def stream(data, entries=""):
    return f"<</Length {len(data)}{entries}>>stream\n".encode() + data + b"\nendstream"


def pages(*contents, entries="/MediaBox[0 0 100 100]", more=()):
    """One page for each content stream."""
    count = len(contents)
    kids = " ".join(f"{3 + index} 0 R" for index in range(count))
    return pdf(
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {count}>>",
        *(f"<</Type/Page/Parent 2 0 R/Contents {3 + count + index} 0 R{entries}>>" for index in range(count)),
        *(content if content.endswith(b"endstream") else stream(content) for content in contents),
        *more,
    )


def laughs(depth=40):
    """A page whose form draws a form twice that draws a form twice, and so on: 2 ** depth drawings."""
    forms = [
        stream(
            b"/X Do /X Do", f"/Type/XObject/Subtype/Form/BBox[0 0 99 99]/Resources<</XObject<</X {6 + level} 0 R>>>>"
        )
        for level in range(depth)
    ]
    last = stream(b"0 0 1 1 re f", "/Type/XObject/Subtype/Form/BBox[0 0 99 99]")
    entries = "/MediaBox[0 0 100 100]/Resources<</XObject<</X 5 0 R>>>>"
    return pages(b"/X Do", entries=entries, more=(*forms, last))


def packed(size_bytes, times=1):
    """So many zeros, packed and packed again."""
    packer, block = zlib.compressobj(9), bytes(1 << 20)
    data = b"".join([*(packer.compress(block) for _ in range(size_bytes >> 20)), packer.flush()])
    for _ in range(times - 1):
        data = zlib.compress(data, 9)
    return data


def dark_pixels(opened, page_number):
    image = opened.render(page_number, 72)
    return sum(image.data[place] < 60 for place in range(0, len(image.data), 3))


@both
def test_broken_page_in_the_middle(take, backend):
    """This test ensures that pages before and after a broken one are whole."""
    content = pages(INK, b"BT (((( /Nothing 12 Tf ]] >>", INK)
    broken = b"/Contents 99 0 R/MediaBox 98 0 R"  # objects that are not there
    whole = b"/Contents 7 0 R/MediaBox[0 0 100 100]"
    content = content.replace(whole, broken.ljust(len(whole)))
    with closing(open_source(take(content), backend)) as opened:
        assert [2400, 2400] == pytest.approx([dark_pixels(opened, 1), dark_pixels(opened, 3)], rel=0.05)
        assert 3 == opened.total_pages


@both
@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content.replace(b"00000 n", b"00001 n"),
        lambda content: content.replace(b"startxref\n", b"startxref\n9"),
        lambda content: content.replace(b"xref\n0", b"\n\n\n\n\n\n", 1),
        lambda content: content.replace(b"0000000", b"0000777"),
    ],
    ids=["generations", "far away", "none", "wrong offsets"],
)
def test_broken_cross_references(take, backend, spoil):
    """This test ensures that a PDF whose table of objects is broken is read all the same."""
    with closing(open_source(take(spoil(pages(INK, INK))), backend)) as opened:
        assert 2 == opened.total_pages
        assert 2400 == pytest.approx(dark_pixels(opened, 2), rel=0.05)


@both
def test_missing_fonts(take, backend):
    """This test ensures that text whose font is not in the file is shown in another one."""
    font = "/Font<</F<</Type/Font/Subtype/TrueType/BaseFont/NoSuchFont-Bold/Encoding/WinAnsiEncoding>>>>"
    content = pages(b"BT /F 30 Tf 5 40 Td (Words) Tj ET", entries=f"/MediaBox[0 0 100 100]/Resources<<{font}>>")
    with closing(open_source(take(content), backend)) as opened:
        assert 100 < dark_pixels(opened, 1)


@both
def test_circular_page_tree(take, backend):
    """This test ensures that a page tree that leads back to itself has an end, and its page is read."""
    content = pages(INK).replace(b"/Kids[3 0 R]/Count 1", b"/Kids[3 0 R 2 0 R]/Count 2")
    with closing(open_source(take(content), backend)) as opened:
        assert 2400 == pytest.approx(dark_pixels(opened, 1), rel=0.05)
        assert opened.total_pages <= 2


def deep_tree(levels):
    nodes = [f"<</Type/Pages/Kids[{3 + level} 0 R]/Count 1/Parent {1 + level} 0 R>>" for level in range(levels)]
    nodes[0] = nodes[0].replace("/Parent 1 0 R", "")
    page = f"<</Type/Page/Parent {levels + 1} 0 R/MediaBox[0 0 100 100]/Contents {levels + 3} 0 R>>"
    return pdf("<</Type/Catalog/Pages 2 0 R>>", *nodes, page, stream(INK))


def test_deep_page_tree(take):
    """This test ensures that a page tree is read down to the limit of its levels, which the error names."""
    with closing(open_source(take(deep_tree(1000)), "pymupdf")) as opened:
        assert 2400 == pytest.approx(dark_pixels(opened, 1), rel=0.05)
    with (
        closing(open_source(take(deep_tree(3000)), "pymupdf")) as opened,
        pytest.raises(LimitExceeded, match=r"page 1: .*limits\.page_tree_levels=1000"),
    ):
        opened.render(1, 72)
    with (
        closing(open_source(take(deep_tree(3000)), "pdfium")) as opened,
        pytest.raises(SourceDamaged, match=r"page 1: pdfium cannot load the page"),
    ):
        opened.render(1, 72)


@both
@pytest.mark.parametrize(
    ("side", "points", "pixels"), [("0.1", 1.0, 2), ("566929.1", 566929.1, 10_000), ("14400", 14400.0, 10_000)]
)
def test_sizes(take, backend, side, points, pixels):
    """This test ensures that pages of 0.1 pt and of 200 m are rendered, within the limit of pixels, alike in both."""
    content = pages(INK, entries=f"/MediaBox[0 0 {side} {side}]")
    with closing(open_source(take(content), backend, limits=Limits(page_pixels=1_000_000))) as opened:
        frame = opened.frame(1)
        image = opened.render(1, 144)

    assert (points, points) == pytest.approx((frame.width, frame.height), rel=1e-6)
    assert min(pixels, 1000) == pytest.approx(image.width_px, abs=1) == image.height_px
    assert (points > 1000) == bool(opened.notes)


@both
def test_page_that_hangs(take, backend, tmp_path):
    """This test ensures that a page that a library hangs on is given up after two tries, and the next one is read."""
    (tmp_path / "laughs.pdf").write_bytes(laughs())
    bad, good = take(tmp_path / "laughs.pdf"), take(pages(INK))
    options = OpenOptions(72, backend, limits=Limits(worker_bytes=1 << 30))
    with PageWorker() as worker:
        assert 1 == worker.run(DescribeJob(bad, options)).total_pages
        first = worker.process_id
        with pytest.raises(
            SourceDamaged, match=r"laughs\.pdf, page 1: the page worker (hung|crashed).*tried once more"
        ):
            worker.run(CropJob(bad, 1, FULL_PAGE, options), 0.4)

        assert worker.run(CropJob(good, 1, FULL_PAGE, options)).startswith(b"\x89PNG")
        assert first != worker.process_id


def peak_mib(process_id):
    for line in Path(f"/proc/{process_id}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) // 1024
    return 0


class Watch:
    """Looks at a worker's memory while it works."""

    def __init__(self, worker):
        self.worker, self.peak, self.is_over = worker, 0, False
        self.thread = threading.Thread(target=self.look)

    def look(self):
        while not self.is_over:
            if (process_id := self.worker.process_id) is not None:
                with suppress(OSError):
                    self.peak = max(self.peak, peak_mib(process_id))
            time.sleep(0.01)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over = True
        self.thread.join()


def image_bomb(side=40_000):
    entries = "/MediaBox[0 0 600 800]/Resources<</XObject<</I 5 0 R>>>>"
    described = f"/Type/XObject/Subtype/Image/Width {side}/Height {side}/BitsPerComponent 8/ColorSpace/DeviceRGB"
    image = stream(packed(64 << 20, 2), f"{described}/Filter[/FlateDecode/FlateDecode]")
    return pages(b"600 0 0 800 0 0 cm /I Do", entries=entries, more=(image,))


def content_bomb(size_bytes):
    return pages(stream(packed(size_bytes, 2), "/Filter[/FlateDecode/FlateDecode]"))


def object_stream_bomb():
    """An object stream that says that it lies in itself."""
    inside = stream(packed(1 << 20), "/Type/ObjStm/N 1000000/First 8000000/Extends 5 0 R/Filter/FlateDecode")
    return pages(INK, more=(inside,)).replace(b"/Contents 4 0 R", b"/Contents 4 0 R/Annots 6 0 R")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is measured and limited on Linux")
@both
@pytest.mark.parametrize("bomb", [image_bomb, lambda: content_bomb(768 << 20), object_stream_bomb])
def test_bombs(take, backend, bomb):
    """This test ensures that a decompression bomb costs its page at most, and never more memory than the limit."""
    source = take(bomb())
    options = OpenOptions(72, backend, limits=Limits(worker_bytes=512 << 20))
    with PageWorker() as worker, Watch(worker) as watch:
        with suppress(SourceError):
            worker.run(CropJob(source, 1, FULL_PAGE, options), 4.0)
        # The worker, or the next one, is as good as new.
        good = worker.run(CropJob(take(pages(INK)), 1, FULL_PAGE, options))

    assert (True, b"\x89PNG") == (watch.peak < 620, good[:4])


def test_memory_that_is_not_there(take):
    """This test ensures that a page that needs more memory than allowed says so by the limit's name."""
    source = take(pages(INK, entries="/MediaBox[0 0 5000 5000]"))
    limits = Limits(worker_bytes=256 << 20)
    with PageWorker() as worker:
        for backend in ("pymupdf", "pdfium"):
            with pytest.raises(SourceError, match=r"page 1: .*limits\.worker_bytes=268435456"):
                worker.run(CropJob(source, 1, FULL_PAGE, OpenOptions(144, backend, limits=limits)))
            assert worker.run(DescribeJob(source, OpenOptions(72, backend))).total_pages == 1
