"""What an engine is asked for a rung. Each plan is a set of questions that make one reading together."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from dsocr_loaders.models import model_for
from dsocr_loaders.repair.framing import Framing
from dsocr_loaders.repair.halves import halves_of
from dsocr_loaders.values import RegionType, Task

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from dsocr_loaders.repair.questions import Question
    from dsocr_loaders.repair.readings import Reading
    from dsocr_loaders.settings.arguments import RepairRung
    from dsocr_loaders.values import Region

__all__ = ["plans_for"]

_SECOND_NGRAMS: Final[Mapping[str, tuple[int, int]]] = MappingProxyType(
    {"deepseek-ocr": (40, 400), "deepseek-ocr-2": (40, 400), "unlimited-ocr": (35, 1024)}
)
"""Family -> size and window of the second try.

A loop that was written in spite of the first values (30 in 90, 20 in 90, 35 in 128) is one that they cannot see: its
round is longer than the window, as where a whole block comes again with its box, or it is made of the tokens that are
excepted, as empty cells are. So the window is several blocks long, and nothing is excepted: 20 empty cells in a row may
be written, and not 21. Shorter runs than 40 in so wide a window would forbid what pages do repeat, such as tags with
similar boxes, and tear those. Users report 40 to 50 in 200 to 500 for loops (deepseek-ai/DeepSeek-OCR-2#28); 35 in 1024
is what Unlimited-OCR's own recipe takes for long answers.
"""

_OTHER_MODES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "tiny": ("gundam", "base"),
        "small": ("gundam", "base"),
        "base": ("gundam", "large"),
        "large": ("gundam", "base"),
        "gundam": ("large", "base"),
        "gundam-m": ("large", "base"),
    }
)
"""Mode -> which to try instead, the first that there is: one that shows the page in more detail, or in one piece where
it was in tiles."""


def plans_for(
    rung: RepairRung, first: Question, model: str, reading: Reading, modes: Collection[str] = ()
) -> tuple[tuple[Question, ...], ...]:
    """Return the plans of a rung, to be tried one after the other; none if it has no use here, or reads nothing.

    Args:
        rung: which.
        first: what the page was asked at first.
        model: the model's name.
        reading: how the page is read now.
        modes: names of the resolution modes that one question may choose from.
    """
    match rung:
        case "ngram":
            plans = [[_with_other_ngrams(first, model)]]
        case "rotate":
            plans = [[_turned(first, turn)] for turn in upright_turns(reading.regions)]
        case "resolution":
            plans = [_with_other_mode(first, model, modes)]
        case "free":
            plans = [_free(first, model)]
        case "halves":
            plans = [_halves(first, reading)]
        case _:
            plans = []
    return tuple(tuple(plan) for plan in plans if plan)


def _with_other_ngrams(first: Question, model: str) -> Question:
    size, window = _SECOND_NGRAMS[model_for(model).family]
    decoding = replace(first.decoding, ngram_size=size, ngram_window=window, ngram_whitelist=())
    words = f"no run of {size} tokens twice within {window}, without exceptions"
    return replace(first, decoding=decoding, words=words)


def _turned(first: Question, turn: int) -> Question:
    return replace(first, framing=Framing(turn=turn), words=f"turned by {turn} degrees clockwise")


def _with_other_mode(first: Question, model: str, modes: Collection[str]) -> list[Question]:
    known = model_for(model).modes
    others = _OTHER_MODES.get(first.resolution, _OTHER_MODES["gundam"])
    other = next((mode for mode in others if mode in modes and mode in known), None)
    return [] if other is None else [replace(first, resolution=other, words=f"resolution {other}")]


def _free(first: Question, model: str) -> list[Question]:
    prompt = model_for(model).prompts.get(Task.FREE)
    if prompt is None or first.task is Task.FREE:
        return []
    return [replace(first, task=Task.FREE, prompt=prompt, words=f"{prompt!r}, without boxes")]


def _halves(first: Question, reading: Reading) -> list[Question]:
    return [
        replace(
            first,
            framing=framing,
            words=f"{name} half, {framing.part.y0:.0%} to {framing.part.y1:.0%} of the height",
        )
        for name, framing in zip(("upper", "lower"), halves_of(reading.page.ink) or (), strict=False)
    ]


def upright_turns(regions: Iterable[Region]) -> tuple[int, int]:
    """Return by how many degrees clockwise a page that lies on its side is turned at first, and then.

    A table is set upright by turning the page clockwise where its text reads upwards, which is what typesetting systems
    do with wide tables (LaTeX's `sidewaystable`), and what others who read such pages turn first. Its caption, which
    stands above it, is at its left then. Where captions and titles are at the right of what they belong to, the text
    reads downwards, and the page is turned the other way at first.
    """
    bodies, captions = [], []
    for region in regions:
        centers = [(box.x0 + box.x1) / 2 for box in region.boxes]
        if region.type in {RegionType.TABLE, RegionType.FIGURE}:
            bodies += centers
        elif region.type in {RegionType.CAPTION, RegionType.TITLE, RegionType.HEADING}:
            captions += centers
    if bodies and captions and sum(captions) / len(captions) > sum(bodies) / len(bodies):
        return 270, 90
    return 90, 270
