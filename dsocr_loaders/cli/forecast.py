"""`dsocr convert --dry-run`: which way each page would go."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from dsocr_loaders.cli.exits import ExitStatus
from dsocr_loaders.errors import placed
from dsocr_loaders.values import SourceFailure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.settings import Settings

__all__ = ["tell_ways"]

_WORDS = {"text_layer": "text layer", "model": "model", "blank": "blank", "fails": "fails"}


def tell_ways(sources: Sequence[str], settings: Settings) -> ExitStatus:
    """Print a line for each page, and how many go each way; nothing is read with a model and nothing written.

    Raises:
        EngineError, MissingDependency: there is no engine that the settings name.
    """
    from dsocr_loaders.engines.forecast import forecast_pages  # noqa: PLC0415 - `dsocr --help` needs it not

    ways: Counter[str] = Counter()
    failed_sources = 0
    for item in forecast_pages(list(sources), settings):
        if isinstance(item, SourceFailure):
            failed_sources += 1
            click.echo(f"Error: {placed(item.message, item.name)}", err=True)
            continue
        ways[item.way] += 1
        reason = f": {item.reason}" if item.reason else ""
        click.echo(f"{item.source.name}, page {item.page_number}: {_WORDS[item.way]}{reason}")
    counts = ", ".join(f"{ways[way]} {words}" for way, words in _WORDS.items() if ways[way])
    click.echo(f"pages   {ways.total()}{': ' if counts else ''}{counts}")
    if ways.total() == ways["fails"]:
        return ExitStatus.NOTHING_READ
    return ExitStatus.SOME_FAILED if failed_sources or ways["fails"] else ExitStatus.OK
