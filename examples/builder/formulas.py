"""Displayed formulas: boxes that know how to draw themselves around a baseline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.markup import pieces

if TYPE_CHECKING:
    from collections.abc import Callable

    from builder.book import Canvas
    from builder.flow import Flow

__all__ = ["Formula", "display", "fraction", "limits", "math", "radical", "row"]


@dataclass(frozen=True, slots=True)
class Formula:
    """A box of `width`, `ascent` above and `descent` below the baseline; `draw(canvas, x, y)` sets it on (x, y)."""

    width: float
    ascent: float
    descent: float
    draw: Callable[[Canvas, float, float], None]


def math(text: str, size: float = 10.5, *, face: str = "roman") -> Formula:
    """A stretch of light markup: `*Q*_{n} = ` sets an italic Q with an index and an upright equals sign."""
    parts = pieces(text, face, size)

    def draw(canvas: Canvas, x: float, y: float) -> None:
        canvas.put(x, y, parts)

    below = size * (0.42 if "_{" in text else 0.22)
    above = size * (1.0 if "^{" in text else 0.72)
    return Formula(sum(part.width for part in parts), above, below, draw)


def row(*parts: Formula, gap: float = 2.0) -> Formula:
    """Formulas side by side on one baseline."""

    def draw(canvas: Canvas, x: float, y: float) -> None:
        for part in parts:
            part.draw(canvas, x, y)
            x += part.width + gap

    width = sum(part.width for part in parts) + gap * (len(parts) - 1)
    return Formula(width, max(part.ascent for part in parts), max(part.descent for part in parts), draw)


def fraction(above: Formula, below: Formula, *, axis: float = 3.0) -> Formula:
    """One formula over another with a bar, which lies `axis` points above the baseline."""
    width = max(above.width, below.width) + 4

    def draw(canvas: Canvas, x: float, y: float) -> None:
        above.draw(canvas, x + (width - above.width) / 2, y - axis - 2.2 - above.descent)
        canvas.lines([[(x, y - axis), (x + width, y - axis)]], width=0.5)
        below.draw(canvas, x + (width - below.width) / 2, y - axis + 2.2 + below.ascent)

    return Formula(width, axis + 2.2 + above.descent + above.ascent, below.ascent + below.descent + 2.2 - axis, draw)


def limits(operator: str, below: str, above: str, *, size: float = 16.0) -> Formula:
    """A large operator with its limits below and above."""
    sign, low, high = math(operator, size, face="symbol"), math(below, 7.0), math(above, 7.0)
    width = max(sign.width, low.width, high.width)

    def draw(canvas: Canvas, x: float, y: float) -> None:
        high.draw(canvas, x + (width - high.width) / 2, y - size * 0.78)
        sign.draw(canvas, x + (width - sign.width) / 2, y + size * 0.12)
        low.draw(canvas, x + (width - low.width) / 2, y + size * 0.3 + low.ascent)

    return Formula(width, size * 0.78 + high.ascent, size * 0.3 + low.ascent + low.descent, draw)


def radical(inside: Formula) -> Formula:
    """A square root over a formula."""
    lead = 8.0

    def draw(canvas: Canvas, x: float, y: float) -> None:
        top, foot = y - inside.ascent - 2, y + inside.descent
        height = foot - top
        canvas.lines(
            [
                [(x, foot - height * 0.42), (x + 2, foot - height * 0.48)],
                [(x + 4.4, foot), (x + lead - 1, top), (x + lead + inside.width, top)],
            ],
            width=0.5,
        )
        canvas.lines([[(x + 2, foot - height * 0.48), (x + 4.4, foot)]], width=1.0)
        inside.draw(canvas, x + lead, y)

    return Formula(inside.width + lead, inside.ascent + 2.5, inside.descent + 1, draw)


def display(flow: Flow, formula: Formula, number: str) -> None:
    """Set a formula on its own line, centred, with its number at the right edge."""
    flow.reserve(formula.ascent + formula.descent + 10)
    flow.gap(4)
    frame, baseline = flow.frame, flow.y + formula.ascent
    formula.draw(frame.canvas, frame.left + (frame.width - 18 - formula.width) / 2, baseline)
    frame.canvas.text(frame.right, baseline, f"({number})", face="roman", size=flow.look.body.size, align=1.0)
    flow.y = baseline + formula.descent + 8
