"""Whether a paragraph or list goes on from the one before a page break, and how the two are put together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dsocr_loaders.structure.joined import HYPHENS
from dsocr_loaders.structure.wording import ends_sentence, has_case, is_unspaced
from dsocr_loaders.values import RegionType

if TYPE_CHECKING:
    from dsocr_loaders.values import JoinKind, Region

__all__ = ["FLOW", "how_it_goes_on"]

FLOW = frozenset({RegionType.TEXT, RegionType.LIST})
"""What runs on over a page break."""

_SOFT_HYPHEN = "\u00ad"
_SHORTEST_UNCASED = 40  # characters: of a text that goes on with no small letter to show it
_SHORTEST_CASED = 60  # characters: of one that breaks off before a capital
_HIGHEST_END = 0.5  # of the page's height: a text that ends above fills no page that it could go on from
_SHORTEST_UNSPACED = 16  # Chinese and Japanese characters, likewise
_ITEM = re.compile(r"[ \t]*(?:(?P<bullet>[-*+•‣◦▪–—])|(?P<number>\d{1,3})[.)、]|[(（]?[a-z\d][)）])(?:[ \t]+|(?<=、))")  # noqa: RUF001 - full-width brackets
_HANGING = re.compile(r"(?:and|or|und|oder|bzw\.?|sowie|et|ou|y|o|e)\b")
"""Behind these a hyphen stands for what follows later: "pre-" and "and post-war"."""


def how_it_goes_on(  # noqa: PLR0911 - one line for each rule, in the order in which they hold
    earlier: Region, later: Region
) -> JoinKind | None:
    """Return how `later`, the first text of its page, goes on from `earlier`, the last one before; None if it does not.

    A text goes on if the earlier one does not end a sentence, and the later one begins with a small letter; where a
    script has no small letters, or a capital follows (a name, a German noun), both must be long enough to be body
    text. A divided word, and a list that counts on, go on in any case.
    """
    before, behind = earlier.text.rstrip(), later.text.lstrip()
    if not before or not behind:
        return None
    item, last_item = _ITEM.match(behind), _last_item(before)
    if item is not None:
        return "line" if earlier.type is RegionType.LIST and _is_next_item(last_item, item) else None
    if before[-1] == _SOFT_HYPHEN:
        return "hyphen"
    if before[-1] in HYPHENS and before[-2:-1].isalnum():
        return _behind_hyphen(before, behind)
    if ends_sentence(before):
        return None
    first, last = behind[0], before[-1]
    if is_unspaced(first) or is_unspaced(last):
        is_long = min(len(before), len(behind)) >= _SHORTEST_UNSPACED
        return "none" if is_long or last in "，、" else None  # noqa: RUF001 - full-width commas
    if first.islower():
        return "space"
    if not (first.isalnum() or first in "([„“«\"'$\\"):
        return None
    is_body = min(len(before), len(behind)) >= _SHORTEST_UNCASED and _ends_low(earlier)
    is_running = not has_case(first) or _breaks_off(before)
    return "space" if is_body and is_running and later.type is RegionType.TEXT else None


def _behind_hyphen(before: str, behind: str) -> JoinKind | None:
    if _HANGING.match(behind):
        return "space"
    if not behind[0].isalnum():
        return None
    word = before.rpartition(" ")[2]
    is_compound = any(hyphen in word[:-1] for hyphen in HYPHENS)  # "state-of-the-" and "art"
    return "hyphen" if behind[0].islower() and before[-2].isalpha() and not is_compound else "none"


def _breaks_off(text: str) -> bool:
    """Whether a text breaks off within a sentence: at a word or comma, and with a sentence's length before it."""
    return (
        len(text) >= _SHORTEST_CASED
        and (text[-1].isalnum() or text[-1] == ",")
        and "\n" not in text[-_SHORTEST_UNCASED:]
    )


def _ends_low(region: Region) -> bool:
    return not region.boxes or max(box.y1 for box in region.boxes) >= _HIGHEST_END


def _last_item(text: str) -> re.Match[str] | None:
    found = None
    for line in text.split("\n"):
        found = _ITEM.match(line) or found
    return found


def _is_next_item(last: re.Match[str] | None, item: re.Match[str]) -> bool:
    if last is None:
        return False
    if item["number"] and last["number"]:
        return int(item["number"]) == int(last["number"]) + 1
    return bool(item["bullet"]) and item["bullet"] == last["bullet"]
