"""PyMuPDF's page -> `Layer`. The only module of the text layer that knows what PyMuPDF's answers look like.

Three of its habits are undone here. Text, drawings and images come in coordinates of the CropBox before /Rotate, and
`rotation_matrix` forgets /UserUnit, so the frame is made from `rect` and `rotation` alone. Unknown glyphs come as
U+FFFD only if the flag that replaces them by their numbers is off. `find_tables` is not used: on a turned page it
removes the CropBox, and it prints to standard output, which a page worker may be talking on.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, Any

from dsocr_loaders.engines.text_layer.layer import Frame, Grid, GridCell, Layer, Picture, Rectangle, Run
from dsocr_loaders.engines.text_layer.layer import rectangle_around as around
from dsocr_loaders.engines.text_layer.ruled import Rule, grids_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dsocr_loaders.engines.text_layer.documents import PdfPage

__all__ = ["layer_of", "runs_of"]

_FLAGS = 2 | 64  # TEXT_PRESERVE_WHITESPACE | TEXT_MEDIABOX_CLIP
_STRAIGHT = 0.98  # cosine: a baseline that leans by more than 11 degrees follows no side of the page
_BOLD_FLAG = 16  # of a span, see PyMuPDF's TextPage.extractDICT
_BOLD_NAME = re.compile(r"bold|black|heavy|demi|-medi$|cmbx", re.IGNORECASE)
_ASCENT, _DESCENT = 0.95, 0.3  # of the font size; fonts for many scripts claim more than twice that
_THIN_PT = 3.0  # a filled rectangle that is thinner is a line
_MOST_PATHS = 20_000  # of a page that is searched for tables; more is a map or a plot
_COVERING = 0.5  # of the page: an opaque image this large may hide a text layer
_FILLED_CELLS = 0.25  # of a table's cells at least hold text
_RTL_CLASSES = frozenset({"R", "AL"})
_FIRST_RTL = "\u0590"  # no character before it is written from right to left

_Line = dict[str, Any]  # as TextPage.extractDICT makes it


def layer_of(page: PdfPage) -> Layer:
    """Return what the text layer of `page` holds. The page is left as it was."""
    painted = page.get_bboxlog()
    lines = _lines(page, "dict")
    frame = _frame(page, lines)
    pictures = _pictures(page, frame, painted)
    covers = _covers(pictures, frame, painted)
    grids = _grids(page, frame, painted)
    if not grids:
        return _layer(lines, frame, (), pictures, covers)
    lines = _lines(page, "rawdict")
    layer = _layer(lines, frame, grids, pictures, covers)
    tables = tuple(grid for grid in layer.grids if _is_table(grid, frame))
    return layer if len(tables) == len(grids) else _layer(lines, frame, tables, pictures, covers)


def runs_of(page: PdfPage) -> tuple[Run, ...]:
    """Return the visible text that runs along the reading frame, in tables or not, with less work than `layer_of`."""
    lines = _lines(page, "dict")
    return _layer(lines, _frame(page, lines), (), (), ()).runs


def _is_table(grid: Grid, frame: Frame) -> bool:
    """Whether the text inside is a table's: a plot has next to none, and the frame of a page has it in one cell."""
    filled = [cell for cell in grid.cells if cell.runs]
    is_frame = any(cell.place.area > _COVERING * frame.width * frame.height for cell in filled)
    return (
        not is_frame
        and len(filled) >= _FILLED_CELLS * len(grid.cells)
        and len({cell.row for cell in filled}) > 1
        and len({cell.column for cell in filled}) > 1
    )


def _layer(
    lines: Iterable[tuple[int, _Line]],
    frame: Frame,
    grids: tuple[Grid, ...],
    pictures: tuple[Picture, ...],
    covers: Sequence[_Cover],
) -> Layer:
    """Return the layer with each line, cut where cells of `grids` meet, in its place."""
    runs: list[Run] = []
    asides: list[Run] = []
    in_cells: dict[tuple[int, int], list[Run]] = {}
    hidden = 0
    for number, line in lines:
        for target, spans in _parts(line, frame, grids):
            shown = [span for span in spans if span["alpha"]]
            hidden += sum(_inked(span["text"]) for span in spans if not span["alpha"])
            if not any(_inked(span["text"]) for span in shown):
                continue
            run = _run(shown, line, number, frame)
            if any(cover.hides(run.place) for cover in covers):
                hidden += _inked(run.text)
            elif target is not None:
                in_cells.setdefault(target, []).append(run)
            else:
                (runs if _turn(line) == frame.from_raw else asides).append(run)
    return Layer(
        frame=frame,
        runs=tuple(runs),
        asides=tuple(asides),
        grids=tuple(_filled(grid, index, in_cells) for index, grid in enumerate(grids)),
        pictures=pictures,
        hidden_characters=hidden,
    )


