"""The order of a page of columns that was read in two halves: down one column, over the cut, then down the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from dsocr_loaders.geometry import hull

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dsocr_loaders.values import Region

__all__ = ["in_column_order"]

T = TypeVar("T")

_TOUCH: Final = 0.01  # of the page's width: boxes of neighbouring columns may be as much too wide


def in_column_order(
    upper: Sequence[T], lower: Sequence[T], band: tuple[float, float], region_of: Callable[[T], Region]
) -> list[T]:
    """Return what the halves of a page hold in reading order.

    Where the page goes over the cut in two columns, the left one goes on before the right one begins: of what stands
    behind the last region of the upper half that is as wide as both, and before the first such one of the lower half,
    what is left of the gutter comes first. Else the lower half follows the upper one.
    """
    gutter = _gutter([region_of(each) for each in upper], [region_of(each) for each in lower], band)
    if gutter is None:
        return [*upper, *lower]
    begin = len(upper)
    while begin > 0 and _side(region_of(upper[begin - 1]), gutter):
        begin -= 1
    end = 0
    while end < len(lower) and _side(region_of(lower[end]), gutter):
        end += 1
    middle = [*upper[begin:], *lower[:end]]
    left = [each for each in middle if _side(region_of(each), gutter) < 0]
    right = [each for each in middle if _side(region_of(each), gutter) > 0]
    return [*upper[:begin], *left, *right, *lower[end:]]


def _gutter(upper: Sequence[Region], lower: Sequence[Region], band: tuple[float, float]) -> float | None:
    """Return where a gutter runs over the cut: between what is left and right of it right above and below it."""
    above = [hull(region.boxes) for region in upper if region.boxes]
    below = [hull(region.boxes) for region in lower if region.boxes]
    near = [box for box in above if box.y1 >= band[0]] + [box for box in below if box.y0 <= band[1]]
    if not near:
        return None
    whole = hull(near)
    middle = (whole.x0 + whole.x1) / 2
    left = [box for box in near if box.x1 <= middle + _TOUCH]
    right = [box for box in near if box.x0 >= middle - _TOUCH]
    if not left or not right or len(left) + len(right) < len(near):
        return None
    return (max(box.x1 for box in left) + min(box.x0 for box in right)) / 2


def _side(region: Region, gutter: float) -> int:
    """Return -1 for a region left of the gutter, 1 for one right of it, 0 for one across it or without a place."""
    if not region.boxes:
        return 0
    box = hull(region.boxes)
    if box.x1 <= gutter + _TOUCH:
        return -1
    return 1 if box.x0 >= gutter - _TOUCH else 0
