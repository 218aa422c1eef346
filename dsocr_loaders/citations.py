"""Showing where retrieved text stands: page images, or a PDF, with the places of chunks marked.

Nothing is needed but the chunks' metadata and the file: it works on what comes out of a vector store, months later.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, cast, overload

from PIL import Image, ImageDraw, ImageFont

from dsocr_loaders.errors import SettingsError, SourceError
from dsocr_loaders.geometry import FULL_PAGE, Box, box_to_pixels, hull
from dsocr_loaders.pages import AnnotateJob, CropJob, OpenOptions, PageMark, PageWorker
from dsocr_loaders.settings.limits import Limits
from dsocr_loaders.sources import Spool, resolve_sources
from dsocr_loaders.values import RegionType, Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dsocr_loaders.pages import PdfBackend
    from dsocr_loaders.sources import Sourceable

__all__ = ["HighlightedPage", "highlight"]

_COLORS = ((230, 120, 0), (0, 110, 200), (0, 140, 70), (190, 30, 90), (120, 70, 190), (150, 110, 0))
_FILL_OPACITY = 60  # of 255
_DASH_PX = 8
_FIELDS = 9  # of a piece in the metadata's regions
_TOUCHING = 0.0002  # of a page: what rounding in the metadata leaves between two rows


@dataclass(frozen=True, slots=True)
class HighlightedPage:
    """A page with marks.

    Attributes:
        page_number: from 1.
        png: the bytes of a PNG file.
        items: positions, from 0, of the items that are marked on it.
    """

    page_number: int
    png: bytes
    items: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """One box of one item."""

    item: int
    page_number: int
    box: Box
    is_exact: bool


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece as the metadata's regions name it."""

    page_number: int
    box: Box
    kind: str
    is_exact: bool


@overload
def highlight(
    items: object,
    source: Sourceable,
    *,
    form: Literal["images"] = "images",
    dpi: int = 144,
    pdf_backend: PdfBackend | None = None,
    password: str | None = None,
    limits: Limits | None = None,
) -> tuple[HighlightedPage, ...]: ...


@overload
def highlight(
    items: object,
    source: Sourceable,
    *,
    form: Literal["pdf"],
    dpi: int = 144,
    pdf_backend: PdfBackend | None = None,
    password: str | None = None,
    limits: Limits | None = None,
) -> bytes: ...


def highlight(
    items: object,
    source: Sourceable,
    *,
    form: Literal["images", "pdf"] = "images",
    dpi: int = 144,
    pdf_backend: PdfBackend | None = None,
    password: str | None = None,
    limits: Limits | None = None,
) -> tuple[HighlightedPage, ...] | bytes:
    """Return the pages of `source` that `items` come from, with the items' places marked and numbered.

    Places are filled in a colour of the item's own; a solid frame is exact, a dashed one an estimate (a piece of a
    region that was split), and an item whose place on the page is not known frames the whole page. Numbers count the
    items from 1 in the order given, so they can stand in an answer as `[1]`.

    Args:
        items: what retrieval returned, one or several: LlamaIndex nodes (with or without score), LangChain documents,
            chunks of this package, or their metadata as dicts. Items of other files are left out, told by the hash.
        source: the file: a path, bytes, a binary file object or a `Source`.
        form: `"images"` gives a page picture for each page, in page order; `"pdf"` the bytes of a copy of the PDF
            with annotations (needs PyMuPDF; a page image becomes a PDF of the marked pages).
        dpi: of page pictures of a PDF; an image gives its own pixels.
        pdf_backend: the library that draws pages; by default pymupdf if installed, else pdfium.
        password: of an encrypted PDF.
        limits: the most that the file may hold; the defaults if None.

    Raises:
        SettingsError: an item has no such metadata; the message names its position.
        SourceError: the file cannot be read, or no item comes from it (it is another file, or was changed since).
        MissingDependency: `form="pdf"` without PyMuPDF.
    """
    if form not in {"images", "pdf"}:
        raise SettingsError(f"form={form!r} is not allowed; allowed: images or pdf.")
    every = [_metadata(item, position) for position, item in enumerate(_listed(items))]
    with Spool() as spool, PageWorker() as worker:
        found = next(resolve_sources(source, spool=spool, limits=limits), None)
        if not isinstance(found, Source):
            raise SourceError(f"{found.name}: {found.message}" if found else "There is no file to highlight in.")
        places = [
            place
            for position, metadata in enumerate(every)
            if metadata["source_sha256"] == found.sha256
            for place in _places(metadata, position)
        ]
        if not places:
            names = ", ".join(sorted({str(metadata.get("source", "?")) for metadata in every})) or "nowhere"
            raise SourceError(
                f"{found.name}: none of the {len(every)} items comes from this file as it is now; they come from "
                f"{names}. Pass that file, or read this one again if it was changed."
            )
        options = OpenOptions(dpi, pdf_backend, password, limits or Limits())
        if form == "pdf":
            return worker.run(AnnotateJob(found, tuple(map(_mark, places)), options))
        return tuple(
            _drawn(worker.run(CropJob(found, number, FULL_PAGE, options)), number, places)
            for number in sorted({place.page_number for place in places})
        )


