"""What PyMuPDF says about paths and images -> ruling lines, pictures, and what opaque pictures hide."""

from __future__ import annotations

import math
from itertools import islice
from typing import TYPE_CHECKING, Any

from dsocr_loaders.engines.text_layer.layer import Picture, Rectangle, rectangle_around
from dsocr_loaders.engines.text_layer.open_tables import open_grids
from dsocr_loaders.engines.text_layer.ruled import Rule, bundles_of, grids_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dsocr_loaders.engines.text_layer.documents import Painted, PdfPage
    from dsocr_loaders.engines.text_layer.layer import Frame, Grid, Run

__all__ = ["Cover", "boxes_of", "covers_of", "drawings_on", "grids_on", "pictures_on", "strokes_on"]

_PATHS = frozenset({"fill-path", "stroke-path", "fill-shade"})
_THIN_PT = 3.0  # a filled rectangle that is thinner is a line
_STRAIGHT_PT = 1.0  # a line that leaves its side of the page by less is straight
_MOST_PATHS = 20_000  # of a page that is searched for tables; more is a map or a plot
_MOST_RULES = 50_000  # likewise
_MOST_STROKES = 50_000  # of a page that is searched for drawings
_SMALLEST_BOX_PT = (60.0, 20.0)  # a text that is set apart is larger
_PAPER = 0.99  # a fill this light is paper
_COVERING = 0.5  # of the page: an opaque image this large may hide a text layer
_MOST_COVERS = 4  # the last of them hide what the others do
_SAME = 0.95  # shared area of two rectangles that are one


Drawings = list[dict[str, Any]]
"""What PyMuPDF's `get_cdrawings` gives."""


def drawings_on(page: PdfPage, painted: Sequence[Painted]) -> Drawings:
    """Return the paths that are painted; none on a page with more than 20,000."""
    paths = sum(kind in _PATHS for kind, _ in painted)
    return page.get_cdrawings() if 0 < paths <= _MOST_PATHS else []


def strokes_on(frame: Frame, painted: Sequence[Painted]) -> tuple[Rectangle, ...]:
    """Return the places of paths and shadings, cut at the page's edge; none on a page with more than 50,000."""
    whole = Rectangle(0, 0, frame.width, frame.height)
    found = [bbox for kind, bbox in painted if kind in _PATHS]
    if len(found) > _MOST_STROKES:
        return ()
    places = [frame.rectangle(bbox) for bbox in found if all(map(math.isfinite, bbox))]
    return tuple(
        place.overlap_with(whole)
        for place in places
        if place.x1 >= 0 and place.y1 >= 0 and place.x0 <= frame.width and place.y0 <= frame.height
    )


def boxes_of(drawings: Drawings, frame: Frame) -> tuple[Rectangle, ...]:
    """Return the single rectangles that are tinted or outlined and large enough for a text."""
    boxes = []
    for drawing in drawings:
        items = drawing["items"]
        if len(items) != 1 or items[0][0] != "re":
            continue
        fill = drawing.get("fill")
        is_tinted = fill is not None and min(fill) < _PAPER
        place = frame.rectangle(items[0][1])
        if (
            (is_tinted or "s" in drawing["type"])
            and place.width >= _SMALLEST_BOX_PT[0]
            and place.height >= _SMALLEST_BOX_PT[1]
        ):
            boxes.append(place)
    return tuple(boxes)


def grids_on(drawings: Drawings, frame: Frame, runs: Sequence[Run]) -> tuple[Grid, ...]:
    """Return what ruling lines make of the page: tables and whatever looks like one, their cells still empty.

    `runs` are the page's text, which tells the columns of tables without upright lines.
    """
    rules = list(islice(_rules(drawings, frame), _MOST_RULES + 1))
    if len(rules) > _MOST_RULES:
        return ()
    ruled = grids_of(rules)
    return ruled + tuple(
        grid
        for grid in open_grids(bundles_of(rule for rule in rules if not rule.is_edge), runs)
        if not any(grid.place.overlap_with(other.place).area for other in ruled)
    )


def _rules(drawings: Drawings, frame: Frame) -> Iterator[Rule]:
    for drawing in drawings:
        for item in drawing["items"]:
            if item[0] == "l":
                yield from _rules_of_line(frame.rectangle((*item[1], *item[2])))
            elif item[0] == "re":
                yield from _rules_of_rectangle(frame.rectangle(item[1]), is_edge=drawing["type"] == "f")
            elif item[0] == "qu":
                corners = item[1]
                place = frame.rectangle((*corners[0], *corners[3]))
                if place == rectangle_around(frame.rectangle((*corner, *corner)) for corner in corners):
                    yield from _rules_of_rectangle(place, is_edge=drawing["type"] == "f")


def _rules_of_line(place: Rectangle) -> Iterator[Rule]:
    if place.height < _STRAIGHT_PT < place.width:
        yield Rule(is_horizontal=True, at=place.centre[1], start=place.x0, end=place.x1)
    elif place.width < _STRAIGHT_PT < place.height:
        yield Rule(is_horizontal=False, at=place.centre[0], start=place.y0, end=place.y1)


def _rules_of_rectangle(place: Rectangle, *, is_edge: bool) -> Iterator[Rule]:
    if place.height < _THIN_PT:
        yield Rule(is_horizontal=True, at=place.centre[1], start=place.x0, end=place.x1)
    elif place.width < _THIN_PT:
        yield Rule(is_horizontal=False, at=place.centre[0], start=place.y0, end=place.y1)
    else:
        for y in (place.y0, place.y1):
            yield Rule(is_horizontal=True, at=y, start=place.x0, end=place.x1, is_edge=is_edge)
        for x in (place.x0, place.x1):
            yield Rule(is_horizontal=False, at=x, start=place.y0, end=place.y1, is_edge=is_edge)


def pictures_on(page: PdfPage, frame: Frame, painted: Sequence[Painted]) -> tuple[Picture, ...]:
    """Return the images that are at least partly on the page."""
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


class Cover:
    """A large opaque image, and the text that is painted over it: what it hides is all other text inside it."""

    def __init__(self, place: Rectangle, painted_later: Iterable[Rectangle]) -> None:
        self._place = place
        self._painted_later = tuple(painted_later)

    def hides(self, place: Rectangle) -> bool:
        """Whether text at `place` cannot be seen."""
        x, y = place.centre
        return self._place.contains(x, y) and not any(later.contains(x, y) for later in self._painted_later)


def covers_of(pictures: Iterable[Picture], frame: Frame, painted: Sequence[Painted]) -> list[Cover]:
    """Return the large opaque images: of a scan with a text layer below, the scan."""
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
            covers.append(Cover(on_page, later))
    return covers[-_MOST_COVERS:]


def _is_same(first: Rectangle, second: Rectangle) -> bool:
    return first.overlap_with(second).area > _SAME * max(first.area, second.area)
