"""What the paper of a page looks like: its colour, how that changes over the page, and how grainy it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageChops

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Paper", "paper_of"]

_CHANNEL_VALUES = 256
_LIGHT_PAPER = 128
_SAMPLE_STEP = 4  # every fourth pixel each way is enough to know the paper
_COLUMNS, _ROWS = 16, 22  # blocks in which the paper counts as even; about 13 mm of A4
_BLOCK_SAMPLES = 10  # a side
_STEP = 14
"""Largest step from one block of paper to the next: a scanner's lamp or a shadow falls off by a few levels in 13 mm,
the edge of a picture or of a tinted box is a step."""

_FARTHEST = 110  # what is farther from the page's own colour is no paper, however gently it was reached
_WIDEST_GRAIN = 40
_MOST_OF_PAGE = 0.6
_EVEN = 0.95  # of what is near the peak: paper without any grain, and only the edges of ink beside it


_Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Paper:
    """The paper.

    Attributes:
        colour: red, green, blue, 0 to 255: typical of it.
        shading: the colour of each of 16 x 22 blocks; None where it is the same all over.
        grain: standard deviation of the noise, in levels of 255, the largest of the channels.
    """

    colour: tuple[int, int, int]
    shading: Image.Image | None
    grain: float

    @property
    def is_light(self) -> bool:
        """Whether ink is to be expected darker than the paper."""
        return max(self.colour) >= _LIGHT_PAPER

    def depth_of(self, picture: Image.Image, *, is_darker: bool) -> Image.Image:
        """Return how far each pixel is darker (or lighter) than the paper, 0 to 255, in its farthest channel."""
        if self.shading is None:
            sign = 1 if is_darker else -1
            table = [max(0, sign * (level - value)) for level in self.colour for value in range(_CHANNEL_VALUES)]
            depth = picture.point(table)
        else:
            even = self.shading.resize(picture.size, Image.Resampling.BILINEAR)
            depth = ImageChops.subtract(even, picture) if is_darker else ImageChops.subtract(picture, even)
        red, green, blue = depth.split()
        return ImageChops.lighter(red, ImageChops.lighter(green, blue))


def paper_of(picture: Image.Image) -> Paper:
    """Return what the paper of an RGB picture looks like."""
    width_px, height_px = (max(1, side // _SAMPLE_STEP) for side in picture.size)
    bands = picture.resize((width_px, height_px), Image.Resampling.NEAREST).histogram()
    counts = [bands[start : start + _CHANNEL_VALUES] for start in range(0, 3 * _CHANNEL_VALUES, _CHANNEL_VALUES)]
    red, green, blue = (max(range(_CHANNEL_VALUES), key=count.__getitem__) for count in counts)
    mode = (red, green, blue)
    spreads = [_spread(count, peak) for count, peak in zip(counts, mode, strict=True)]
    if min(picture.size) < _BLOCK_SAMPLES * _ROWS or None not in spreads:
        return Paper(mode, None, max(spread or 0.0 for spread in spreads))
    blocks, grain = _blocks(picture, is_light=max(mode) >= _LIGHT_PAPER)
    paper = _largest_region(blocks)
    middle = sorted(blocks[place] for place in paper)[len(paper) // 2]
    return Paper(middle, _shading(blocks, paper, middle), grain)


def _spread(counts: list[int], peak: int) -> float | None:
    """Return within how many levels of its peak most of a channel lies if that is 0 or 1, None if it is more."""
    near = [sum(counts[max(0, peak - distance) : peak + distance + 1]) for distance in (0, 1, _WIDEST_GRAIN)]
    if near[-1] < _MOST_OF_PAGE * sum(counts):
        return None
    return next((float(distance) for distance in (0, 1) if near[distance] >= _EVEN * near[-1]), None)


def _blocks(picture: Image.Image, *, is_light: bool) -> tuple[list[_Colour], float]:
    """Return the paper of each block, row by row, and the typical grain inside of one."""
    small = picture.resize((_COLUMNS * _BLOCK_SAMPLES, _ROWS * _BLOCK_SAMPLES), Image.Resampling.NEAREST)
    channels = [band.tobytes() for band in small.split()]
    row_bytes = _COLUMNS * _BLOCK_SAMPLES
    # A little beyond the middle, away from the ink, of which a block of text has less than half.
    rank = int(_BLOCK_SAMPLES**2 * (0.6 if is_light else 0.4))
    ends = [int(_BLOCK_SAMPLES**2 * share) for share in (0.16, 0.5, 0.84)]
    blocks, darker, lighter = [], [], []
    for row in range(_ROWS):
        for column in range(_COLUMNS):
            found = []
            start = row * _BLOCK_SAMPLES * row_bytes + column * _BLOCK_SAMPLES
            for channel in channels:
                values = sorted(
                    b"".join(
                        channel[place : place + _BLOCK_SAMPLES]
                        for place in range(start, start + _BLOCK_SAMPLES * row_bytes, row_bytes)
                    )
                )
                found.append(values[rank])
                low, middle, high = (values[end] for end in ends)
                darker.append(middle - low)
                lighter.append(high - middle)
            blocks.append((found[0], found[1], found[2]))
    # The side of the ink tells only in blocks without any; the other one may be cut off at white or black.
    inky, clean = (darker, lighter) if is_light else (lighter, darker)
    return blocks, float(max(sorted(inky)[len(inky) // 4], sorted(clean)[len(clean) * 3 // 4]))


def _largest_region(blocks: list[_Colour]) -> set[int]:
    """Return the places of the most blocks that small steps lead through: the paper, however its shade changes."""
    largest: set[int] = set()
    rest = set(range(len(blocks)))
    while len(rest) > len(largest):
        front = [rest.pop()]
        region = set(front)
        while front:
            place = front.pop()
            for other in _beside(place):
                if other in rest and _distance(blocks[place], blocks[other]) <= _STEP:
                    rest.discard(other)
                    region.add(other)
                    front.append(other)
        largest = max(largest, region, key=len)
    return largest


def _shading(blocks: list[_Colour], paper: set[int], colour: _Colour) -> Image.Image | None:
    """Return the paper as an image of a pixel for each block, None if it has the same colour all over."""
    known = {place: blocks[place] for place in paper if _distance(blocks[place], colour) <= _FARTHEST}
    if all(_distance(block, colour) <= 1 for block in known.values()):
        return None
    # What is no paper, a picture perhaps, gets the paper next to it.
    front = list(known)
    while front:
        found = []
        for place in front:
            for other in _beside(place):
                if other not in known:
                    known[other] = known[place]
                    found.append(other)
        front = found
    shading = Image.new("RGB", (_COLUMNS, _ROWS))
    shading.putdata([known[place] for place in range(len(blocks))])
    return shading


def _distance(one: Iterable[int], other: Iterable[int]) -> int:
    return max(abs(first - second) for first, second in zip(one, other, strict=True))


def _beside(place: int) -> Iterable[int]:
    row, column = divmod(place, _COLUMNS)
    if column:
        yield place - 1
    if column + 1 < _COLUMNS:
        yield place + 1
    if row:
        yield place - _COLUMNS
    if row + 1 < _ROWS:
        yield place + _COLUMNS
