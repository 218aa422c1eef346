"""The small commands: look at an answer, chunk again, see which engines there are, name a page."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dsocr_loaders.cli.exits import ExitStatus
from dsocr_loaders.cli.options import CHUNK_SETTINGS, setting_options, settings_from
from dsocr_loaders.cli.outputs import write_text
from dsocr_loaders.errors import DsocrError, SourceNotFound, placed
from dsocr_loaders.geometry import box_to_model
from dsocr_loaders.values import Decoding, RawAnswer, SourceFailure, Task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.values import HealthFinding, ParsedAnswer

__all__ = ["chunks", "digest", "engines", "parse"]


@click.command()
@click.argument("answer", metavar="ANSWER")
@click.option("--task", type=click.Choice([task.value for task in Task]), default="document", show_default=True)
@click.option("--finish-reason", metavar="REASON", help='As the server gave it: "stop" or "length".')
def parse(answer: str, task: str, finish_reason: str | None) -> ExitStatus:
    """Print the regions of a model's answer, and what is wrong with it, as JSON.

    ANSWER is a text file, or - for standard input. Boxes are in fractions of the page; `model_boxes` has them in the
    model's own 0 to 999.
    """
    from dsocr_loaders.grounding import parse_answer  # noqa: PLC0415 - `dsocr --help` needs none of it
    from dsocr_loaders.health import examine  # noqa: PLC0415 - likewise

    text = _text_of(answer)
    parsed = parse_answer(text, task=task, finish_reason=finish_reason)
    said = RawAnswer(text, finish_reason, None, None, model="", engine="")
    health = examine(said, parsed, None, Decoding(), task=Task(task))
    _print_json(
        json.dumps({**_parsed_as_json(parsed), "health": _health_as_json(health)}, ensure_ascii=False, indent=2)
    )
    return ExitStatus.OK


def _health_as_json(health: Sequence[HealthFinding]) -> list[dict[str, object]]:
    return [
        {"fault": finding.fault.value, "span": [finding.start, finding.end], "detail": finding.detail}
        for finding in health
    ]


def _parsed_as_json(parsed: ParsedAnswer) -> dict[str, object]:
    return {
        "dialect": parsed.dialect.value,
        "text_coverage": parsed.text_coverage,
        "regions": [
            {
                "order": region.order,
                "type": region.type.value,
                "label": region.label,
                "level": region.level,
                "caption_of": region.caption_of,
                "boxes": [[box.x0, box.y0, box.x1, box.y1] for box in region.boxes],
                "model_boxes": [list(box_to_model(box)) for box in region.boxes],
                "spans": [[span.start, span.end] for span in region.spans],
                "text": region.text,
            }
            for region in parsed.regions
        ],
        "drops": [{"kind": drop.kind, "span": [drop.span.start, drop.span.end]} for drop in parsed.drops],
        "issues": [
            {"code": issue.code, "span": [issue.span.start, issue.span.end], "message": issue.message}
            for issue in parsed.issues
        ],
    }


@click.command()
@click.argument("documents", nargs=-1, required=True, metavar="DOCUMENT.json...")
@click.option("-o", "--output", metavar="FILE", help="Where the lines go; standard output by default.")
@setting_options(CHUNK_SETTINGS)
def chunks(documents: tuple[str, ...], output: str | None, **options: object) -> ExitStatus:
    """Chunk documents again that `convert` wrote, without reading a page. Prints JSON Lines."""
    from dsocr_loaders.export import chunk_to_json, document_from_json  # noqa: PLC0415 - `dsocr --help` needs it not
    from dsocr_loaders.granularity import cut  # noqa: PLC0415 - likewise

    settings = settings_from(options)
    lines: list[str] = []
    failed = 0
    for path in documents:
        try:
            document = document_from_json(_text_of(path))
        except DsocrError as error:
            failed += 1
            click.echo(f"Error: {placed(str(error), path)}", err=True)
            continue
        lines += [chunk_to_json(chunk) for chunk in cut(document, settings)]
    if output is not None:
        write_text(Path(output), "".join(f"{line}\n" for line in lines))
    else:
        for line in lines:
            _print_json(line)
    return _status(failed, of=len(documents))


@click.command()
@click.argument("endpoints", nargs=-1, metavar="[ENDPOINT]...")
@click.option("--probe", is_flag=True, help="Ask the server at DSOCR_ENDPOINT whether it works.")
@setting_options(("model", "server"))
def engines(endpoints: tuple[str, ...], *, probe: bool, **options: object) -> ExitStatus:
    """Say which engines work on this machine, and for each that does not the one command that would change that.

    Servers whose URL is given are asked.
    """
    from dsocr_loaders.engines import engine_report  # noqa: PLC0415 - `dsocr --help` needs it not

    states = engine_report(settings_from(options), probe=probe, endpoints=endpoints)
    width = max(len(state.engine) for state in states)
    for state in states:
        word = {True: "works", False: "-", None: "?"}[state.works]
        click.echo(f"{state.engine:{width}}  {word:5}  {state.detail}")
        if state.command:
            click.echo(f"{'':{width}}         {state.command}")
    return ExitStatus.OK


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@setting_options(("pages", "dpi", "pdf_backend", "password"))
def digest(sources: tuple[str, ...], **options: object) -> ExitStatus:
    """Print the digest of each page's pixels: what a replay engine knows a page by."""
    from dsocr_loaders.engines.recording import page_digests  # noqa: PLC0415 - `dsocr --help` needs it not
    from dsocr_loaders.runs import source_error  # noqa: PLC0415 - likewise

    failed = named = 0
    for found in page_digests(list(sources), settings_from(options)):
        if isinstance(found, SourceFailure):
            failed += 1
            click.echo(f"Error: {source_error(found)}", err=True)
        else:
            named += 1
            click.echo(f"{found.digest or 'blank':64}  {found.source.name}, page {found.page_number}")
    return _status(failed, of=failed + named)


def _status(failed: int, *, of: int) -> ExitStatus:
    if not failed:
        return ExitStatus.OK
    return ExitStatus.SOME_FAILED if failed < of else ExitStatus.NOTHING_READ


def _print_json(text: str) -> None:
    click.echo(text.encode())  # JSON is UTF-8, whatever the terminal's own encoding


def _text_of(path: str) -> str:
    try:
        content = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise SourceNotFound(f"{path}: cannot be read ({error.strerror or type(error).__name__})") from error
    return content.decode("utf-8", errors="replace")
