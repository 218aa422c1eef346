"""The tokens of a prompt, with room for the page."""

from __future__ import annotations

from typing import Any, Final

from dsocr_loaders.errors import engine_error
from dsocr_loaders.models import MODELS

__all__ = ["IMAGE_TOKEN", "image_token_id", "prompt_tokens"]

IMAGE_TOKEN: Final = "<image>"  # noqa: S105 - a word for the page


def image_token_id(tokenizer: Any) -> int:  # noqa: ANN401 - of transformers
    """Return the id of the token that stands for a page.

    Raises:
        ValueError: the tokenizer has none, so it belongs to another model.
    """
    found = tokenizer.convert_tokens_to_ids(IMAGE_TOKEN)
    if found is None or found == tokenizer.unk_token_id:
        raise ValueError(f"its tokenizer has no token {IMAGE_TOKEN}, so it is none of DeepSeek-OCR")
    return int(found)


def prompt_tokens(tokenizer: Any, prompt: str, family: str, image_tokens: int) -> list[int]:  # noqa: ANN401 - as above
    """Return the ids of a prompt, the page's tokens in front of it, or where `<image>` stands in it.

    The beginning of a text is the tokenizer's own if it puts one, as for the official code, which always does.

    Raises:
        EngineRejected: cause `bad_request`, `<image>` stands in it twice.
    """
    text = prompt if IMAGE_TOKEN in prompt else MODELS[family].image_prefix + prompt
    before, *after = text.split(IMAGE_TOKEN)
    if len(after) != 1:
        raise engine_error("bad_request", f"prompt={prompt!r} has more than one {IMAGE_TOKEN}; a request is one page.")
    image = image_token_id(tokenizer)
    begin = tokenizer.bos_token_id
    ids = [
        *([] if begin is None else [begin]),
        *tokenizer.encode(before, add_special_tokens=False),
        *[image] * image_tokens,
        *tokenizer.encode(after[0], add_special_tokens=False),
    ]
    return [int(each) for each in ids]
