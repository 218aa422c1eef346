"""Links to addresses outside the file, and where they lie."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dsocr_loaders.engines.text_layer.layer import Rectangle
from dsocr_loaders.geometry import box_from_points, rotate_box

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dsocr_loaders.engines.text_layer.documents import PdfPage
    from dsocr_loaders.engines.text_layer.layer import Frame

__all__ = ["PlacedLink", "links_near", "links_on"]

_TO_ADDRESS = 2  # pymupdf.LINK_URI
_SCHEMES = ("http://", "https://", "mailto:", "ftp://")  # what else a file asks for is not passed on
_LONGEST = 2_000  # characters of an address
_MOST_LINKS = 1_000  # of a page; the rest is left out
_STRIPE_PT = 50.0


@dataclass(frozen=True, slots=True)
class PlacedLink:
    """A rectangle of the reading frame that leads to an address."""

    place: Rectangle
    url: str


def links_on(page: PdfPage, frame: Frame) -> tuple[PlacedLink, ...]:
    """Return the links of a page to web pages, files on servers and mail addresses, at most 1,000."""
    if page.first_link is None:
        return ()
    found = []
    for link in page.get_links():
        url = str(link.get("uri") or "").strip()
        if link.get("kind") == _TO_ADDRESS and url.lower().startswith(_SCHEMES) and len(url) <= _LONGEST:
            place = _place(link["from"], page, frame)
            if place.area > 0:
                found.append(PlacedLink(place, url))
        if len(found) == _MOST_LINKS:
            break
    return tuple(found)


def links_near(links: Sequence[PlacedLink]) -> Callable[[Rectangle], list[PlacedLink]]:
    """Return a function that tells the links which overlap a rectangle, without a look at those far above or below."""
    stripes: dict[int, list[PlacedLink]] = defaultdict(list)
    for link in links:
        for stripe in _stripes(link.place):
            stripes[stripe].append(link)

    def near(place: Rectangle) -> list[PlacedLink]:
        found = {id(link): link for stripe in _stripes(place) for link in stripes.get(stripe, ())}
        return [link for link in found.values() if link.place.overlap_with(place).area]

    return near


def _stripes(place: Rectangle) -> range:
    return range(int(place.y0 // _STRIPE_PT), int(place.y1 // _STRIPE_PT) + 1)


def _place(shown: Any, page: PdfPage, frame: Frame) -> Rectangle:  # noqa: ANN401 - a rectangle of a library without types
    """Return where a rectangle of the page as shown, which is how PyMuPDF gives links, lies in the reading frame."""
    width, height = page.rect.width, page.rect.height
    box = rotate_box(
        box_from_points(shown.x0, shown.y0, shown.x1, shown.y1, width_pt=width, height_pt=height),
        -frame.to_shown % 360,
    )
    return Rectangle(box.x0 * frame.width, box.y0 * frame.height, box.x1 * frame.width, box.y1 * frame.height)
