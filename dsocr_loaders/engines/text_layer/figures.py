"""Images and drawings on a page -> its figures, each with the labels that belong to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsocr_loaders.engines.text_layer.clusters import clusters_of
from dsocr_loaders.engines.text_layer.kinds import caption_start
from dsocr_loaders.engines.text_layer.layer import Rectangle, rectangle_around
from dsocr_loaders.values import RegionType

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dsocr_loaders.engines.text_layer.clusters import Cluster
    from dsocr_loaders.engines.text_layer.layer import Layer, Run

__all__ = ["Figure", "figures_of"]

_MOST_PICTURES = 1_000  # of a page; more are the dots of a pattern
_SHORTEST_PT = 20.0  # a smaller image is an icon or a drawn bullet
_SMALLEST = 0.002  # of the page
_BACKGROUND = 0.8  # of the page: text stands on such an image
_GAP_PT = 1.5  # tiles of one image touch
_FILLED = 0.98  # of the rectangle around two tiles is theirs
_MOST_CLUSTERS = 100  # the largest of a page; smaller ones are hardly figures
_FEWEST_PATHS = 4  # of a drawing, unless a caption says that it is one
_CAPTION_GAP_PT = 24.0  # between such a drawing and its caption
_SMALLEST_DRAWING_PT = (40.0, 24.0)
_TABLE_SHARE = 0.3  # of a drawing's area that a table takes: its rules, not a drawing
_LONG_LABEL = 40  # characters
_LABEL_SHARE = 0.35  # of the characters in a drawing that long labels have at most
_LARGE_TYPE, _LARGE_SHARE = 1.3, 0.3  # times the body's size; of the characters in a drawing
_MOST_LABELS = 800  # characters in a drawing
_MOST_COVERED = 0.25  # of a drawing that its words take; a form or a row of boxes has more
_SMALLER = 0.95  # of the body's size: labels beside a drawing are set smaller than the text
_LABEL_GAP = 1.0  # of the font size, between a drawing and a label beside it
_OUTER_LABEL = 32  # characters


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure: where it is, and its labels in no order."""

    place: Rectangle
    labels: tuple[Run, ...] = ()


def figures_of(layer: Layer, runs: Sequence[Run], body_size: float) -> list[Figure]:
    """Return the figures: images that are neither icons nor backgrounds, and drawings that are no ruled text.

    `runs` are the page's text without what belongs to tables.
    """
    images = _images_of(layer)
    drawings = [
        _with_labels(place, runs, body_size)
        for place in _drawings_of(layer, runs, body_size)
        if not any(_holds(image, place) for image in images)
    ]
    drawings = _apart(drawings)
    pictures = [
        Figure(image, tuple(run for run in runs if image.contains(*run.place.centre) and run.size < body_size))
        for image in images
        if not any(drawing.place.overlap_with(image).area > 0.5 * image.area for drawing in drawings)
    ]
    return [*pictures, *drawings]


def _images_of(layer: Layer) -> list[Rectangle]:
    page_area = layer.frame.width * layer.frame.height
    if len(layer.pictures) > _MOST_PICTURES:
        return []
    images = _merged(
        picture.place
        for picture in layer.pictures
        if not any(_holds(grid.place, picture.place) for grid in layer.grids)
    )
    return [
        image
        for image in images
        if min(image.width, image.height) >= _SHORTEST_PT and _SMALLEST <= image.area / page_area <= _BACKGROUND
    ]


def _drawings_of(layer: Layer, runs: Sequence[Run], body_size: float) -> list[Rectangle]:
    frame = layer.frame
    page_area = frame.width * frame.height
    strokes = [place for place in layer.strokes if place.area <= _BACKGROUND * page_area]
    captions = [run.place for run in runs if _is_figure_caption(run.text)]
    found: list[Rectangle] = []
    clusters = sorted(clusters_of(strokes, frame.width, frame.height), key=lambda cluster: -cluster.place.area)
    for cluster in clusters[:_MOST_CLUSTERS]:
        place = cluster.place
        if (
            (len(cluster.members) >= _FEWEST_PATHS or _has_caption(place, captions))
            and place.width >= _SMALLEST_DRAWING_PT[0]
            and place.height >= _SMALLEST_DRAWING_PT[1]
            and place.area <= _BACKGROUND * page_area
            and not any(place.overlap_with(grid.place).area > _TABLE_SHARE * place.area for grid in layer.grids)
            and _has_shape(cluster, strokes)
            and _is_labelled(place, runs, body_size)
        ):
            found.append(place)
    return found