def _inked(text: str) -> int:
    return sum(map(len, text.split()))


def _lines(page: PdfPage, kind: str) -> list[tuple[int, _Line]]:
    return [(block["number"], line) for block in page.get_text(kind, flags=_FLAGS)["blocks"] for line in block["lines"]]


def _turn(line: _Line) -> int | None:
    """Return by how many degrees clockwise the line has to be turned to run to the right; None if it is slanted."""
    x, y = line["dir"]
    for degrees, cosine in ((0, x), (90, -y), (180, -x), (270, y)):
        if cosine > _STRAIGHT:
            return degrees
    return None


def _frame(page: PdfPage, lines: Iterable[tuple[int, _Line]]) -> Frame:
    turns: Counter[int] = Counter()
    for _, line in lines:
        turn = _turn(line)
        if turn is not None:
            turns[turn] += sum(len(span["text"]) for span in line["spans"] if span["alpha"])
    upright = page.rotation % 360
    # Of two equally frequent directions the upright one wins.
    from_raw = max(turns, key=lambda turn: (turns[turn], turn == upright)) if turns else upright
    width, height = page.rect.width, page.rect.height
    if (from_raw - upright) % 180:
        width, height = height, width
    return Frame(width, height, from_raw, (upright - from_raw) % 360)


def _parts(
    line: _Line, frame: Frame, grids: Sequence[Grid]
) -> Iterator[tuple[tuple[int, int] | None, list[dict[str, Any]]]]:
    """Yield `(grid and cell, spans)` for the pieces of a line that lie in one cell, or in none (None)."""
    if not grids and all("text" in span for span in line["spans"]):
        yield None, line["spans"]
        return
    target: tuple[int, int] | None = None
    spans: list[dict[str, Any]] = []
    for span in line["spans"]:
        characters: list[dict[str, Any]] = []
        for character in span["chars"]:
            here = _cell_at(frame.rectangle(character["bbox"]).centre, grids)
            # A blank between two cells belongs to neither; it stays with what comes before.
            if here != target and not character["c"].isspace():
                if characters:
                    spans.append(_joined(span, characters))
                if spans:
                    yield target, spans
                target, spans, characters = here, [], []
            characters.append(character)
        if characters:
            spans.append(_joined(span, characters))
    if spans:
        yield target, spans


def _joined(span: dict[str, Any], characters: Sequence[dict[str, Any]]) -> dict[str, Any]:
    boxes = [character["bbox"] for character in characters]
    bbox = (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )
    text = "".join(character["c"] for character in characters)
    return span | {"text": text, "bbox": bbox, "origin": characters[0]["origin"]}


def _cell_at(point: tuple[float, float], grids: Sequence[Grid]) -> tuple[int, int] | None:
    for index, grid in enumerate(grids):
        if grid.place.contains(*point):
            return index, min(range(len(grid.cells)), key=lambda cell: _distance(point, grid.cells[cell].place))
    return None


def _distance(point: tuple[float, float], place: Rectangle) -> float:
    across = max(place.x0 - point[0], 0.0, point[0] - place.x1)
    down = max(place.y0 - point[1], 0.0, point[1] - place.y1)
    return across + down


def _filled(grid: Grid, index: int, in_cells: dict[tuple[int, int], list[Run]]) -> Grid:
    cells = (
        GridCell(
            cell.row,
            cell.column,
            cell.row_span,
            cell.column_span,
            cell.place,
            tuple(in_cells.get((index, position), ())),
        )
        for position, cell in enumerate(grid.cells)
    )
    return Grid(grid.place, grid.rows, grid.columns, tuple(cells))


def _run(spans: Sequence[dict[str, Any]], line: _Line, painted_block: int, frame: Frame) -> Run:
    text = "".join(span["text"] for span in spans)
    sizes: Counter[tuple[float, float]] = Counter()
    for span in spans:
        sizes[round(span["size"], 2), frame.point(*span["origin"])[1]] += _inked(span["text"])
    size, baseline = max(sizes, key=sizes.__getitem__)
    is_along = _turn(line) == frame.from_raw and not line["wmode"]
    return Run(
        text=text,
        place=around(_glyphs(span, frame, is_along=is_along) for span in spans),
        baseline=baseline,
        size=size,
        is_bold=all(_is_bold(span) for span in spans if any(map(str.isalnum, span["text"]))),
        is_rtl=_is_rtl(text),
        painted_block=painted_block,
    )


