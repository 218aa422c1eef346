"""`python -m dsocr_loaders.testing.closed_book FOLDER`: build the closed-book checkpoint, with vLLM installed."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dsocr_loaders.testing.closed_book.building import build
from dsocr_loaders.testing.closed_book.training import NotLearnt


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("folder", type=click.Path(path_type=Path))
def main(folder: Path) -> None:
    """Build the closed-book checkpoint into FOLDER, which must not be there yet.

    Takes six to ten minutes on two cores and 4 GB of memory, and 0.9 GB of disk.
    """
    try:
        build(folder.absolute(), click.echo)
    except (NotLearnt, FileExistsError) as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
