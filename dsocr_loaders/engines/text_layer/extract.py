"""PyMuPDF's page -> `Layer`.

Habits of PyMuPDF that are undone on the way: text, drawings and images come in coordinates of the CropBox before
/Rotate, and `rotation_matrix` forgets /UserUnit, so the frame is made from `rect` and `rotation` alone. `find_tables`
is not used: on a turned page it removes the CropBox, and it prints to standard output.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from dsocr_loaders.engines.text_layer.drawings import (
    boxes_of,
    covers_of,
    drawings_on,
    grids_on,
    pictures_on,
    strokes_on,
)
from dsocr_loaders.engines.text_layer.layer import Layer
from dsocr_loaders.engines.text_layer.links import links_near, links_on
from dsocr_loaders.engines.text_layer.spans import (
    cut_at_gaps,
    cut_at_marks,
    inked,
    lines_on,
    reading_frame,
    run_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dsocr_loaders.engines.text_layer.documents import PdfPage
    from dsocr_loaders.engines.text_layer.drawings import Cover
    from dsocr_loaders.engines.text_layer.layer import Frame, Grid, Run
    from dsocr_loaders.engines.text_layer.links import PlacedLink
    from dsocr_loaders.engines.text_layer.spans import PaintedLine

__all__ = ["layer_of", "runs_of"]

_FILLED_CELLS = 0.25  # of a table's cells at least hold text
_FRAME_CELL = 0.5  # of the page: a cell this large is the frame around a page's text

_Target = tuple[int, int]  # a grid and a cell in it, by index


def layer_of(page: PdfPage) -> Layer:
    """Return what the text layer of `page` holds. The page is left as it was."""
    painted = page.get_bboxlog()
    lines = lines_on(page, has_characters=False)
    frame = reading_frame(page, (line for _, line in lines))
    links = links_on(page, frame)
    pictures = pictures_on(page, frame, painted)
    covers = covers_of(pictures, frame, painted)
    runs, hidden = _visible(_pieces(page, lines, frame, (), links), covers, frame)
    drawings = drawings_on(page, painted)
    tables = grids_on(drawings, frame, [run for _, run in runs if run.is_along])
    if tables:
        runs, hidden = _visible(_pieces(page, lines, frame, tables, links), covers, frame)
        candidates, tables = tables, tuple(grid for grid in _filled(tables, runs) if _is_table(grid, frame))
        if len(tables) < len(candidates):
            runs, hidden = _visible(_pieces(page, lines, frame, tables, links), covers, frame)
    outside = [run for target, run in runs if target is None]
    return Layer(
        frame=frame,
        runs=tuple(run for run in outside if run.is_along),
        asides=tuple(run for run in outside if not run.is_along),
        grids=_filled(tables, runs),
        pictures=pictures,
        hidden_characters=hidden,
        strokes=strokes_on(frame, painted),
        boxes=boxes_of(drawings, frame),
    )


def runs_of(page: PdfPage) -> tuple[tuple[Run, ...], float]:
    """Return the visible text that runs along the reading frame, in tables or not, and the height of that frame.

    That is less work than `layer_of`.
    """
    lines = lines_on(page, has_characters=False)
    frame = reading_frame(page, (line for _, line in lines))
    runs = (run_of(line, block, frame)[0] for block, line in lines)
    return tuple(run for run in runs if run is not None and run.is_along), frame.height


def _pieces(
    page: PdfPage,
    lines: Sequence[tuple[int, PaintedLine]],
    frame: Frame,
    grids: Sequence[Grid],
    links: Sequence[PlacedLink],
) -> Iterator[tuple[_Target | None, str, int, PaintedLine]]:
    """Yield the pieces of the lines with their cell, the address that they lead to, and the number of their block."""
    if not grids and not links:
        yield from ((None, "", block, piece) for block, line in lines for piece in cut_at_gaps(line, frame))
        return
    cells = [
        {position: index for index, cell in enumerate(grid.cells) for position in cell.positions} for grid in grids
    ]
    near = links_near(links)
    with_characters = lines_on(page, has_characters=True)
    for (block, line), (_, detailed) in zip(lines, with_characters, strict=True):
        place = frame.rectangle(line["bbox"])
        near_grids = [index for index, grid in enumerate(grids) if place.overlap_with(grid.place).area]
        near_links = near(place) if links else []
        if not near_grids and not near_links:
            yield from ((None, "", block, piece) for piece in cut_at_gaps(line, frame))
            continue

        def mark_at(
            corners: tuple[float, float, float, float],
            near_grids: Sequence[int] = near_grids,
            near_links: Sequence[PlacedLink] = near_links,
        ) -> tuple[_Target | None, str]:
            x, y = frame.rectangle(corners).centre
            link = next((link.url for link in near_links if link.place.contains(x, y)), "")
            for index in near_grids:
                if grids[index].place.contains(x, y):
                    return (index, cells[index][grids[index].position_at(x, y)]), link
            return None, link

        nothing: tuple[_Target | None, str] = (None, "")
        for (target, link), piece in cut_at_marks(detailed, mark_at, nothing):
            parts = cut_at_gaps(piece, frame) if target is None else [piece]
            yield from ((target, link, block, part) for part in parts)


def _visible(
    pieces: Iterable[tuple[_Target | None, str, int, PaintedLine]], covers: Sequence[Cover], frame: Frame
) -> tuple[list[tuple[_Target | None, Run]], int]:
    """Return the runs that can be seen, with their cells, and the number of characters that cannot."""
    runs = []
    hidden = 0
    for target, link, block, line in pieces:
        run, invisible = run_of(line, block, frame, link)
        hidden += invisible
        if run is not None and any(cover.hides(run.place) for cover in covers):
            hidden += inked(run.text)
        elif run is not None:
            runs.append((target, run))
    return runs, hidden


def _filled(grids: Sequence[Grid], runs: Iterable[tuple[_Target | None, Run]]) -> tuple[Grid, ...]:
    """Return the grids with the runs in their cells."""
    in_cells: dict[_Target | None, list[Run]] = defaultdict(list)
    for target, run in runs:
        in_cells[target].append(run)
    return tuple(
        replace(grid, cells=tuple(replace(cell, runs=tuple(in_cells[index, at])) for at, cell in enumerate(grid.cells)))
        for index, grid in enumerate(grids)
    )


def _is_table(grid: Grid, frame: Frame) -> bool:
    """Whether the text inside is a table's: a plot has next to none, and the frame of a page has it in one cell."""
    filled = [cell for cell in grid.cells if cell.runs]
    is_frame = any(grid.place_of(cell).area > _FRAME_CELL * frame.width * frame.height for cell in filled)
    return (
        not is_frame
        and len(filled) >= _FILLED_CELLS * len(grid.cells)
        and len({cell.row for cell in filled}) > 1
        and len({cell.column for cell in filled}) > 1
    )