def _listed(items: object) -> list[object]:
    if isinstance(items, Mapping) or hasattr(items, "metadata") or hasattr(items, "node"):
        return [items]
    if isinstance(items, Iterable) and not isinstance(items, str | bytes):
        return list(items)
    raise SettingsError(
        f"items={type(items).__name__} is not allowed; allowed: nodes, documents, chunks or their metadata."
    )


def _metadata(item: object, position: int) -> Mapping[str, object]:
    inner = getattr(item, "node", item)  # a LlamaIndex node with its score
    metadata: Any = inner if isinstance(inner, Mapping) else getattr(inner, "metadata", None)
    if hasattr(metadata, "as_dict"):  # a chunk of this package
        metadata = metadata.as_dict()
    if not isinstance(metadata, Mapping) or not {"source_sha256", "page_number"} <= metadata.keys():
        raise SettingsError(
            f"Item {position + 1} ({type(item).__name__}) has no source_sha256 and page_number in its metadata, so it "
            "was not made by this package, or its metadata was cut down on the way. Keep the metadata of chunks."
        )
    return cast("Mapping[str, object]", metadata)


def _places(metadata: Mapping[str, object], position: int) -> list[_Place]:
    """Return the boxes of an item: those of its pieces, else of its hull, else its pages."""
    try:
        pieces = json.loads(str(metadata.get("regions") or "[]"))
        known = [
            _Piece(int(piece[0]), Box(*map(float, piece[1:5])), str(piece[5]), is_exact=bool(piece[6]))
            for piece in pieces
            if len(piece) >= _FIELDS
        ]
        found = [
            _Place(position, piece.page_number, piece.box, is_exact=piece.is_exact)
            for piece in _with_whole_tables(known, metadata)
        ]
        if not found:
            first = int(cast("int", metadata["page_number"]))
            last = int(cast("int", metadata.get("page_end") or first))
            corners = [float(cast("float", metadata.get(f"bbox_{edge}", whole))) for edge, whole in _EDGES]
            found = [_Place(position, first, Box(*corners), is_exact=False)]
            found += [_Place(position, number, FULL_PAGE, is_exact=False) for number in range(first + 1, last + 1)]
    except (TypeError, ValueError, IndexError) as error:
        raise SettingsError(f"Item {position + 1} has regions or boxes that cannot be read: {error}.") from error
    return list(dict.fromkeys(found))


def _with_whole_tables(pieces: Sequence[_Piece], metadata: Mapping[str, object]) -> Iterator[_Piece]:
    """Yield the pieces, those of a table's rows that touch as one: a frame around each row could not be read.

    Such a one is exact if all of the chunk's boxes on its first page are, of a table that was not split on any page.
    """
    is_exact = metadata.get("bbox_source") in {"model", "text_layer"}
    is_whole = metadata.get("table_parts") == 1
    at = 0
    while at < len(pieces):
        piece, last = pieces[at], at
        while last + 1 < len(pieces) and _is_next_row(pieces[last], pieces[last + 1]):
            last += 1
        if last > at:
            known = is_exact and (is_whole or piece.page_number == metadata["page_number"])
            joint = hull(each.box for each in pieces[at : last + 1])
            piece = replace(piece, box=joint, is_exact=known or all(each.is_exact for each in pieces[at : last + 1]))
        yield piece
        at = last + 1


def _is_next_row(piece: _Piece, other: _Piece) -> bool:
    """Whether a piece of a table is right below another."""
    apart = (piece.box.x0 - other.box.x0, piece.box.x1 - other.box.x1, piece.box.y1 - other.box.y0)
    return (
        piece.kind == other.kind == RegionType.TABLE
        and piece.page_number == other.page_number
        and piece.box.y0 < other.box.y0
        and all(abs(share) <= _TOUCHING for share in apart)
    )


