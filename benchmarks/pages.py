"""Page workers over a long PDF: memory, and time for a page.

    python benchmarks/pages.py              2,000 pages of each kind with each library, some minutes
    python benchmarks/pages.py --pages 200  the short form

Prints, for born-digital pages and for scans: memory of an idle worker, the most that it took above that, how much it
grew over the second half of the document, and milliseconds for a page as a worker delivers it (rendered at 144 dpi,
ink measured). Linux, since memory is read from /proc.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from functools import partial
from pathlib import Path

from PIL import Image, ImageDraw

from dsocr_loaders.pages import DescribeJob, OpenOptions, PageWorker, RenderJob
from dsocr_loaders.sources import Spool, resolve_sources
from dsocr_loaders.values import Decoding, Source, Task

_LINES = 45
_SCAN_PX = (1240, 1754)


def written(path: Path, pages: int, content: bytes, resources: str, shared: bytes) -> None:
    """Write a PDF of A4 pages by hand, each with a content stream and, for scans, an image of its own."""
    place = 0
    offsets: list[int] = []
    with path.open("wb") as file:

        def put(data: bytes) -> None:
            nonlocal place
            file.write(data)
            place += len(data)

        def put_object(data: bytes) -> None:
            offsets.append(place)
            put(b"%d 0 obj\n" % len(offsets) + data + b"\nendobj\n")

        put(b"%PDF-1.7\n")
        kids = b" ".join(b"%d 0 R" % (3 + 3 * index) for index in range(pages))
        put_object(b"<</Type/Catalog/Pages 2 0 R>>")
        put_object(b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, pages))
        for index in range(pages):
            own = 5 + 3 * index
            entries = resources.format(own=own).encode()
            put_object(
                b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R/Resources<<%s>>>>"
                % (4 + 3 * index, entries)
            )
            text = content.replace(b"NUMBER", b"%d" % (index + 1))
            put_object(b"<</Length %d>>stream\n%s\nendstream" % (len(text), text))
            put_object(shared)
        start = place
        put(b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1))
        put(b"".join(b"%010d 00000 n \n" % offset for offset in offsets))
        put(b"trailer<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF\n" % (len(offsets) + 1, start))


def born_digital(path: Path, pages: int) -> None:
    """Write pages of text."""
    line = b"(On page NUMBER the quick brown fox jumps over the lazy dog, once for every line of it.) Tj T*\n"
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
    written(path, pages, b"BT /F 11 Tf 16 TL 60 780 Td\n" + _LINES * line + b"ET", "/Font<</F {own} 0 R>>", font)


def scans(path: Path, pages: int) -> None:
    """Write pages that are one JPEG each."""
    picture = Image.new("RGB", _SCAN_PX, (236, 232, 224))
    draw = ImageDraw.Draw(picture)
    for row in range(_LINES):
        draw.text((120, 120 + 32 * row), "the quick brown fox jumps over the lazy dog " * 3, fill=(30, 30, 30))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=60)
    data = file.getvalue()
    head = "<</Type/XObject/Subtype/Image/Width {}/Height {}/BitsPerComponent 8/ColorSpace/DeviceRGB/Filter/DCTDecode"
    image = (head.format(*_SCAN_PX) + f"/Length {len(data)}>>stream\n").encode() + data + b"\nendstream"
    written(path, pages, b"595 0 0 842 0 0 cm /I Do", "/XObject<</I {own} 0 R>>", image)


def resident_mib(process_id: int) -> float:
    """Return the memory of a process that is resident."""
    for line in Path(f"/proc/{process_id}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def measured(source: Source, pages: int, pdf_backend: str) -> tuple[float, float, float, float]:
    """Return idle memory, the most above it, growth over the second half (MiB), and milliseconds for a page."""
    options = OpenOptions(pdf_backend="pymupdf" if pdf_backend == "pymupdf" else "pdfium")
    # A page is read whole, and nothing of it kept: the length of its pixels is the answer.
    job = partial(
        RenderJob,
        source,
        options=options,
        needs_image=True,
        prepare=_prepare(),
        task=Task.DOCUMENT,
        prompt="",
        resolution="gundam",
        decoding=Decoding(),
        label="",
    )
    with PageWorker() as worker:
        worker.run(DescribeJob(source, options))
        idle = resident_mib(worker.process_id or 0)
        seen = []
        start = time.perf_counter()
        for number in range(1, pages + 1):
            worker.run(job(page_number=number))
            seen.append(resident_mib(worker.process_id or 0))
        seconds = time.perf_counter() - start
    half = len(seen) // 2
    return idle, max(seen) - idle, max(seen[half:]) - max(seen[:half]), 1000 * seconds / pages


def _prepare() -> partial[str]:
    # Something that any worker can import, and that takes a page and a request.
    return partial("{0.page_number} {1.attempt}".format)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pages", type=int, default=2000)
    pages = parser.parse_args().pages
    print(f"{'pages':>14} {'library':>8} {'idle MiB':>9} {'most above':>11} {'2nd half':>9} {'ms a page':>10}")
    with tempfile.TemporaryDirectory() as folder, Spool() as spool:
        for name, make in (("born-digital", born_digital), ("scans", scans)):
            path = Path(folder) / f"{name}.pdf"
            make(path, pages)
            source = next(resolve_sources(path, spool=spool))
            if not isinstance(source, Source):
                raise SystemExit(source.message)
            for pdf_backend in ("pymupdf", "pdfium"):
                idle, most, growth, milliseconds = measured(source, pages, pdf_backend)
                print(f"{name:>14} {pdf_backend:>8} {idle:9.0f} {most:11.0f} {growth:9.0f} {milliseconds:10.1f}")


if __name__ == "__main__":
    main()
