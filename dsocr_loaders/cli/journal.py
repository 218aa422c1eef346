"""`dsocr journal`: list, prune and export what was answered."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from dsocr_loaders.cli.exits import ExitStatus
from dsocr_loaders.cli.outputs import write_text

__all__ = ["journal"]

_argument = click.argument("journal", required=False, metavar="[JOURNAL]")


@click.group()
def journal() -> None:
    """Look after a journal: the raw answers that make a rerun free.

    JOURNAL is its file, or the folder it lies in (such as the output folder of `convert`); by default the file that
    journal=True uses.
    """


@journal.command("list")
@_argument
def list_(journal: str | None) -> ExitStatus:
    """Say what is in a journal: setups with their answers, and files with their pages."""
    from dsocr_loaders.journal.upkeep import setups, sources  # noqa: PLC0415 - `dsocr --help` needs none of it

    path = _path_of(journal)
    found = setups(path)
    click.echo(f"{path}  {path.stat().st_size / 1e6:.1f} MB")
    for each in found:
        setup = each.setup
        click.echo(f"\nsetup {each.name}: {setup.model} {setup.revision}".rstrip())
        click.echo(f"  engine   {setup.engine}")
        click.echo(f"  asked    task {setup.task}, {setup.resolution}, {setup.image_format}: {setup.prompt!r}")
        lost = f", {each.not_final} without tags and never used" if each.not_final else ""
        click.echo(f"  answers  {each.answers}, {each.output_tokens} tokens, last {_day(each.last_s)}{lost}")
    click.echo("")
    for source in sources(path):
        click.echo(f"{source.sha256[:12]}  {source.pages:6} pages  {_day(source.last_s)}  {source.file_name}")
    return ExitStatus.OK


@journal.command()
@_argument
@click.option("--older-than", type=float, metavar="DAYS", help="Answers that were written longer ago.")
@click.option("--setup", metavar="NAME", help="Answers of this setup; `list` shows the names.")
@click.option("--source", metavar="FILE|SHA256", help="Answers to pages of this file and of no other.")
@click.option("--not-final", is_flag=True, help="Answers whose tags the server has stripped, which are never used.")
@click.option("--all", "is_all", is_flag=True, help="Everything.")
def prune(
    journal: str | None,
    *,
    older_than: float | None,
    setup: str | None,
    source: str | None,
    not_final: bool,
    is_all: bool,
) -> ExitStatus:
    """Remove the answers to which all given options apply; their pages are read again when they are wanted."""
    from dsocr_loaders.journal.upkeep import Selection, prune  # noqa: PLC0415 - `dsocr --help` needs none of it

    selection = Selection(older_than, setup, source, not_final)
    if is_all != (selection == Selection()):
        raise click.UsageError("say what to remove: --older-than, --setup, --source, --not-final, or --all alone")
    pruned = prune(_path_of(journal), selection)
    click.echo(f"removed {pruned.answers} answers and {pruned.pages} pages of the index")
    return ExitStatus.OK


@journal.command()
@_argument
@click.option("-o", "--output", metavar="FILE", help="Where the lines go; standard output by default.")
def export(journal: str | None, output: str | None) -> ExitStatus:
    """Write every answer as a line of JSON, with what it was asked and the pages that it answers."""
    from dsocr_loaders.journal.upkeep import exported  # noqa: PLC0415 - `dsocr --help` needs none of it

    lines = exported(_path_of(journal))
    if output is not None:
        write_text(Path(output), "".join(f"{line}\n" for line in lines))
    else:
        for line in lines:
            click.echo(line.encode())  # JSON is UTF-8, whatever the terminal's own encoding
    return ExitStatus.OK


def _path_of(journal: str | None) -> Path:
    from dsocr_loaders.journal import journal_path  # noqa: PLC0415 - `dsocr --help` needs none of it

    return journal_path(journal)


def _day(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%d %H:%M UTC")
