"""Two kinds of vector chart, drawn with lines and text as plotting programs leave them in a PDF."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.book import Piece

if TYPE_CHECKING:
    from collections.abc import Sequence

    from builder.book import Canvas, Colour, Point

__all__ = ["Area", "Axis", "Series", "bar_chart", "line_chart"]

GREY = (0.82, 0.82, 0.82)
INK = (0.2, 0.2, 0.2)


@dataclass(frozen=True, slots=True)
class Area:
    """The plotting area between the axes, points of the page; labels lie outside of it."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Axis:
    """Title, range and tick labels; `ticks` holds (value, label)."""

    title: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]

    def share(self, value: float) -> float:
        """Where a value lies between the ends of the axis, 0 to 1."""
        return (value - self.low) / (self.high - self.low)


@dataclass(frozen=True, slots=True)
class Series:
    """A line or a set of bars with its name in the legend."""

    name: str
    values: tuple[float, ...]
    colour: Colour
    dashes: str = ""


def _frame(canvas: Canvas, area: Area, y_axis: Axis, *, size: float) -> None:
    """Grid lines, tick labels and the title of the vertical axis (set above it, upright)."""
    for value, label in y_axis.ticks:
        y = area.bottom - y_axis.share(value) * (area.bottom - area.top)
        canvas.lines([[(area.left, y), (area.right, y)]], width=0.4, colour=GREY)
        canvas.text(area.left - 4, y + size * 0.35, label, face="sans", size=size, align=1.0, colour=INK)
    canvas.text(area.left - 4, area.top - 8, y_axis.title, face="sans", size=size, colour=INK)
    canvas.lines([[(area.left, area.top), (area.left, area.bottom), (area.right, area.bottom)]], width=0.8, colour=INK)


def _legend(canvas: Canvas, area: Area, series: Sequence[Series], *, size: float, top: float) -> None:
    x = area.right
    for entry in reversed(series):
        canvas.text(x, top, entry.name, face="sans", size=size, align=1.0, colour=INK)
        x -= Piece(entry.name, "sans", size).width + 4
        canvas.rectangle(x - 8, top - size * 0.7, x, top, fill=entry.colour)
        x -= 18


def line_chart(
    canvas: Canvas, area: Area, places: Sequence[float], series: Sequence[Series], x_axis: Axis, y_axis: Axis
) -> None:
    """Draw lines with a round mark at each value."""
    size = 7.0
    _frame(canvas, area, y_axis, size=size)
    for value, label in x_axis.ticks:
        x = area.left + x_axis.share(value) * (area.right - area.left)
        canvas.lines([[(x, area.bottom), (x, area.bottom + 3)]], width=0.8, colour=INK)
        canvas.text(x, area.bottom + 4 + size, label, face="sans", size=size, align=0.5, colour=INK)
    canvas.text(
        (area.left + area.right) / 2,
        area.bottom + 9 + 2 * size,
        x_axis.title,
        face="sans",
        size=size,
        align=0.5,
        colour=INK,
    )
    for entry in series:
        points: list[Point] = [
            (
                area.left + x_axis.share(place) * (area.right - area.left),
                area.bottom - y_axis.share(value) * (area.bottom - area.top),
            )
            for place, value in zip(places, entry.values, strict=True)
        ]
        canvas.lines([points], width=1.1, colour=entry.colour, dashes=entry.dashes)
        for x, y in points:
            canvas.circle(x, y, 1.7, fill=entry.colour)
    _legend(canvas, area, series, size=size, top=area.top - 8)


def bar_chart(
    canvas: Canvas, area: Area, groups: Sequence[str], series: Sequence[Series], y_axis: Axis, *, places: int = 1
) -> None:
    """Draw groups of bars with their values above them, to so many decimal places."""
    size = 8.0
    _frame(canvas, area, y_axis, size=size)
    step = (area.right - area.left) / len(groups)
    width = step * 0.7 / len(series)
    for place, group in enumerate(groups):
        left = area.left + step * (place + 0.15)
        for number, entry in enumerate(series):
            height = y_axis.share(entry.values[place]) * (area.bottom - area.top)
            x = left + number * width
            canvas.rectangle(x, area.bottom - height, x + width * 0.94, area.bottom, fill=entry.colour)
            label = f"{entry.values[place]:.{places}f}"
            canvas.text(
                x + width * 0.47, area.bottom - height - 2.5, label, face="sans", size=6.2, align=0.5, colour=INK
            )
        canvas.text(
            area.left + step * (place + 0.5),
            area.bottom + 5 + size,
            group,
            face="sans",
            size=size,
            align=0.5,
            colour=INK,
        )
    _legend(canvas, area, series, size=size, top=area.top - 8)
