"""Resolution modes: how a page image becomes views and tiles, and how many vision tokens they cost.

Tables and arithmetic only. Sources: `config.py` and `process/image_process.py` of deepseek-ai/DeepSeek-OCR and
DeepSeek-OCR-2; vLLM 0.32's `processors/deepseek_ocr.py`; token counts as in the DeepSeek-OCR paper's table of modes.

A *view* is the whole page at `base_px` squared. A mode that crops adds *tiles* of `tile_px` squared whenever one side
of the page is longer than a tile; the grid is the one whose shape is closest to the page's.

`gundam` has at most 6 tiles, as vLLM and the official vLLM scripts do; the model's own `infer` takes 9. `gundam-2` to
`gundam-9` say how many at most. `gundam-m` is described in the paper alone: here it is gundam with larger sides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from dsocr_loaders.errors import SettingsError
from dsocr_loaders.families import family_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MODES", "Mode", "mode_for", "tile_grid", "vision_tokens"]

_PIXELS_PER_TOKEN = 16 * 4  # 16 px patches, then four of them a side compressed into one token


@dataclass(frozen=True, slots=True)
class Mode:
    """One resolution mode.

    Attributes:
        base_px: side of the square view of the whole page.
        fit: how the page gets into that square: stretched, or padded with grey (127, 127, 127).
        tile_px: side of a tile, 0 for a mode without tiles.
        min_tiles, max_tiles: bounds for columns x rows.
        has_row_tokens: whether each row of tokens ends with a newline token (DeepSeek-OCR, not DeepSeek-OCR-2).
    """

    base_px: int
    fit: Literal["stretch", "pad"]
    tile_px: int = 0
    min_tiles: int = 0
    max_tiles: int = 0
    has_row_tokens: bool = True


def _gundam(mode: Mode, most_crops: int) -> dict[str, Mode]:
    """Return `mode` as gundam, and with each number of crops from its least to `most_crops`."""
    numbers = range(mode.min_tiles, most_crops + 1)
    return {"gundam": mode} | {f"gundam-{number}": replace(mode, max_tiles=number) for number in numbers}


MODES: Mapping[str, Mapping[str, Mode]] = MappingProxyType(
    {
        "deepseek-ocr": MappingProxyType(
            {
                "tiny": Mode(512, "stretch"),
                "small": Mode(640, "stretch"),
                "base": Mode(1024, "pad"),
                "large": Mode(1280, "pad"),
                **_gundam(Mode(1024, "pad", tile_px=640, min_tiles=2, max_tiles=6), 9),
                "gundam-m": Mode(1280, "pad", tile_px=1024, min_tiles=2, max_tiles=6),
            }
        ),
        "deepseek-ocr-2": MappingProxyType(
            _gundam(Mode(1024, "pad", tile_px=768, min_tiles=2, max_tiles=6, has_row_tokens=False), 6)
        ),
        "unlimited-ocr": MappingProxyType(
            {
                "base": Mode(1024, "pad"),
                **_gundam(Mode(1024, "pad", tile_px=640, min_tiles=2, max_tiles=32), 9),
            }
        ),
    }
)
"""Family -> name -> mode."""


def mode_for(model: str, resolution: str) -> Mode:
    """Return the mode that `resolution` names for `model`.

    Raises:
        SettingsError: the model has no such mode.
    """
    modes = MODES[family_of(model)]
    if resolution not in modes:
        raise SettingsError(f"resolution={resolution!r} is not a mode of {model}; it has: {', '.join(modes)}.")
    return modes[resolution]


def tile_grid(mode: Mode, width_px: int, height_px: int) -> tuple[int, int]:
    """Return `(columns, rows)` of tiles for a page image; `(0, 0)` for a page that is not tiled.

    Among all grids within the mode's bounds the closest in aspect ratio wins. Of two equally close ones the larger
    wins if the page has more than half of its pixels, as in the official `find_closest_aspect_ratio`.
    """
    if not mode.tile_px or (width_px <= mode.tile_px and height_px <= mode.tile_px):
        return 0, 0
    grids = sorted(
        (
            (columns, rows)
            for columns in range(1, mode.max_tiles + 1)
            for rows in range(1, mode.max_tiles // columns + 1)
            if columns * rows >= mode.min_tiles
        ),
        key=lambda grid: grid[0] * grid[1],
    )
    aspect = width_px / height_px
    best, best_distance = grids[0], float("inf")
    for columns, rows in grids:
        distance = abs(aspect - columns / rows)
        is_filled = width_px * height_px > 0.5 * mode.tile_px**2 * columns * rows
        if distance < best_distance or (distance == best_distance and is_filled):
            best, best_distance = (columns, rows), distance
    return best


def vision_tokens(mode: Mode, width_px: int, height_px: int) -> int:
    """Return how many image tokens a page image of this size takes, separators counted in."""
    side = ceil(mode.base_px / _PIXELS_PER_TOKEN)
    newline = 1 if mode.has_row_tokens else 0
    view = side * (side + newline)
    columns, rows = tile_grid(mode, width_px, height_px)
    tile_side = ceil(mode.tile_px / _PIXELS_PER_TOKEN)
    tiles = tile_side * rows * (tile_side * columns + newline) if columns else 0
    return view + tiles + 1
