"""`dsocr locate`: where words stand on a page, as the model sees it."""

from __future__ import annotations

import json

import click

from dsocr_loaders.cli.exits import ExitStatus
from dsocr_loaders.cli.options import READ_SETTINGS, setting_options, settings_from

__all__ = ["locate"]

_NOT_ASKED = {
    *("task", "prompt", "pages", "structure", "prefer_text_layer"),
    *("repair", "max_repair_reads", "read_figures", "save_images"),
}


@click.command()
@click.argument("source", metavar="FILE")
@click.argument("words", metavar="WORDS")
@click.option("--page", type=int, metavar="N", help="The page to look at, from 1; -1 is the last.")
@click.option("--pages", metavar="PAGES", help='Several pages, such as "2-4"; all by default.')
@setting_options(name for name in READ_SETTINGS if name not in _NOT_ASKED)
def locate(source: str, words: str, page: int | None, pages: str | None, **options: object) -> ExitStatus:
    """Print where WORDS stand in FILE, as the model sees it: one line of JSON for each page that has them.

    Boxes are in fractions of the page, origin top left. Every page is asked about once.
    """
    from dsocr_loaders.reader import Reader  # noqa: PLC0415 - `dsocr --help` needs none of it

    with Reader.from_settings(settings_from(options)) as reader:
        found = reader.locate(words, source, page=page, pages=pages)
    for each in found:
        boxes = [[box.x0, box.y0, box.x1, box.y1] for box in each.boxes]
        line = {"source": each.source.name, "page_number": each.page_number, "words": each.words, "boxes": boxes}
        click.echo(json.dumps(line, ensure_ascii=False).encode())
    if not found:
        click.echo(f"{source}: the model does not see {words!r} there.", err=True)
    return ExitStatus.OK
