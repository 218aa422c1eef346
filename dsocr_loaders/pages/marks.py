"""Whether the little ink of a page is something to read, or dirt, scan borders and punched holes.

Sizes are millimetres of the paper. Where they come from: the smallest digit that is set in print, 5 pt, is 1.2 mm
high, while dust on a scanner's glass is at most half a millimetre; holes are 5 to 8 mm wide (ISO 838: 6 mm) with their
middle 12 mm from the edge; feeders leave dark wedges and lines at the edges and lines along the whole page. A page
that is blank for no reason loses its text, one that is not only costs a read: each rule takes away as little as it can.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageFilter

__all__ = ["has_marks", "without_borders"]

_SPECK_MM = 1.1
_CLEAR = 1.25  # a mark is this much deeper somewhere than the least that is ink
_SPECKS_OF_PRINT = 8  # so many within a few millimetres are letters in pieces, not dust
_NEIGHBOURHOOD_MM = 6.0
_EDGE_SHARE = 0.03  # of a side: how far in what hangs on the edge still counts as its shadow
_BORDER_SHARE = 0.15  # of a side: the widest dark border
_STREAK_SHARE = 0.9
_STREAK_MM = 1.0
_HOLE_MM = (4.0, 10.0)
_HOLE_FILL = (0.62, 0.92)  # of its square; a disc has pi / 4
_HOLE_ROUND = 0.75
_HOLE_FROM_EDGE_MM = 25.0
_HOLE_IN_LINE_MM = 3.0
_TILE_PX = 8
_FULL_TILE = 230  # of 255
_ECHO = 0.35  # of the contrast of what caused it
_ECHO_PX = 17  # a block of colour in a JPEG, and one
_MOST_RUNS = 60_000  # far more than dirt has


@dataclass(slots=True)
class _Spot:
    """Ink that hangs together; edges in pixels, right and bottom exclusive."""

    left: int
    top: int
    right: int
    bottom: int
    area: int

    def move(self, x: int, y: int) -> None:
        self.left, self.right = self.left + x, self.right + x
        self.top, self.bottom = self.top + y, self.bottom + y

    def join(self, other: _Spot) -> None:
        self.left, self.top = min(self.left, other.left), min(self.top, other.top)
        self.right, self.bottom = max(self.right, other.right), max(self.bottom, other.bottom)
        self.area += other.area


def without_borders(mask: Image.Image, dark: Image.Image) -> Image.Image:
    """Return the ink without dark regions that hang on the edge of the page, as scanners leave beside the paper.

    Args:
        mask: 255 for ink, 0 for paper.
        dark: likewise, for what is nearly black.
    """
    columns, rows = -(-mask.width // _TILE_PX), -(-mask.height // _TILE_PX)
    tiles = dark.reduce(_TILE_PX).tobytes()
    deep_x, deep_y = max(1, int(columns * _BORDER_SHARE)), max(1, int(rows * _BORDER_SHARE))
    front = [
        place
        for place in range(columns * rows)
        if tiles[place] >= _FULL_TILE and (place % columns in {0, columns - 1} or place // columns in {0, rows - 1})
    ]
    if not front:
        return mask
    found = set(front)
    while front:
        row, column = divmod(front.pop(), columns)
        for y, x in ((row, column - 1), (row, column + 1), (row - 1, column), (row + 1, column)):
            is_near = min(x, columns - 1 - x) < deep_x or min(y, rows - 1 - y) < deep_y
            if 0 <= x < columns and 0 <= y < rows and is_near and tiles[y * columns + x] >= _FULL_TILE:
                place = y * columns + x
                if place not in found:
                    found.add(place)
                    front.append(place)
    border = bytearray(columns * rows)
    for place in found:
        border[place] = 255
    # Two tiles more: the border's own edge lies somewhere in the next one, and JPEG spreads it over another.
    grown = Image.frombytes("L", (columns, rows), bytes(border)).filter(ImageFilter.MaxFilter(5))
    covering = grown.resize((columns * _TILE_PX, rows * _TILE_PX), Image.Resampling.NEAREST)
    return ImageChops.subtract(mask, covering.crop((0, 0, *mask.size)))


def has_marks(mask: Image.Image, depth: Image.Image, contrast: int, pixels_per_mm: float, *, is_page: bool) -> bool:
    """Tell whether any of the ink is a mark that somebody put there.

    Args:
        mask: 255 for ink, 0 for paper.
        depth: how far each pixel is from the paper, 0 to 255.
        contrast: how far ink is.
        pixels_per_mm: its scale.
        is_page: whether it may be a whole page from a scanner, with the edges of one.
    """
    # Strokes that were broken by thin places are joined again.
    spots = _spots(mask.filter(ImageFilter.MaxFilter(3)) if is_page else mask)
    if spots is None:
        return True
    grown_px = 2 if is_page else 0
    faintest = _CLEAR * contrast if is_page else 0
    specks, holes = [], []
    for spot in (part for whole in spots for part in _without_echo(whole, depth, faintest, grown_px // 2)):
        width, height = spot.right - spot.left - grown_px, spot.bottom - spot.top - grown_px
        if max(width, height) < _SPECK_MM * pixels_per_mm:
            specks.append(spot)
        elif is_page and (_is_shadow(spot, mask.size) or _is_streak(width, height, spot, mask.size, pixels_per_mm)):
            continue
        elif is_page and _is_disc(width, height, spot, pixels_per_mm):
            holes.append(spot)
        else:
            return True
    return _are_print(specks, pixels_per_mm) or not _are_punched(holes, mask.size, pixels_per_mm)


def _spots(mask: Image.Image) -> list[_Spot] | None:
    """Return what hangs together, also over corners; None if there is far too much for dirt."""
    runs = _runs(mask)
    if runs is None:
        return None
    leader = list(range(len(runs)))

    def leader_of(run: int) -> int:
        while leader[run] != run:
            leader[run] = leader[leader[run]]
            run = leader[run]
        return run

    first_above = 0
    for run, (row, left, right) in enumerate(runs):
        while runs[first_above][0] < row - 1 or (runs[first_above][0] == row - 1 and runs[first_above][2] < left):
            first_above += 1
        above = first_above
        while runs[above][0] == row - 1 and runs[above][1] <= right:
            leader[leader_of(above)] = leader_of(run)
            above += 1
    spots: dict[int, _Spot] = {}
    for run, (row, left, right) in enumerate(runs):
        spot = _Spot(left, row, right, row + 1, right - left)
        known = spots.setdefault(leader_of(run), spot)
        if known is not spot:
            known.join(spot)
    return list(spots.values())


def _runs(mask: Image.Image) -> list[tuple[int, int, int]] | None:
    """Return row, left and right edge of every run of ink, row by row; None if there are too many."""
    width, pixels = mask.width, mask.tobytes()
    runs: list[tuple[int, int, int]] = []
    place = pixels.find(b"\xff")
    while place >= 0:
        row = place // width
        line_end = (row + 1) * width
        end = pixels.find(b"\0", place, line_end)
        end = line_end if end < 0 else end
        runs.append((row, place - row * width, end - row * width))
        if len(runs) > _MOST_RUNS:
            return None
        place = pixels.find(b"\xff", end)
    return runs


def _without_echo(spot: _Spot, depth: Image.Image, faintest: float, margin: int) -> list[_Spot]:
    """Return what a spot is without the waves that JPEG draws around strong ink; nothing if all of it is faint."""
    # It was grown by a pixel each way, except over the edge of the page.
    left, top = (edge + margin if edge else 0 for edge in (spot.left, spot.top))
    right, bottom = (
        edge - margin if edge < side else side for edge, side in zip((spot.right, spot.bottom), depth.size, strict=True)
    )
    seen = depth.crop((left, top, max(left + 1, right), max(top + 1, bottom)))
    deepest = int(seen.getextrema()[1])  # type: ignore[arg-type] # one band, two numbers
    if deepest < faintest:
        return []
    weakest = int(deepest * _ECHO)
    strong = seen.point([0] * (weakest + 1) + [255] * (255 - weakest))
    core = strong.getbbox()
    if core is None or max(core[0], core[1], seen.width - core[2], seen.height - core[3]) > _ECHO_PX:
        return [spot]
    padded = Image.new("L", (seen.width + 2 * margin, seen.height + 2 * margin))
    padded.paste(strong, (margin, margin))
    pieces = _spots(padded.filter(ImageFilter.MaxFilter(3)) if margin else padded) or []
    for piece in pieces:
        piece.move(left - margin, top - margin)
    return pieces


def _is_shadow(spot: _Spot, size: tuple[int, int]) -> bool:
    """Tell whether it hangs on an edge of the page and stays close to it: the edge of the paper, a rest of a border."""
    near_x, near_y = size[0] * _EDGE_SHARE, size[1] * _EDGE_SHARE
    return (
        (spot.left <= 1 and spot.right <= near_x)
        or (spot.top <= 1 and spot.bottom <= near_y)
        or (spot.right >= size[0] - 1 and spot.left >= size[0] - near_x)
        or (spot.bottom >= size[1] - 1 and spot.top >= size[1] - near_y)
    )


def _is_streak(width: int, height: int, spot: _Spot, size: tuple[int, int], pixels_per_mm: float) -> bool:
    """Tell whether it is a line along the whole page, as dirt on the glass of a feeder draws it."""
    length, side = (height, size[1]) if height >= width else (width, size[0])
    return length >= _STREAK_SHARE * side and spot.area <= (_STREAK_MM * pixels_per_mm + 2) * length


def _is_disc(width: int, height: int, spot: _Spot, pixels_per_mm: float) -> bool:
    smallest, largest = (length * pixels_per_mm for length in _HOLE_MM)
    fill = spot.area / ((spot.right - spot.left) * (spot.bottom - spot.top))
    return (
        smallest <= min(width, height)
        and max(width, height) <= largest
        and min(width, height) >= _HOLE_ROUND * max(width, height)
        and _HOLE_FILL[0] <= fill <= _HOLE_FILL[1]
    )


def _are_print(specks: list[_Spot], pixels_per_mm: float) -> bool:
    """Tell whether specks lie so close together somewhere that they are letters in pieces."""
    side = max(1, int(_NEIGHBOURHOOD_MM * pixels_per_mm))
    return any(
        count >= _SPECKS_OF_PRINT
        for count in Counter((spot.left // side, spot.top // side) for spot in specks).values()
    )


def _are_punched(discs: list[_Spot], size: tuple[int, int], pixels_per_mm: float) -> bool:
    """Tell whether solid discs are holes: two or more in a line along an edge; true for none at all."""
    if not discs:
        return True
    middles = [((disc.left + disc.right) / 2, (disc.top + disc.bottom) / 2) for disc in discs]
    from_edges = (
        [x for x, _ in middles],
        [size[0] - x for x, _ in middles],
        [y for _, y in middles],
        [size[1] - y for _, y in middles],
    )
    return len(discs) > 1 and any(
        max(distances) <= _HOLE_FROM_EDGE_MM * pixels_per_mm
        and max(distances) - min(distances) <= _HOLE_IN_LINE_MM * pixels_per_mm
        for distances in from_edges
    )
