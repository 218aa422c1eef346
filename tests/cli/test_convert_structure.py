"""`dsocr convert` with the options that shape structure: crops of figures, joins over pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dsocr_loaders.testing import ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("warm_page_workers")


def test_saves_crops(dsocr: Callable[..., tuple[int, str, str]], make_pdf: Callable[..., Path], tmp_path: Path) -> None:
    """`--save-images` writes figures, the Markdown shows them, and a folder that cannot be made is one clear line."""
    figure = "<|ref|>image<|/ref|><|det|>[[100, 100, 499, 499]]<|/det|>\n"
    caption = "<|ref|>image_caption<|/ref|><|det|>[[100, 500, 499, 550]]<|/det|>\nFigure 1: It rains\n"
    path = make_pdf("It rains.")
    with ScriptedServer(figure + caption) as server:
        read = ("convert", path, "-o", tmp_path / "out", "--engine", server.base_url, "--save-images")
        status, _, err = dsocr(*read, tmp_path / "crops")
        refused, _, message = dsocr(*read, path / "crops")

    (crop,) = (tmp_path / "crops").iterdir()
    assert (0, "") == (status, err)
    assert f"![Figure 1: It rains]({crop})" in (tmp_path / "out" / "report.md").read_text()
    assert (5, 1) == (refused, message.count("\n"))
    assert f"Error: save_images={path / 'crops'}: the folder cannot be made" in message


def test_joins_pages_unless_told_otherwise(
    dsocr: Callable[..., tuple[int, str, str]], make_pdf: Callable[..., Path], tmp_path: Path
) -> None:
    """A sentence over two pages is one in the Markdown, and two with `--no-join-pages`."""
    path = make_pdf("The sentence goes", "on to its end.")
    shown = []
    for words in ((), ("--no-join-pages",)):
        dsocr("convert", path, "-o", tmp_path, "--engine", "text_layer", *words)
        shown.append((tmp_path / "report.md").read_text())

    assert ["The sentence goes on to its end.\n", "The sentence goes\n\non to its end.\n"] == shown
