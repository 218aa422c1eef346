"""The model behind a scripted server: it reads the script's answer if it is asked as it was trained.

DeepSeek-OCR was trained on `<image>`, a line break and a prompt, in this order (`config.py` of its repository), and is
very sensitive to it (deepseek-ai/DeepSeek-OCR#288, sgl-project/sglang#12358), at temperature 0
(sgl-project/sglang#12198). Asked in another way it answers `GARBLED` here; the real one answers fluent nonsense.

A token is a word between blanks here, as far as lengths and repetitions are concerned.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dsocr_loaders.models import model_for

if TYPE_CHECKING:
    from dsocr_loaders.testing.servers.kind import Asked

__all__ = ["END_OF_ANSWER", "GARBLED", "Answered", "answered", "departure", "without_special_tokens"]

GARBLED: Final = "OCR the the document of 0 0 0 0"
"""What the model answers to what it was not trained for."""

END_OF_ANSWER: Final = "<\uff5cend\u2581of\u2581sentence\uff5c>"
"""The model's last token, which servers do not print, but for llama-server with `--special`."""

_IMAGE: Final = "<image>"
_SPECIAL: Final = re.compile(
    r"<\|/?(?:ref|det)\|>|<\|(?:grounding|User|Assistant)\|>|<image>|</?t[dr]>|<\uff5c[^\uff5c]{1,40}\uff5c>"
)
_WORD: Final = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Answered:
    """What the model answered.

    Attributes:
        text: as the server prints it.
        finish_reason: `stop`, or `length` where the limit cut it off; a script's fault may say something else.
        prompt_tokens, output_tokens: words of the prompt, and of the answer before special tokens were taken out.
    """

    text: str
    finish_reason: str
    prompt_tokens: int
    output_tokens: int


def without_special_tokens(text: str) -> str:
    """Return `text` as a server prints it that skips special tokens: without tags and the borders of table cells.

    `<td rowspan="2">` stays, as it does with real servers: only the bare `<td>` is one token.
    """
    return _SPECIAL.sub("", text)


def departure(seen: str, model: str, line_breaks: frozenset[int] | None = None) -> str:
    """Return how `seen` departs from what `model` was trained with, or `""`.

    Args:
        seen: the words with `<image>` where the image is.
        model: its name or folder, which says the family.
        line_breaks: how many may stand between image and prompt; None: as many as in training.
    """
    images = seen.count(_IMAGE)
    if images != 1:
        return f"the model sees {images} images where there is one"
    before, words = seen.split(_IMAGE)
    if before.strip():
        return "the image stands behind the prompt"
    prompt = words.lstrip("\n")
    breaks = len(words) - len(prompt)
    trained = model_for(model).image_prefix.count("\n")
    if before or breaks not in (line_breaks or {trained}):
        return f"{breaks} line breaks stand between image and prompt, where the model was trained with {trained}"
    if not prompt or prompt != prompt.strip():
        return f"the prompt is {prompt!r}, with blanks around it or without words"
    return ""


def answered(asked: Asked, text: str, garbled_because: str = "") -> Answered:
    """Return what the model makes of the script's answer `text`."""
    if garbled_because:
        text = GARBLED
    ends = [word.end() for word in _WORD.finditer(text)]
    is_cut = asked.most_tokens is not None and len(ends) > asked.most_tokens
    if is_cut:
        del ends[asked.most_tokens :]
        text = text[: ends[-1]] if ends else ""
    return Answered(
        text=text if asked.prints_special_tokens else without_special_tokens(text),
        finish_reason="length" if is_cut else "stop",
        prompt_tokens=len(asked.prompt.split()),
        output_tokens=len(ends),
    )


def repeats(text: str, length: int) -> bool:
    """Return whether a sequence of `length` words comes twice in `text`."""
    words = text.split()
    known: set[tuple[str, ...]] = set()
    for begin in range(len(words) - length + 1):
        sequence = tuple(words[begin : begin + length])
        if sequence in known:
            return True
        known.add(sequence)
    return False