_EDGES = (("x0", 0.0), ("y0", 0.0), ("x1", 1.0), ("y1", 1.0))


def _color(item: int) -> tuple[int, int, int]:
    return _COLORS[item % len(_COLORS)]


def _mark(place: _Place) -> PageMark:
    note = f"[{place.item + 1}]" if place.is_exact else f"[{place.item + 1}], estimated"
    return PageMark(place.page_number, place.box, _color(place.item), note)


def _drawn(png: bytes, page_number: int, places: list[_Place]) -> HighlightedPage:
    here = [place for place in places if place.page_number == page_number]
    page = Image.open(io.BytesIO(png)).convert("RGBA")
    layer = Image.new("RGBA", page.size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(layer)
    unit = max(1, page.width // 600)  # a line's width: the same share of every page
    font = ImageFont.load_default(size=14 * unit)
    for place in here:
        left, top, right, bottom = box_to_pixels(place.box, width_px=page.width, height_px=page.height)
        color = _color(place.item)
        pen.rectangle((left, top, right - 1, bottom - 1), fill=(*color, _FILL_OPACITY))
        _frame(pen, _around(place, page, unit), color, 2 * unit, is_dashed=not place.is_exact)
    numbered = _numbered(here)
    taken: list[tuple[int, int, int, int]] = []
    for item, place in numbered.items():
        corner = _around(place, page, unit)[:2]
        taken.append(_number(pen, str(item + 1), corner, _color(item), font, taken))
    written = io.BytesIO()
    Image.alpha_composite(page, layer).convert("RGB").save(written, "PNG")
    return HighlightedPage(page_number, written.getvalue(), tuple(sorted(numbered)))


def _around(place: _Place, page: Image.Image, unit: int) -> tuple[int, int, int, int]:
    """Return the pixels of a frame around a place: left, top, right and bottom, within the page."""
    left, top, right, bottom = box_to_pixels(place.box, width_px=page.width, height_px=page.height)
    return (
        max(0, left - 2 * unit),
        max(0, top - 2 * unit),
        min(page.width - 1, right - 1 + 2 * unit),
        min(page.height - 1, bottom - 1 + 2 * unit),
    )


def _numbered(here: Sequence[_Place]) -> dict[int, _Place]:
    """Return where each item gets its number: at its own first place, since all parts of a table have its caption."""
    owners = Counter(place.box for place in here)
    numbered: dict[int, _Place] = {}
    for place in sorted(here, key=lambda place: owners[place.box] > 1):
        numbered.setdefault(place.item, place)
    return numbered


def _frame(
    pen: ImageDraw.ImageDraw,
    corners: tuple[int, int, int, int],
    color: tuple[int, int, int],
    width_px: int,
    *,
    is_dashed: bool,
) -> None:
    if not is_dashed:
        pen.rectangle(corners, outline=(*color, 255), width=width_px)
        return
    left, top, right, bottom = corners
    path = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    dash = _DASH_PX * width_px // 2
    for (x0, y0), (x1, y1) in pairwise(path):
        length = max(abs(x1 - x0), abs(y1 - y0))
        for start in range(0, length, 2 * dash):
            end = min(length, start + dash)
            at = [(x0 + (x1 - x0) * step // length, y0 + (y1 - y0) * step // length) for step in (start, end)]
            pen.line(at, fill=(*color, 255), width=width_px)


def _number(
    pen: ImageDraw.ImageDraw,
    text: str,
    corner: tuple[int, int],
    color: tuple[int, int, int],
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    taken: Sequence[tuple[int, int, int, int]],
) -> tuple[int, int, int, int]:
    """Draw a number beside its place and beside the numbers that stand there already; return the room it takes."""
    left, top, right, bottom = pen.textbbox((0, 0), text, font=font)
    width, height = int(right - left) + 8, int(bottom - top) + 8
    x, y = max(0, corner[0] - width), corner[1]  # so that the place's first words can be read
    for x0, y0, x1, y1 in sorted(taken):
        if x < x1 and x0 < x + width and y < y1 and y0 < y + height:
            x = x1
    pen.rectangle((x, y, x + width, y + height), fill=(*color, 255))
    pen.text((x + 4 - left, y + 4 - top), text, fill=(255, 255, 255, 255), font=font)
    return x, y, x + width, y + height