def _is_figure_caption(text: str) -> bool:
    start = caption_start(text.strip())
    return start is not None and start.is_marked and start.type is RegionType.FIGURE


def _has_caption(place: Rectangle, captions: Iterable[Rectangle]) -> bool:
    """Whether one of the captions stands at the lower or upper edge."""
    return any(
        min(place.x1, caption.x1) > max(place.x0, caption.x0)
        and min(abs(caption.centre[1] - edge) for edge in (place.y0, place.y1)) <= _CAPTION_GAP_PT
        for caption in captions
    )


def _has_shape(cluster: Cluster, strokes: Sequence[Rectangle]) -> bool:
    """Whether something in it is higher than a rule or an underline."""
    return any(strokes[index].height >= _SHORTEST_PT / 2 for index in cluster.members)


def _is_labelled(place: Rectangle, runs: Sequence[Run], body_size: float) -> bool:
    """Whether the text inside is labels: no paragraphs, and not words in large type on a coloured ground."""
    inside = [run for run in runs if place.contains(*run.place.centre)]
    texts = [len(run.text.strip()) for run in inside]
    total = sum(texts)
    large = sum(len(run.text.strip()) for run in inside if run.size >= _LARGE_TYPE * body_size)
    if large > _LARGE_SHARE * total:
        return False
    long = sum(length for length in texts if length > _LONG_LABEL)
    covered = sum(run.place.area for run in inside)
    return long <= _LABEL_SHARE * total and total <= _MOST_LABELS and covered <= _MOST_COVERED * place.area


def _with_labels(place: Rectangle, runs: Sequence[Run], body_size: float) -> Figure:
    """Return the drawing with the text inside, and with small text right beside it, such as the numbers of an axis."""
    # A stroke's place is as large as its sharpest corner might be, so a caption below may seem to lie inside.
    labels = [run for run in runs if place.contains(*run.place.centre) and not _is_figure_caption(run.text)]
    around = rectangle_around([place, *(run.place for run in labels)])
    own = set(map(id, labels))
    near = [run for run in runs if id(run) not in own and _may_be_label(run, body_size)]
    for _ in range(2):  # numbers of an axis, then its name
        found = [run for run in near if _gap(around, run.place) <= _LABEL_GAP * run.size]
        if not found:
            break
        taken = set(map(id, found))
        near = [run for run in near if id(run) not in taken]
        labels += found
        around = rectangle_around([around, *(run.place for run in found)])
    return Figure(around, tuple(labels))


def _may_be_label(run: Run, body_size: float) -> bool:
    text = run.text.strip()
    return len(text) <= _OUTER_LABEL and run.size <= _SMALLER * body_size and caption_start(text) is None


def _gap(first: Rectangle, second: Rectangle) -> float:
    across = max(first.x0, second.x0) - min(first.x1, second.x1)
    down = max(first.y0, second.y0) - min(first.y1, second.y1)
    return max(across, down)


def _apart(figures: Sequence[Figure]) -> list[Figure]:
    """Return the figures, those whose labels reach into each other made one."""
    apart: list[Figure] = []
    for figure in sorted(figures, key=lambda each: -each.place.area):
        partner = next((other for other in apart if other.place.overlap_with(figure.place).area > 0), None)
        if partner is None:
            apart.append(figure)
            continue
        apart.remove(partner)
        labels = {id(run): run for run in (*partner.labels, *figure.labels)}
        apart.append(Figure(rectangle_around((partner.place, figure.place)), tuple(labels.values())))
    return apart


def _holds(outer: Rectangle, inner: Rectangle) -> bool:
    return outer.overlap_with(inner).area >= _FILLED * inner.area


def _merged(places: Iterable[Rectangle]) -> list[Rectangle]:
    """Return the places with those inside others left out and tiles of one image put together."""
    merged: list[Rectangle] = []
    for place in sorted(places, key=lambda each: (each.y0, each.x0)):
        current = place
        while (partner := next((other for other in merged if _belong_together(current, other)), None)) is not None:
            merged.remove(partner)
            current = rectangle_around((current, partner))
        merged.append(current)
    return merged


def _belong_together(first: Rectangle, second: Rectangle) -> bool:
    if _holds(first, second) or _holds(second, first):
        return True
    joint = rectangle_around((first, second)).area
    shared = first.overlap_with(second).area
    return _gap(first, second) <= _GAP_PT and first.area + second.area - shared >= _FILLED * joint
