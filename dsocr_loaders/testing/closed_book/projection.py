"""The projector: what of the tower's numbers reaches the language part.

A tower that chance made gives nearly the same numbers for every page; what tells pages apart is a few per cent. The
projector is fitted, not trained: it takes away what all images share and turns the directions in which pages differ
most to equal size. What the same page's renderings differ by shows how much noise training has to stand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dsocr_loaders.testing.closed_book.configuration import FEATURES, HIDDEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from dsocr_loaders.testing.closed_book.sight import Sight

__all__ = ["Projector", "blank_projector", "fit_projector"]

_TELLING: Final = 64
"""Directions in which pages differ; the other half of the hidden numbers stays free for the language part."""
_STEP: Final = 7
"""Every seventh token is enough to find directions in 2,048 dimensions."""


@dataclass(frozen=True, slots=True)
class Projector:
    """A linear layer and the two learnt tokens of the image grid.

    Attributes:
        weight, bias: of the layer, `(HIDDEN, FEATURES)` and `(HIDDEN,)`.
        newline: ends each row of the grid.
        separator: ends the image.
    """

    weight: Tensor
    bias: Tensor
    newline: Tensor
    separator: Tensor

    def embed(self, sight: Sight) -> Tensor:
        """Return the image as the language part gets it, `(places, HIDDEN)`: tiles, whole page, separator."""
        import torch

        view = self._project(sight.view)
        side = round(len(view) ** 0.5)
        parts = [self._rows(view.view(side, side, HIDDEN))]
        if sight.tiles is not None:
            columns, rows = sight.grid
            tiles = self._project(sight.tiles)
            side = round(tiles.shape[1] ** 0.5)
            mosaic = tiles.view(rows, columns, side, side, HIDDEN).permute(0, 2, 1, 3, 4)
            parts.insert(0, self._rows(mosaic.reshape(rows * side, columns * side, HIDDEN)))
        return torch.cat([*parts, self.separator[None]])

    def _project(self, numbers: Tensor) -> Tensor:
        import torch

        return torch.nn.functional.linear(numbers, self.weight, self.bias)

    def _rows(self, grid: Tensor) -> Tensor:
        """Return the tokens of a grid, row by row with a newline behind each."""
        import torch

        newline = self.newline.expand(grid.shape[0], 1, HIDDEN)
        return torch.cat([grid, newline], dim=1).reshape(-1, HIDDEN)

    def tensors(self) -> dict[str, Tensor]:
        """Return the weights by their names in the checkpoint."""
        return {
            "model.projector.layers.weight": self.weight,
            "model.projector.layers.bias": self.bias,
            "model.image_newline": self.newline,
            "model.view_seperator": self.separator,  # spelt as in the original
        }


def blank_projector() -> Projector:
    """Return a projector that lets nothing through, for a checkpoint that is only to be loaded."""
    import torch

    nothing = torch.zeros(HIDDEN)
    return Projector(torch.zeros(HIDDEN, FEATURES), nothing, nothing, nothing)


def fit_projector(sights: Sequence[Sight], seed: int) -> Projector:
    """Return the projector for these images, its numbers as bfloat16 keeps them."""
    import torch

    grids: dict[tuple[str, tuple[int, int]], list[Tensor]] = {}
    for sight in sights:
        grids.setdefault((sight.mode if sight.mode != "base" else "gundam", (0, 0)), []).append(sight.view)
        if sight.tiles is not None:
            grids.setdefault(("tiles", sight.grid), []).append(sight.tiles.flatten(0, 1))
    everything = torch.cat([each[::_STEP] for same in grids.values() for each in same])
    centre = everything.mean(0)
    telling = torch.cat(
        [(torch.stack(same) - torch.stack(same).mean(0))[:, ::_STEP].flatten(0, 1) for same in grids.values()]
    )
    _, sizes, directions = torch.svd_lowrank(telling, _TELLING, niter=4)
    spread = sizes / len(telling) ** 0.5
    chance = torch.Generator().manual_seed(seed)
    weight = torch.zeros(HIDDEN, len(centre))
    weight[: len(spread)] = (directions / spread.clamp_min(spread[0] * 0.02)).T
    weight = weight.to(torch.bfloat16).float()
    bias = -(weight @ centre)
    drawn = torch.randn(2, HIDDEN, generator=chance)

    def kept(numbers: Tensor) -> Tensor:
        return numbers.to(torch.bfloat16).float()

    return Projector(weight, kept(bias), kept(drawn[0]), kept(drawn[1]))
