"""Initials over several lines: the letter put before the word that it starts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dsocr_loaders.engines.text_layer.layer import Rectangle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.engines.text_layer.layer import Run

__all__ = ["with_initials_joined"]

_LARGER = 1.8  # times the body's size
_MOST_LETTERS = 2
_REACH = 1.5  # of the body's size: the text beside an initial starts this close
_FEWEST_BESIDE = 2
_MOST_INITIALS = 20  # of a page; more are a poster or a puzzle


def with_initials_joined(runs: Sequence[Run], body_size: float) -> list[Run]:
    """Return the runs, each large initial beside two lines of text or more made part of the first of them.

    The lines beside the initial start where it starts, so that they look like a paragraph's.
    """
    joined = list(runs)
    initials = [
        run
        for run in runs
        if run.size >= _LARGER * body_size and 0 < len(run.text.strip()) <= _MOST_LETTERS and run.text.strip().isalpha()
    ]
    for initial in initials if len(initials) <= _MOST_INITIALS else ():
        beside = sorted((run for run in joined if _is_beside(run, initial, body_size)), key=lambda run: run.baseline)
        if len(beside) < _FEWEST_BESIDE:
            continue
        first = beside[0]
        texts = {id(first): initial.text.strip() + first.text.lstrip()}
        widened = {id(run): _widened(run, initial, texts.get(id(run), run.text)) for run in beside}
        joined = [widened.get(id(run), run) for run in joined if run is not initial]
    return joined


def _is_beside(run: Run, initial: Run, body_size: float) -> bool:
    middle = run.place.centre[1]
    return (
        run.size < initial.size / _LARGER * 1.2
        and 0 <= run.place.x0 - initial.place.x1 + body_size / 2 <= _REACH * body_size
        and initial.place.y0 <= middle <= initial.baseline + body_size / 4
    )


def _widened(run: Run, initial: Run, text: str) -> Run:
    place = run.place
    top = min(place.y0, initial.place.y0) if text is not run.text else place.y0
    return replace(run, text=text, place=Rectangle(initial.place.x0, top, place.x1, place.y1))
