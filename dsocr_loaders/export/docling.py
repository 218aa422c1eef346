"""A document as docling's own value, so that docling's chunkers, serialisers and viewers run on it.

Needs `docling-core`, which is imported here and only on use.
"""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from dsocr_loaders.chunking.provenance import place_of_range
from dsocr_loaders.errors import MissingDependency
from dsocr_loaders.geometry import FULL_PAGE, hull
from dsocr_loaders.structure import FURNITURE, formulas_in, joined, with_figure_texts
from dsocr_loaders.tables import parse_tables
from dsocr_loaders.tables.table import lay_out
from dsocr_loaders.values import RegionType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docling_core.types.doc.document import DoclingDocument

    from dsocr_loaders.geometry import Box
    from dsocr_loaders.tables import Table
    from dsocr_loaders.values import Document, PageResult, Region

__all__ = ["document_to_docling"]

_RUNNING = frozenset({"hyphen", "none", "space"})
_POINTS_PER_INCH = 72
_SECTION_LEVEL = 2  # of ours: level 1 is the document's title, which docling counts apart
_ITEM = re.compile(
    r"\s*(?:([-*+\u2022\u2023\u25aa\u25e6\u2013])|((?:\d{1,4}|[A-Za-z]|[ivxIVX]{1,6})[.)]|\(\w{1,4}\)))\s+(.*)",
    re.DOTALL,
)
_TASK_LABELS = {
    RegionType.CAPTION: "caption",
    RegionType.FOOTNOTE: "footnote",
    RegionType.HEADER: "page_header",
    RegionType.FOOTER: "page_footer",
    RegionType.PAGE_NUMBER: "page_footer",
}


def document_to_docling(document: Document) -> DoclingDocument:
    """Return the document as a `DoclingDocument`, its items in reading order.

    * Pages carry their size in points or pixels as the source has them; boxes are in that unit, origin top left. A
      region with several boxes has a provenance for each, with the characters that it holds (in proportion to their
      heights where the region's lines are not known). A region without a box has the whole page.
    * Titles, headings (level 1 is a section), text, formulas, footnotes keep their kind; a list becomes a group with
      an item for each of its items, with its own box where its lines are known; `other` is text. Headers, footers and
      page numbers are in the furniture layer.
    * A paragraph that goes on over a page break is one item with a provenance on each page, as docling's own are. A
      table that does is a table on each page.
    * A formula has its LaTeX without delimiters, which docling's serialisers add; `orig` has them.
    * A figure whose crop was saved refers to that file, if it is still there (docling opens it with
      `DoclingDocument.load_local_images`).
    * A table has its grid with spans and header cells; several tables in one region are several tables with the same
      box. What else the region's text holds becomes text. Captions and footnotes are tied to their table or figure.
    * The origin has the file's type, name and hash, as docling computes it. Pages that failed are there, without items.

    Raises:
        MissingDependency: docling-core is not installed.
    """
    return _Conversion(document).run()


