"""Which resolution mode a server read a page in, as far as its count of prompt tokens shows it.

A page costs another number of image tokens in each mode (`dsocr_loaders.resolution`), and a prompt at most as many
tokens as it has bytes, its special tokens one each. A count that fits no mode at all, such as that of a gateway that
counts the words alone, says nothing. Modes in which a page has the same pixels, gundam and base for a small one, cost
the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from dsocr_loaders.resolution import vision_tokens

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dsocr_loaders.engines.encode import EncodedImage
    from dsocr_loaders.models import ModelFamily

__all__ = ["TRIAL_PAGE_PX", "mode_read", "modes_of_trial", "same_as_gundam"]

FRAME_TOKENS: Final = 2  # the beginning-of-sentence token, and the line break between image and prompt

TRIAL_PAGE_PX: Final = (1281, 2)
"""Size of a picture that costs something else in each mode: tiles side by side, as many as there may be."""

_SPECIAL: Final = re.compile(r"<\|/?[a-z]{1,20}\|>")

_LONGEST_TRIAL_TOKENS: Final = 37  # of the words; tiny and small, the closest modes, are 38 apart


def same_as_gundam(family: ModelFamily) -> tuple[str, ...]:
    """Return the names under which a model has the mode of a server that knows one mode alone."""
    return tuple(name for name, mode in family.modes.items() if mode == family.modes["gundam"])


def mode_read(
    families: Iterable[ModelFamily], resolution: str, image: EncodedImage, prompt: str, prompt_tokens: int | None
) -> str:
    """Return the mode that a page was read in, if that is another than `resolution`; `""` if nothing says so.

    Args:
        families: what the model may be; what fits one of them is right.
        resolution: as it was asked for.
        image: as it was sent.
        prompt: words that were sent.
        prompt_tokens: what the server counted; None if it did not.
    """
    if prompt_tokens is None:
        return ""
    most = len(_SPECIAL.sub("-", prompt).encode("utf-8", "surrogatepass")) + FRAME_TOKENS
    fits: dict[str, int] = {}
    for family in families:
        for name, mode in family.modes.items():
            rest = prompt_tokens - vision_tokens(mode, image.width_px, image.height_px)
            if 1 <= rest <= most:
                fits[name] = min(rest, fits.get(name, most))
    if not fits or resolution in fits:
        return ""
    return min(fits, key=lambda name: (fits[name], len(name)))


def modes_of_trial(family: ModelFamily, prompt_tokens: int | None) -> tuple[str, ...]:
    """Return the modes that a server read the trial page in, which came with a prompt of one character.

    Nothing if the count fits none.
    """
    costs = {name: vision_tokens(mode, *TRIAL_PAGE_PX) for name, mode in family.modes.items()}
    below = [cost for cost in costs.values() if prompt_tokens is not None and prompt_tokens > cost]
    if not below or prompt_tokens is None or prompt_tokens - max(below) > _LONGEST_TRIAL_TOKENS:
        return ()
    return tuple(name for name, cost in costs.items() if cost == max(below))
