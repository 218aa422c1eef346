"""The pixels of a resolution mode in the shape in which vLLM's own processor hands them to the model.

`ModeProcessor` stands where vLLM expects its `DeepseekOCRProcessor`: it takes what the other takes and returns what the
other returns, with the views of `dsocr_loaders.views` and as many image tokens as `dsocr_loaders.resolution` counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import torch

from dsocr_loaders.resolution import vision_tokens
from dsocr_loaders.views import page_views

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image
    from transformers import BatchFeature

    from dsocr_loaders.resolution import Mode

__all__ = ["SIDES_FIELD", "ModeProcessor"]

SIDES_FIELD: Final = "mode_sides_px"
"""Name of a further value of each image, sides of view and tile: images that differ in it are not encoded together."""


class ModeProcessor:
    """Turns images and a prompt into tensors in one resolution mode.

    Whatever else vLLM asks of a processor, such as the ids of its tokens, is answered by `stock`.

    Args:
        stock: vLLM's own processor, whose tokenizer and normalisation are used.
        mode: how pages become views and tiles.
    """

    def __init__(self, stock: Any, mode: Mode) -> None:  # noqa: ANN401 - of vLLM, which ships no types here
        self._stock = stock
        self._mode = mode

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the other has
        return getattr(self._stock, name)

    def __call__(self, *, prompt: str, images: Sequence[Image], **_others: object) -> BatchFeature:
        """Return token ids and pixels.

        Returns:
            `input_ids` (1, tokens) and `images_seq_mask` (tokens): the prompt behind its first token, each `<image>` as
            many times as it takes; `num_image_tokens`: a number for each image. `pixel_values` (images, 3, side, side):
            whole pages; `images_crop` (tiles of all images, 3, side, side); `images_spatial_crop` (images, 2): columns
            and rows of tiles, 1 and 1 for a page without; `mode_sides_px` (2): sides of view and tile. Pixels are
            from -1 to 1.

        Raises:
            ValueError: the prompt has another number of `<image>` than there are images.
        """
        from transformers import BatchFeature  # noqa: PLC0415 - vLLM brings it

        texts = prompt.split(self._stock.image_token)
        if len(texts) != len(images) + 1:
            raise ValueError(f"The prompt places {len(texts) - 1} images and comes with {len(images)}.")
        tile_px = self._mode.tile_px or self._mode.base_px
        views: list[Any] = [torch.zeros((0, 3, self._mode.base_px, self._mode.base_px))]
        tiles: list[Any] = [torch.zeros((0, 3, tile_px, tile_px))]
        grids: list[tuple[int, int]] = []
        counts: list[int] = []
        ids: list[int] = [self._stock.bos_id]
        is_image: list[bool] = [False]
        for text, image in zip(texts, [*images, None], strict=True):
            words = self._stock.encode(text, bos=False, eos=False)
            ids += words
            is_image += [False] * len(words)
            if image is None:
                break
            rgb = image if image.mode == "RGB" else image.convert("RGB")
            seen = page_views(rgb, self._mode)
            views.append(self._numbers(seen.view))
            tiles.extend(self._numbers(tile) for tile in seen.tiles)
            grids.append(seen.grid if seen.tiles else (1, 1))
            counts.append(vision_tokens(self._mode, rgb.width, rgb.height))
            ids += [self._stock.image_token_id] * counts[-1]
            is_image += [True] * counts[-1]
        return BatchFeature(
            {
                "input_ids": torch.tensor([ids], dtype=torch.long),
                "pixel_values": torch.cat(views),
                "images_crop": torch.cat(tiles),
                "images_seq_mask": torch.tensor(is_image, dtype=torch.bool),
                "images_spatial_crop": torch.tensor(grids, dtype=torch.long).reshape(-1, 2),
                "num_image_tokens": torch.tensor(counts, dtype=torch.long),
                SIDES_FIELD: torch.tensor([self._mode.base_px, tile_px], dtype=torch.long),
            }
        )

    def _numbers(self, view: Image) -> Any:  # noqa: ANN401 - a tensor of (1, 3, side, side)
        return self._stock.image_transform(view).unsqueeze(0)
