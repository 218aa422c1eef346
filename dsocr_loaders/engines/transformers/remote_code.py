"""DeepSeek-OCR and Unlimited-OCR with the code that their repositories bring (`modeling_deepseekocr.py`).

What their `forward` wants besides the usual, by the code as published: `images`, for each page its tiles and its whole
view; `images_seq_mask`, where in the prompt the page's tokens are; `images_spatial_crop`, columns and rows of tiles.
Their `infer()` is not called: it prints the answer, writes files, evaluates the answer as Python, bans repetitions over
the whole answer, and reads one page at a time.
"""

from __future__ import annotations

from contextlib import nullcontext
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from dsocr_loaders.engines.transformers.prompts import image_token_id
from dsocr_loaders.engines.transformers.tensors import normalised, padded_left

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    import torch

    from dsocr_loaders.engines.transformers.tensors import PageTensors

__all__ = ["RemoteCodeModel"]

_LEAST_STEP: Final = 2 / 255


class RemoteCodeModel:
    """Makes the inputs of `DeepseekOCRForCausalLM.generate`, as its own `infer()` makes them for one page.

    Args:
        model: the model.
        tokenizer: its tokenizer.

    Attributes:
        most_pages: how many it can read together, None for any number.
    """

    def __init__(self, model: Any, tokenizer: Any) -> None:  # noqa: ANN401 - of transformers
        self._model = model
        self._image = image_token_id(tokenizer)
        window = getattr(model.config, "sliding_window_size", None) or getattr(model.config, "sliding_window", None)
        if window:
            # Unlimited-OCR's attention keeps a ring of its own; its infer() hides the window from the cache like this.
            model.config._ring_window = window  # noqa: SLF001 - the name that its code looks for
            model.config.sliding_window = None
        # A ring of keys knows nothing of rows that are filled up in front.
        self.most_pages: int | None = 1 if window else None

    def inputs(self, prompts: Sequence[list[int]], pages: Sequence[PageTensors], pad_id: int) -> dict[str, Any]:
        """Return what to call `generate` with; the prompt's columns come back before those of the answer."""
        import torch  # noqa: PLC0415 - optional

        weights = self._model.get_input_embeddings().weight
        ids, mask = padded_left(prompts, pad_id, weights.device)
        return {
            "input_ids": ids,
            "attention_mask": mask,
            "images": [_images(page, weights) for page in pages],
            "images_seq_mask": ((ids == self._image) & (mask == 1)).as_subclass(_staying_tensor()),
            "images_spatial_crop": torch.tensor([page.grid for page in pages], dtype=torch.long),
        }

    def context(self) -> AbstractContextManager[object]:
        """Return what to generate in: numbers of half the size mix with full ones in this code, as in `infer()`."""
        import torch  # noqa: PLC0415 - optional

        weights = self._model.get_input_embeddings().weight
        if weights.dtype not in {torch.bfloat16, torch.float16}:
            return nullcontext()
        autocast: AbstractContextManager[object] = torch.autocast(weights.device.type, dtype=weights.dtype)
        return autocast


def _images(page: PageTensors, like: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return tiles and whole view of a page; for one without tiles zeros, which say so."""
    view = _seen(normalised(page.view, like))
    tiles = view.new_zeros(view.shape) if page.tiles is None else _seen(normalised(page.tiles, like))
    return tiles, view


def _seen(pixels: torch.Tensor) -> torch.Tensor:
    """Return pixels whose sum is not zero: the code takes a sum of zero for a page that is not there.

    Half a page of black and half of white sum to it. Some rows of one channel become lighter by one step of 255, as
    many as it takes not to be lost in rounding.
    """
    rows = 1
    while pixels.sum().item() == 0 and rows <= pixels.shape[2]:
        pixels[0, 0, :rows] += _LEAST_STEP
        rows *= 2
    return pixels


@cache  # the class, made where torch is
def _staying_tensor() -> type[torch.Tensor]:
    import torch  # noqa: PLC0415 - optional

    class StayingTensor(torch.Tensor):  # type: ignore[misc,unused-ignore]  # torch is not installed everywhere
        """Stays on its device where the code says `.cuda()`, so that it runs on every device."""

        def cuda(self, *_: object, **__: object) -> StayingTensor:  # type: ignore[override,unused-ignore]  # as above
            return self

    return StayingTensor
