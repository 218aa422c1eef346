"""What a page's text layer holds, before any of it is understood.

Every coordinate below is in points of the *reading frame*: the page turned so that most of its text runs from left
to right, origin top left. For nearly every page that is the page as shown; a table set sideways on an upright page
is the exception.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsocr_loaders.geometry import box_from_points, rotate_box

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dsocr_loaders.geometry import Box

__all__ = ["Frame", "Grid", "GridCell", "Layer", "Picture", "Rectangle", "Run", "is_rtl", "rectangle_around"]


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A rectangle in points, origin top left, x0 <= x1 and y0 <= y1."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        """In points."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """In points."""
        return self.y1 - self.y0

    @property
    def area(self) -> float:
        """In square points."""
        return self.width * self.height

    @property
    def centre(self) -> tuple[float, float]:
        """`(x, y)` of the middle."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    def contains(self, x: float, y: float) -> bool:
        """Whether a point lies in it or on its edge."""
        return self.x0 <= x <= self.x1 and self.y0 <= y <= self.y1

    def overlap_with(self, other: Rectangle) -> Rectangle:
        """Return what both share; without width or height where they share nothing."""
        x0, y0 = max(self.x0, other.x0), max(self.y0, other.y0)
        return Rectangle(x0, y0, max(x0, min(self.x1, other.x1)), max(y0, min(self.y1, other.y1)))


def rectangle_around(rectangles: Iterable[Rectangle]) -> Rectangle:
    """Return the smallest rectangle that holds all of `rectangles`, of which there is at least one."""
    every = tuple(rectangles)
    return Rectangle(
        min(each.x0 for each in every),
        min(each.y0 for each in every),
        max(each.x1 for each in every),
        max(each.y1 for each in every),
    )


@dataclass(frozen=True, slots=True)
class Frame:
    """How the reading frame lies on the page.

    Attributes:
        width, height: of the reading frame, in points.
        from_raw: degrees clockwise from MuPDF's text coordinates (the CropBox before /Rotate) to the reading frame.
        to_shown: degrees clockwise from the reading frame to the page as shown; 0 on nearly every page.
    """

    width: float
    height: float
    from_raw: int
    to_shown: int

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point of MuPDF's text coordinates lies in the reading frame."""
        match self.from_raw % 360:
            case 90:
                return self.width - y, x
            case 180:
                return self.width - x, self.height - y
            case 270:
                return y, self.height - x
            case _:
                return x, y

    def rectangle(self, corners: tuple[float, float, float, float]) -> Rectangle:
        """Return where a rectangle of MuPDF's text coordinates lies in the reading frame."""
        ax, ay = self.point(corners[0], corners[1])
        bx, by = self.point(corners[2], corners[3])
        return Rectangle(min(ax, bx), min(ay, by), max(ax, bx), max(ay, by))

    def box(self, rectangle: Rectangle) -> Box:
        """Return the box, in fractions of the page as shown, for a rectangle of the reading frame."""
        box = box_from_points(
            rectangle.x0,
            rectangle.y0,
            rectangle.x1,
            rectangle.y1,
            width_pt=self.width,
            height_pt=self.height,
        )
        return rotate_box(box, self.to_shown)


@dataclass(frozen=True, slots=True)
class Run:
    """Characters that were painted one after the other on one baseline: what MuPDF calls a line.

    Attributes:
        text: in logical order, blanks at its ends kept.
        place: the rectangle of its glyphs.
        baseline: y of the line that the glyphs stand on.
        size: font size of most of its characters, in points.
        is_bold: whether every letter and digit is bold.
        rtl_letters, ltr_letters: how many of its letters belong to scripts that are written from right to left, and
            from left to right.
        is_along: whether it runs along the reading frame, to the right.
        painted_block: number of MuPDF's block; runs of one row of a table mostly share it, columns of text do not.
        slanted: how many of its characters are set in italics or in a font of symbols.
        link: the address that it leads to, or `""`.
        starts_raised: whether its first characters are small and stand above the baseline, as a footnote's mark does.
    """

    text: str
    place: Rectangle
    baseline: float
    size: float
    is_bold: bool
    rtl_letters: int
    ltr_letters: int
    is_along: bool
    painted_block: int
    slanted: int = 0
    starts_raised: bool = False
    link: str = ""


def is_rtl(runs: Iterable[Run]) -> bool:
    """Return whether most letters of `runs` are written from right to left."""
    return sum(run.rtl_letters - run.ltr_letters for run in runs) > 0


@dataclass(frozen=True, slots=True)
class GridCell:
    """One cell of a ruled table: where it stands in the grid, from 0, and the runs inside."""

    row: int
    column: int
    row_span: int
    column_span: int
    runs: tuple[Run, ...] = ()

    @property
    def positions(self) -> tuple[tuple[int, int], ...]:
        """Row and column of each position of the grid that it covers."""
        return tuple(
            (row, column)
            for row in range(self.row, self.row + self.row_span)
            for column in range(self.column, self.column + self.column_span)
        )


@dataclass(frozen=True, slots=True)
class Grid:
    """A ruled table.

    Attributes:
        xs, ys: edges of its columns and rows in points, ascending.
        cells: in row-major order; together they cover each position of the grid exactly once.
    """

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    cells: tuple[GridCell, ...]

    @property
    def place(self) -> Rectangle:
        """The whole table."""
        return Rectangle(self.xs[0], self.ys[0], self.xs[-1], self.ys[-1])

    def place_of(self, cell: GridCell) -> Rectangle:
        """Return where a cell lies."""
        return Rectangle(
            self.xs[cell.column],
            self.ys[cell.row],
            self.xs[cell.column + cell.column_span],
            self.ys[cell.row + cell.row_span],
        )

    def position_at(self, x: float, y: float) -> tuple[int, int]:
        """Return row and column of the position that a point inside the table lies in."""
        row = min(max(0, bisect_right(self.ys, y) - 1), len(self.ys) - 2)
        column = min(max(0, bisect_right(self.xs, x) - 1), len(self.xs) - 2)
        return row, column


@dataclass(frozen=True, slots=True)
class Picture:
    """An image on the page.

    Attributes:
        place: where it lies, cut at the page's edge.
        is_opaque: False for stencils and for images with a mask.
    """

    place: Rectangle
    is_opaque: bool


@dataclass(frozen=True, slots=True)
class Layer:
    """A page's text layer.

    Attributes:
        frame: how the coordinates lie on the page.
        runs: visible text that runs along the reading frame and lies in no ruled table, as painted.
        asides: visible text in any other direction.
        grids: ruled tables with the text inside.
        pictures: images.
        strokes: places of the paths that are painted, cut at the page's edge; none on a page with too many.
        boxes: rectangles that are filled or outlined, and so may set a text apart.
        hidden_characters: how many characters are painted invisibly or lie under an opaque image; blanks not counted.
    """

    frame: Frame
    runs: tuple[Run, ...]
    asides: tuple[Run, ...]
    grids: tuple[Grid, ...]
    pictures: tuple[Picture, ...]
    hidden_characters: int
    strokes: tuple[Rectangle, ...] = ()
    boxes: tuple[Rectangle, ...] = ()

    @property
    def visible_runs(self) -> tuple[Run, ...]:
        """All visible text, in no order."""
        in_cells = tuple(run for grid in self.grids for cell in grid.cells for run in cell.runs)
        return self.runs + in_cells + self.asides
