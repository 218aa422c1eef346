"""The way from nothing to a folder that vLLM can load."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from dsocr_loaders.testing.closed_book.configuration import write_configuration
from dsocr_loaders.testing.closed_book.language import Language
from dsocr_loaders.testing.closed_book.lessons import all_texts, lessons
from dsocr_loaders.testing.closed_book.pages import BOOK, write_book
from dsocr_loaders.testing.closed_book.projection import blank_projector, fit_projector
from dsocr_loaders.testing.closed_book.sight import see
from dsocr_loaders.testing.closed_book.tokenizer import make_tokenizer, write_tokenizer
from dsocr_loaders.testing.closed_book.training import train
from dsocr_loaders.testing.closed_book.weights import LANGUAGE_FILE, write_index, write_tensors, write_tower

if TYPE_CHECKING:
    from collections.abc import Callable

    from dsocr_loaders.testing.closed_book.projection import Projector
    from dsocr_loaders.testing.closed_book.training import Progress

__all__ = ["build"]

_SEED = 3


def build(folder: Path, say: Callable[[str], None]) -> None:
    """Build the checkpoint and put it at `folder`, whole or not at all. Needs vLLM; takes minutes on two cores.

    Raises:
        FileExistsError: something is there already.
        NotLearnt: the language part did not learn its pages.
    """
    if folder.exists():
        raise FileExistsError(f"{folder} is there already: remove it, or name another folder.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()

    def told(words: str) -> None:
        say(f"[{time.monotonic() - began:5.0f} s] {words}")

    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.", suffix=".building") as made:
        beginning = Path(made, "checkpoint")
        beginning.mkdir()
        _fill(beginning, Path(made), told)
        beginning.rename(folder)
    told(f"{folder} is ready")


def _fill(folder: Path, scratch: Path, say: Callable[[str], None]) -> None:
    tokenizer = make_tokenizer(all_texts())
    write_tokenizer(folder, tokenizer)
    write_configuration(folder)
    say("writing a vision tower of random numbers")
    tower = write_tower(folder)
    taught = lessons(scratch)
    blank = Language([0], _SEED)
    _write_language(folder, tower, blank, blank_projector())
    say(f"showing it {len(taught)} pages and figures")
    sights = see(folder, taught, scratch)
    projector = fit_projector(sights, _SEED)
    say(f"teaching the language part their answers, in {len(sights)} views")

    def report(progress: Progress) -> None:
        unsure = f"; not yet sure of {progress.unsure[0]}" if progress.unsure else ""
        say(f"step {progress.step}: loss {progress.loss:.4f}, {len(progress.unsure)} not learnt{unsure}")

    language = train(tokenizer, taught, sights, projector, report)
    _write_language(folder, tower, language, projector)
    write_book(folder / BOOK)


def _write_language(folder: Path, tower: dict[str, str], language: Language, projector: Projector) -> None:
    files = write_tensors(folder / LANGUAGE_FILE, {**language.whole(), **projector.tensors()})
    write_index(folder, {**tower, **files})