class _Conversion:
    def __init__(self, document: Document) -> None:
        try:
            doc = import_module("docling_core.types.doc")
        except ImportError as error:
            raise MissingDependency(
                'A DoclingDocument needs docling-core. Install it: pip install "dsocr-loaders[docling]"'
            ) from error
        self._types = doc
        self._document = document
        self._texts: dict[tuple[int, int], Any] = {}  # running texts, by page and the order of their last region
        source = document.source
        self._made: DoclingDocument = doc.DoclingDocument(
            name=re.sub(r"\.\w+$", "", _file_name(source.name)) or source.name,
            origin=doc.DocumentOrigin(
                mimetype=source.media_type,
                binary_hash=int(source.sha256, 16) & _UINT64,
                filename=_file_name(source.name),
            ),
        )

    def run(self) -> DoclingDocument:
        for page in self._document.pages:
            self._made.add_page(page.page_number, self._types.Size(width=page.width, height=page.height))
            self._add_page(with_figure_texts(page))
        return self._made

    def _add_page(self, page: PageResult) -> None:
        owned: dict[int, list[Region]] = {}
        owners = {region.order for region in page.regions if region.type in {RegionType.TABLE, RegionType.FIGURE}}
        for region in page.regions:
            if region.caption_of in owners and region.order not in owners:
                owned.setdefault(region.caption_of, []).append(region)
        for region in page.regions:
            if region.order in owners:
                self._add_float(page, region, owned.get(region.order, []))
            elif region.caption_of not in owners and region.text.strip():
                self._add_text(page, region)

    def _add_text(self, page: PageResult, region: Region) -> None:
        text = region.text
        provenance = self._provenance(page, region)
        if self._continued(page, region, provenance):
            return
        match region.type:
            case RegionType.TITLE:
                item: Any = self._made.add_title(text, prov=provenance[0])
            case RegionType.HEADING:
                level = max(1, (region.level or _SECTION_LEVEL) - _SECTION_LEVEL + 1)
                item = self._made.add_heading(text, level=level, prov=provenance[0])
            case _ if len(entries := list_entries(text)) > 0 and region.type in {RegionType.LIST, RegionType.TEXT}:
                self._add_list(page, region, entries)
                return
            case RegionType.FORMULA:
                item = self._made.add_formula(_bare_formula(text), orig=text, prov=provenance[0])
            case _:
                label = self._types.DocItemLabel(_TASK_LABELS.get(region.type, "text"))
                layer = self._types.ContentLayer("furniture" if region.type in FURNITURE else "body")
                item = self._made.add_text(label, text, prov=provenance[0], content_layer=layer)
        item.prov.extend(provenance[1:])
        if region.type is RegionType.TEXT:
            self._texts[page.page_number, region.order] = item

    def _continued(self, page: PageResult, region: Region, provenance: Sequence[Any]) -> bool:
        """Put a text behind the one that it goes on from; return whether there is one."""
        join = region.continues
        if join is None or join.how not in _RUNNING or region.type is not RegionType.TEXT:
            return False
        item = self._texts.pop((join.page_number, join.order), None)
        if item is None:
            return False
        item.text = item.orig = joined(item.text, join.how, region.text)
        shift = len(item.text) - len(region.text.lstrip())
        item.prov = [_with_span(entry, 0, shift) for entry in item.prov]  # a hyphen that divided a word is gone
        item.prov += [_with_span(entry, shift, len(item.text)) for entry in provenance]
        self._texts[page.page_number, region.order] = item
        return True

    def _add_list(self, page: PageResult, region: Region, entries: Sequence[tuple[str, str]]) -> None:
        group = self._made.add_list_group()
        starts = _starts_of(entries, region.text)
        for (marker, words), start, end in zip(entries, starts, (*starts[1:], len(region.text)), strict=True):
            item = self._made.add_list_item(
                words, enumerated=marker[:-1].strip("(").isalnum(), marker=marker, parent=group
            )
            place = place_of_range(region, start, end)
            boxes = place.boxes if place.is_exact else region.boxes
            item.prov.extend(self._at(page, box, (0, len(words))) for box in boxes or (FULL_PAGE,))

    def _add_float(self, page: PageResult, region: Region, owned: Sequence[Region]) -> None:
        provenance = self._provenance(page, region)
        tables = parse_tables(region.text) if region.type is RegionType.TABLE else ()
        if region.type is RegionType.TABLE:
            items: list[Any] = [self._add_table(table, provenance) for table in tables if table.rows]
            if not items:
                items = [self._made.add_table(self._types.TableData(), prov=provenance[0])]
                if region.text.strip():  # a table that could not be read keeps its words
                    self._made.add_text(self._types.DocItemLabel.TEXT, region.text, prov=provenance[0])
        else:
            items = [self._made.add_picture(prov=provenance[0], image=self._crop(page, region))]
            items[0].prov.extend(provenance[1:])
            if region.text.strip():
                self._made.add_text(self._types.DocItemLabel.TEXT, region.text, prov=provenance[0], parent=items[0])
        for each in owned:
            if not each.text.strip():
                continue
            owner = items[0]
            label = "footnote" if each.type is RegionType.FOOTNOTE else "caption"
            boxes = self._provenance(page, each)
            item = self._made.add_text(self._types.DocItemLabel(label), each.text, prov=boxes[0], parent=owner)
            item.prov.extend(boxes[1:])
            (owner.footnotes if label == "footnote" else owner.captions).append(item.get_ref())

    def _add_table(self, table: Table, provenance: Sequence[Any]) -> Any:  # noqa: ANN401 - docling's item
        if table.before:
            self._made.add_text(self._types.DocItemLabel.TEXT, table.before, prov=provenance[0])
        placements = lay_out(table.rows)
        cells = [
            self._types.TableCell(
                text=placed.cell.text,
                row_span=placed.height,
                col_span=placed.width,
                start_row_offset_idx=placed.row,
                end_row_offset_idx=placed.row + placed.height,
                start_col_offset_idx=placed.column,
                end_col_offset_idx=placed.column + placed.width,
                column_header=placed.row < table.header_rows,
                row_header=placed.cell.is_header and placed.row >= table.header_rows,
            )
            for placed in placements
        ]
        columns = max((placed.column + placed.width for placed in placements), default=0)
        data = self._types.TableData(table_cells=cells, num_rows=len(table.rows), num_cols=columns)
        item = self._made.add_table(data, prov=provenance[0])
        item.prov.extend(provenance[1:])
        if table.after:
            self._made.add_text(self._types.DocItemLabel.TEXT, table.after, prov=provenance[0])
        return item

    def _crop(self, page: PageResult, region: Region) -> Any | None:  # noqa: ANN401 - docling's reference
        if not region.image_path or not region.boxes:
            return None
        try:
            with Image.open(region.image_path) as crop:
                width, height = crop.size
        except OSError:  # moved or removed since; the figure's place is known all the same
            return None
        points = hull(region.boxes).width * page.width
        dpi = round(width / points * _POINTS_PER_INCH) if page.unit == "pt" and points else _POINTS_PER_INCH
        size = self._types.Size(width=width, height=height)
        return self._types.ImageRef(mimetype="image/png", dpi=dpi, size=size, uri=Path(region.image_path))

    def _provenance(self, page: PageResult, region: Region) -> list[Any]:
        boxes = region.boxes or (FULL_PAGE,)
        spans = _spans_of_boxes(region, boxes)
        return [self._at(page, box, span) for box, span in zip(boxes, spans, strict=True)]

    def _at(self, page: PageResult, box: Box, span: tuple[int, int]) -> Any:  # noqa: ANN401 - docling's provenance
        corners = {"l": box.x0 * page.width, "t": box.y0 * page.height, "r": box.x1 * page.width}
        place = self._types.BoundingBox(**corners, b=box.y1 * page.height)
        return self._types.ProvenanceItem(page_no=page.page_number, bbox=place, charspan=span)


