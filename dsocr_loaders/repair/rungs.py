"""The rungs of the ladder: which faults each mends, and which are tried at all."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from dsocr_loaders.values import AnswerFault, Task

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from dsocr_loaders.settings import Settings
    from dsocr_loaders.settings.arguments import RepairRung

__all__ = ["DEFAULT_LADDER", "MENDED", "ladder_of", "mends"]

DEFAULT_LADDER: Final[tuple[RepairRung, ...]] = (
    "trim",
    "ngram",
    "rotate",
    "resolution",
    "free",
    "halves",
    "text_layer",
)
"""From what costs nothing to what gives up boxes, then the page's unity, then the model's own reading."""

MENDED: Final[Mapping[str, frozenset[AnswerFault]]] = MappingProxyType(
    {
        "trim": frozenset({AnswerFault.LOOP}),
        "ngram": frozenset({AnswerFault.LOOP}),
        "rotate": frozenset({AnswerFault.SIDEWAYS}),
        "resolution": frozenset(
            {
                AnswerFault.LOOP,
                AnswerFault.PICTURE_ONLY,
                AnswerFault.TABLE_WITHOUT_BODY,
                AnswerFault.LITTLE_TEXT,
                AnswerFault.BOXES_OUT_OF_RANGE,
            }
        ),
        "free": frozenset(
            {
                AnswerFault.LOOP,
                AnswerFault.PICTURE_ONLY,
                AnswerFault.EMPTY,
                AnswerFault.LITTLE_TEXT,
            }
        ),
        "halves": frozenset(
            {
                AnswerFault.LOOP,
                AnswerFault.TRUNCATED,
                AnswerFault.EMPTY,
                AnswerFault.TABLE_WITHOUT_BODY,
                AnswerFault.LITTLE_TEXT,
            }
        ),
        "text_layer": frozenset(
            {
                AnswerFault.LOOP,
                AnswerFault.TRUNCATED,
                AnswerFault.PICTURE_ONLY,
                AnswerFault.EMPTY,
                AnswerFault.TABLE_WITHOUT_BODY,
                AnswerFault.LITTLE_TEXT,
                AnswerFault.SIDEWAYS,
            }
        ),
    }
)
"""Rung -> the faults that it mends.

None mends `stripped_tags`: that is a server to be started otherwise, on every page, and to read around it would hide
it. `free` does not mend a table without body, since it gives up the boxes of the whole page."""

_UPRIGHT_ONLY: Final = frozenset({"ngram", "resolution", "free", "halves"})
"""Rungs that look at the page as it lies: of no use where it lies on its side, which is then the cause of the rest."""

_TASKS: Final = frozenset({Task.DOCUMENT, Task.OCR, Task.FREE})


def mends(rung: RepairRung, faults: AbstractSet[AnswerFault]) -> bool:
    """Return whether a rung may mend a page whose answer has these faults."""
    if AnswerFault.SIDEWAYS in faults and rung in _UPRIGHT_ONLY:
        return False
    return not MENDED[rung].isdisjoint(faults)


def ladder_of(settings: Settings) -> tuple[RepairRung, ...]:
    """Return the rungs that may be tried under these settings, in order.

    Repairs are for tasks that ask what a page says: document, ocr and free. With a prompt of the user's own it is
    `trim` alone: what the words ask for is not known, so nobody can tell whether another question answers them.
    """
    chosen = settings.repair
    if settings.task not in _TASKS or chosen is False:
        return ()
    ladder = DEFAULT_LADDER if chosen is True else tuple(chosen)
    if settings.prompt is not None:
        return tuple(rung for rung in ladder if rung == "trim")
    return ladder
