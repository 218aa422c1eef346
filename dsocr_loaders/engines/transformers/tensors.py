"""Pages as tensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from dsocr_loaders.engines.transformers.preparing import ViewedPage

__all__ = ["PageTensors", "normalised", "padded_left", "tensors_of"]


@dataclass(frozen=True, slots=True)
class PageTensors:
    """The views of a page, uint8, on the CPU.

    Attributes:
        view: `[1, base, base, 3]`, the whole page.
        tiles: `[tiles, side, side, 3]`, None for a page without.
        grid: columns and rows of tiles; `(1, 1)` without, as the official code says it.
    """

    view: torch.Tensor
    tiles: torch.Tensor | None
    grid: tuple[int, int]


def tensors_of(page: ViewedPage) -> PageTensors:
    """Return the page's views, and delete their file. Once only.

    Raises:
        DsocrError: the file is gone.
    """
    import torch  # noqa: PLC0415 - optional

    pixels = torch.frombuffer(page.pixels.take(), dtype=torch.uint8)
    size = 3 * page.base_px**2
    view = pixels[:size].reshape(1, page.base_px, page.base_px, 3)
    columns, rows = page.grid
    if not columns:
        return PageTensors(view, None, (1, 1))
    return PageTensors(view, pixels[size:].reshape(columns * rows, page.tile_px, page.tile_px, 3), page.grid)


def normalised(pixels: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Return `[n, height, width, 3]` bytes as `[n, 3, height, width]` from -1 to 1, where and of what type `like` is.

    Computed in float32 on the device, since bytes travel fastest: x / 255, then (x - 0.5) / 0.5.
    """
    import torch  # noqa: PLC0415 - optional

    numbers = pixels.to(like.device).permute(0, 3, 1, 2).to(torch.float32)
    return numbers.div_(255).sub_(0.5).div_(0.5).to(like.dtype).contiguous()


def padded_left(prompts: Sequence[list[int]], pad_id: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Return prompts as `[pages, longest]`, filled up in front, and the mask that is 1 where a prompt is."""
    import torch  # noqa: PLC0415 - optional

    longest = max(map(len, prompts))
    ids = torch.tensor([[pad_id] * (longest - len(each)) + each for each in prompts], device=device)
    mask = torch.tensor([[0] * (longest - len(each)) + [1] * len(each) for each in prompts], device=device)
    return ids, mask