def _starts_of(entries: Sequence[tuple[str, str]], text: str) -> list[int]:
    """Return where the first line of each item of a list begins."""
    starts: list[int] = []
    at = 0
    for _, words in entries:
        line = words.partition("\n")[0]
        at = text.index(line, at)
        starts.append(text.rfind("\n", 0, at) + 1)
        at += len(line)
    return starts


def _with_span(entry: Any, shift: int, end: int) -> Any:  # noqa: ANN401 - docling's provenance
    """Return a provenance whose characters are moved by `shift`, those behind `end` cut off."""
    first, last = entry.charspan
    return entry.model_copy(update={"charspan": (min(first + shift, end), min(last + shift, end))})


def _bare_formula(text: str) -> str:
    """Return the text without the delimiters of its formulas."""
    pieces = []
    done = 0
    for formula in formulas_in(text):
        pieces += [text[done : formula.start], formula.latex]
        done = formula.end
    return "".join((*pieces, text[done:])).strip()


_UINT64 = 0xFFFFFFFFFFFFFFFF


def _file_name(name: str) -> str:
    return re.split(r"[/\\]", name.rstrip("/\\"))[-1] or name


def _spans_of_boxes(region: Region, boxes: Sequence[Box]) -> list[tuple[int, int]]:
    """Return for each box the characters of the region's text in it; together they are the text."""
    length = len(region.text)
    ends: list[int] = []
    if region.lines and len(boxes) > 1:
        for box in boxes:
            inside = [
                line.end
                for line in region.lines
                if box.y0 <= (line.box.y0 + line.box.y1) / 2 <= box.y1
                and box.x0 <= (line.box.x0 + line.box.x1) / 2 <= box.x1
            ]
            ends.append(max((*inside, *ends[-1:]), default=0))
    else:
        joint = sum(box.height for box in boxes)
        above = 0.0
        for box in boxes:
            above += box.height
            ends.append(round(length * above / joint) if joint else 0)
    ends[-1] = length
    return list(zip([0, *ends[:-1]], ends, strict=True))


def list_entries(text: str) -> list[tuple[str, str]]:
    """Return marker and words of each item if `text` is a list of at least two items, else nothing.

    A line without a marker goes on with the item above it.
    """
    entries: list[tuple[str, str]] = []
    for line in text.split("\n"):
        found = _ITEM.match(line)
        if found:
            entries.append((found[1] or found[2], found[3].rstrip()))
        elif entries and line.strip():
            marker, words = entries[-1]
            entries[-1] = (marker, f"{words}\n{line.strip()}")
        elif line.strip():
            return []
    return entries if len(entries) > 1 else []