def _glyphs(span: dict[str, Any], frame: Frame, *, is_along: bool) -> Rectangle:
    whole = frame.rectangle(span["bbox"])
    if not is_along:
        return whole
    baseline, size = frame.point(*span["origin"])[1], span["size"]
    top = max(whole.y0, baseline - _ASCENT * size)
    return Rectangle(whole.x0, top, whole.x1, max(top, min(whole.y1, baseline + _DESCENT * size)))


def _is_bold(span: dict[str, Any]) -> bool:
    return bool(span["flags"] & _BOLD_FLAG) or _BOLD_NAME.search(span["font"]) is not None


def _is_rtl(text: str) -> bool:
    if not any(character >= _FIRST_RTL for character in text):
        return False
    classes = [unicodedata.bidirectional(character) for character in text]
    return sum(name in _RTL_CLASSES for name in classes) > classes.count("L")


def _grids(page: PdfPage, frame: Frame, painted: Sequence[tuple[str, Any]]) -> tuple[Grid, ...]:
    paths = sum(kind in {"fill-path", "stroke-path"} for kind, _ in painted)
    if not 0 < paths <= _MOST_PATHS:
        return ()
    return grids_of(list(_rules(page, frame)))


def _rules(page: PdfPage, frame: Frame) -> Iterator[Rule]:
    for drawing in page.get_cdrawings():
        for item in drawing["items"]:
            if item[0] == "l":
                yield from _rules_of_line(frame.rectangle((*item[1], *item[2])))
            elif item[0] == "re":
                yield from _rules_of_rectangle(frame.rectangle(item[1]))
            elif item[0] == "qu":
                corners = item[1]
                place = frame.rectangle((*corners[0], *corners[3]))
                if place == around(frame.rectangle((*corner, *corner)) for corner in corners):
                    yield from _rules_of_rectangle(place)


def _rules_of_line(place: Rectangle) -> Iterator[Rule]:
    if place.height < 1 < place.width:
        yield Rule(is_horizontal=True, at=place.centre[1], start=place.x0, end=place.x1)
    elif place.width < 1 < place.height:
        yield Rule(is_horizontal=False, at=place.centre[0], start=place.y0, end=place.y1)


def _rules_of_rectangle(place: Rectangle) -> Iterator[Rule]:
    if place.height < _THIN_PT:
        yield Rule(is_horizontal=True, at=place.centre[1], start=place.x0, end=place.x1)
    elif place.width < _THIN_PT:
        yield Rule(is_horizontal=False, at=place.centre[0], start=place.y0, end=place.y1)
    else:
        for y in (place.y0, place.y1):
            yield Rule(is_horizontal=True, at=y, start=place.x0, end=place.x1)
        for x in (place.x0, place.x1):
            yield Rule(is_horizontal=False, at=x, start=place.y0, end=place.y1)


def _pictures(page: PdfPage, frame: Frame, painted: Sequence[tuple[str, Any]]) -> tuple[Picture, ...]:
    if not any(kind in {"fill-image", "fill-imgmask"} for kind, _ in painted):
        return ()
    whole = Rectangle(0, 0, frame.width, frame.height)
    found = (
        Picture(
            frame.rectangle(image["bbox"]).overlap_with(whole),
            is_opaque=not image["has-mask"] and image["colorspace"] > 0,
        )
        for image in page.get_image_info()
    )
    return tuple(picture for picture in found if picture.place.area > 0)


class _Cover:
    """A large opaque image, and the text that is painted over it: what it hides is all other text inside it."""

    def __init__(self, place: Rectangle, painted_later: Iterable[Rectangle]) -> None:
        self._place = place
        self._painted_later = tuple(painted_later)

    def hides(self, place: Rectangle) -> bool:
        x, y = place.centre
        return self._place.contains(x, y) and not any(later.contains(x, y) for later in self._painted_later)


def _covers(pictures: Iterable[Picture], frame: Frame, painted: Sequence[tuple[str, Any]]) -> list[_Cover]:
    opaque = [
        picture.place
        for picture in pictures
        if picture.is_opaque and picture.place.area > _COVERING * frame.width * frame.height
    ]
    if not opaque:
        return []
    whole = Rectangle(0, 0, frame.width, frame.height)
    log = [(kind, frame.rectangle(bbox)) for kind, bbox in painted]
    covers = []
    for index, (kind, place) in enumerate(log):
        on_page = place.overlap_with(whole)
        if kind == "fill-image" and any(_is_same(on_page, image) for image in opaque):
            later = (text for name, text in log[index + 1 :] if name in {"fill-text", "stroke-text"})
            covers.append(_Cover(on_page, later))
    return covers


def _is_same(first: Rectangle, second: Rectangle) -> bool:
    return first.overlap_with(second).area > 0.95 * max(first.area, second.area)
