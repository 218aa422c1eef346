"""How long an answer may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dsocr_loaders.models import model_for
from dsocr_loaders.resolution import mode_for, vision_tokens

if TYPE_CHECKING:
    from collections.abc import Collection

    from dsocr_loaders.engines.encode import EncodedImage
    from dsocr_loaders.values import ReadRequest

__all__ = ["answer_limit"]

_FRAME_TOKENS: Final = 2  # the beginning-of-sentence token, and the line break between image and prompt


def answer_limit(request: ReadRequest, image: EncodedImage, models: Collection[str], context_tokens: int | None) -> int:
    """Return the largest `max_tokens` that a server takes for this page, at least 1.

    It is what the context leaves beside the image and the prompt. The prompt is counted as its UTF-8 bytes, which it
    can never exceed, since a token stands for at least one byte.

    Args:
        request: its decoding may ask for less, never for more.
        image: as it is sent.
        models: names of the model; the one with the most image tokens counts, and the one with the least context.
        context_tokens: the server's context, or None for the model's own, which is that of the official scripts.
    """
    image_tokens = max(
        vision_tokens(mode_for(model, request.resolution), image.width_px, image.height_px) for model in models
    )
    prompt_tokens = len(request.prompt.encode()) + _FRAME_TOKENS
    context = context_tokens or min(model_for(model).context_tokens for model in models)
    left = max(1, context - image_tokens - prompt_tokens)
    return min(left, request.decoding.max_new_tokens or left)
