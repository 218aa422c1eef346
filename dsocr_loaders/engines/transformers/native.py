"""DeepSeek-OCR-2 as transformers has it."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from dsocr_loaders.engines.transformers.prompts import image_token_id
from dsocr_loaders.engines.transformers.tensors import normalised, padded_left

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    import torch

    from dsocr_loaders.engines.transformers.tensors import PageTensors

__all__ = ["NativeModel"]


class NativeModel:
    """Makes the inputs of `DeepseekOcr2ForConditionalGeneration.generate`.

    Pages go through the vision tower one by one and to the language model as embeddings, all together: the attention
    of the tower over the tiles of four pages at once would take more memory than everything else.

    Args:
        model: the model.
        tokenizer: its tokenizer.

    Attributes:
        most_pages: how many it can read together, None for any number.
    """

    most_pages: int | None = None

    def __init__(self, model: Any, tokenizer: Any) -> None:  # noqa: ANN401 - of transformers
        self._model = model
        self._image = image_token_id(tokenizer)

    def inputs(self, prompts: Sequence[list[int]], pages: Sequence[PageTensors], pad_id: int) -> dict[str, Any]:
        """Return what to call `generate` with; the columns that it returns are then those of the answer alone."""
        import torch  # noqa: PLC0415 - optional

        embed = self._model.get_input_embeddings()
        ids, mask = padded_left(prompts, pad_id, embed.weight.device)
        embeddings = embed(ids)
        features = [self._features(page).to(embeddings) for page in pages]
        places = (ids == self._image).unsqueeze(-1)
        found = sum(len(each) for each in features)
        if int(places.sum()) != found:
            raise ValueError(f"{int(places.sum())} places for {found} image features; its config is for another size")
        embeddings = embeddings.masked_scatter(places, torch.cat(features))
        return {"inputs_embeds": embeddings, "attention_mask": mask}

    def context(self) -> AbstractContextManager[object]:
        """Return what to generate in."""
        return nullcontext()

    def _features(self, page: PageTensors) -> torch.Tensor:
        tower = next(self._model.model.vision_tower.parameters())
        answer = self._model.get_image_features(
            pixel_values=normalised(page.view, tower),
            pixel_values_local=normalised(page.tiles, tower) if page.tiles is not None else None,
            num_local_patches=[0 if page.tiles is None else len(page.tiles)],
            return_dict=True,
        )
        features: torch.Tensor = answer.pooler_output[0]
        return features
