"""Pages as vLLM's engine takes them: bytes -> normalised tensors, words -> tokens. Runs in the core, in threads.

Pixels and tokens are those that vLLM's own processor computes, to the bit: `ToTensor` and `Normalize` in float32, then
the model's own type. A byte has 256 values, so that is done once for each of them, and a page looks its values up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dsocr_loaders.engines.vllm.interface import SIDES_FIELD, rendered_input, sampling_for
from dsocr_loaders.errors import engine_error

if TYPE_CHECKING:
    from dsocr_loaders.engines.vllm.interface import ModelFacts
    from dsocr_loaders.engines.vllm.messages import Ask
    from dsocr_loaders.engines.vllm.prepare import PreparedViews

__all__ = ["PageRenderer", "RenderedPage"]

_IMAGE_TOKEN: Final = "<image>"  # noqa: S105 - the model's token, no secret
_CHANNELS: Final = 3
_MOST_PROMPTS: Final = 256

RenderedPage = tuple[dict[str, Any], Any]
"""What vLLM's `add_request` takes: a rendered input and sampling parameters."""


class PageRenderer:
    """Renders pages for one loaded model. May be called from several threads at once.

    Args:
        facts: of the engine.

    Raises:
        EngineUnavailable: cause `no_engine`, the model's tokenizer has no image token.
    """

    def __init__(self, facts: ModelFacts) -> None:
        self._facts = facts
        self._values = _values_of_bytes(facts.dtype)
        self._vocabulary: dict[str, int] = facts.tokenizer.get_vocab()
        if _IMAGE_TOKEN not in self._vocabulary:
            raise engine_error(
                "no_engine", f"The model's tokenizer has no token {_IMAGE_TOKEN}: it is no model for pages."
            )
        self._image_token = self._vocabulary[_IMAGE_TOKEN]
        self._prompts: dict[str, list[int]] = {}

    def render(self, ask: Ask) -> RenderedPage:
        """Return the page as vLLM's engine takes it. The file of its pixels is gone afterwards.

        Raises:
            EngineRejected: the page and its prompt leave no room for an answer, or the prompt places an image itself.
            DsocrError: the file of its pixels is gone.
        """
        before, after = self._prompt(ask.prompt)
        count = ask.views.vision_tokens
        token_ids = [*before, *[self._image_token] * count, *after]
        room = self._facts.context_tokens - len(token_ids)
        if room < 1:
            raise engine_error(
                "too_large",
                f"image and prompt are {len(token_ids)} tokens, and the context is {self._facts.context_tokens}: no "
                "room is left for an answer. Use a smaller resolution=, or a larger engine_options['max_model_len'].",
            )
        wanted = ask.decoding.max_new_tokens
        inputs = rendered_input(
            self._facts, self.tensors(ask.views), token_ids, first=len(before), count=count, name=f"page-{ask.number}"
        )
        whitelist = [self._vocabulary[word] for word in ask.decoding.ngram_whitelist if word in self._vocabulary]
        sampling = sampling_for(
            ask.decoding, max_tokens=room if wanted is None else min(wanted, room), whitelist=whitelist
        )
        return inputs, sampling

    def tensors(self, views: PreparedViews) -> dict[str, Any]:
        """Return the model's inputs for one image: `pixel_values`, `images_crop`, `images_spatial_crop`, and sides."""
        import numpy as np  # noqa: PLC0415 - comes with vLLM
        import torch  # noqa: PLC0415 - likewise

        pixels = np.frombuffer(views.pixels.take(), np.uint8)
        values = torch.from_numpy(np.take(self._values, pixels)).view(self._facts.dtype)
        side, tile, (columns, rows) = views.view_px, views.tile_px, views.grid
        whole = _CHANNELS * side * side
        tensors = {
            "pixel_values": values[:whole].view(1, _CHANNELS, side, side),
            "images_crop": values[whole:].view(columns * rows, _CHANNELS, tile, tile),
            "images_spatial_crop": torch.tensor([views.grid if columns else (1, 1)], dtype=torch.long),
        }
        if self._facts.takes_all_sizes:
            tensors[SIDES_FIELD] = torch.tensor([side, tile], dtype=torch.long)
        return tensors

    def _prompt(self, text: str) -> tuple[list[int], list[int]]:
        """Return the tokens before and behind the image's place."""
        token_ids = self._prompts.get(text)
        if token_ids is None:
            token_ids = list(self._facts.tokenizer.encode(text))
            if len(self._prompts) < _MOST_PROMPTS:
                self._prompts[text] = token_ids
        places = [at for at, token in enumerate(token_ids) if token == self._image_token]
        if len(places) != 1:
            raise engine_error(
                "bad_request", f"The prompt may not contain {_IMAGE_TOKEN}: this engine places the image itself."
            )
        return token_ids[: places[0]], token_ids[places[0] + 1 :]


def _values_of_bytes(dtype: Any) -> Any:  # noqa: ANN401 - torch and numpy are not there where types are checked
    """Return what the bytes 0 to 255 become, as integers of the same width as `dtype`."""
    import torch  # noqa: PLC0415 - comes with vLLM

    values = torch.arange(256, dtype=torch.uint8).to(torch.float32).div(255).sub(0.5).div(0.5).to(dtype)
    return values.view({2: torch.int16, 4: torch.int32}[values.element_size()]).numpy()
