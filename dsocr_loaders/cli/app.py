"""`main`: runs a command and turns whatever ends it into one clear line and an exit status."""

from __future__ import annotations

import io
import logging
import os
import signal
import sys
import threading
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from dsocr_loaders import __version__
from dsocr_loaders.cli.convert import convert
from dsocr_loaders.cli.exits import ExitStatus, status_of
from dsocr_loaders.cli.inspect import chunks, digest, engines, parse
from dsocr_loaders.cli.journal import journal
from dsocr_loaders.cli.locate import locate
from dsocr_loaders.errors import DsocrError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="dsocr")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.option("-v", "--verbose", is_flag=True, help="Say on standard error what is chosen and why.")
def _app(*, debug: bool, verbose: bool) -> None:
    """Read PDFs and page images with DeepSeek-OCR, into chunks that know their page, region type and box.

    Exit statuses: 0 all read, 2 usage, 3 some pages or files failed, 4 no engine or it died, 5 nothing could be
    read, 130 interrupted.
    """
    level = logging.DEBUG if debug else logging.INFO if verbose else logging.WARNING
    click.get_current_context().with_resource(_told_on_standard_error(level))


@contextmanager
def _told_on_standard_error(level: int) -> Iterator[None]:
    """Show what this package logs, and leave logging as it was: a test or a notebook may call `main` too."""
    logger = logging.getLogger("dsocr_loaders")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(level)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


for _command in (convert, locate, parse, chunks, engines, digest, journal):
    _app.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit the process with one of `ExitStatus`.

    Args:
        arguments: without the program's name; `sys.argv` by default.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as standard error: a name it cannot show ends no command
    words = list(sys.argv[1:] if arguments is None else arguments)
    with _terminated_like_interrupted():
        status = _run(words)
    sys.exit(int(status))


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """Let SIGTERM end a command as Ctrl-C does, so that temporary copies are removed; elsewhere it ends at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _run(words: list[str]) -> ExitStatus:
    is_debug = "--debug" in words
    if is_debug:  # wherever it stands
        words = ["--debug", *(word for word in words if word != "--debug")]
    try:
        status = ExitStatus(_app.main(words, prog_name="dsocr", standalone_mode=False) or ExitStatus.OK)
        sys.stdout.flush()  # here, where a reader who has left is noticed in good order
    except click.ClickException as error:
        error.show()
        return ExitStatus.USAGE
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted; what was finished before is kept.", err=True)
        return ExitStatus.INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has left (`dsocr parse x | head`): nobody is there to be told anything.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitStatus.OK
    except DsocrError as error:
        _tell(str(error), is_debug=is_debug)
        return status_of(error)
    except Exception as error:  # noqa: BLE001 - no traceback reaches a user who did not ask for one
        _tell(f"unexpected {type(error).__name__}: {error} (please report it; --debug shows where)", is_debug=is_debug)
        return ExitStatus.NOTHING_READ
    else:
        return status


def _tell(message: str, *, is_debug: bool) -> None:
    if is_debug:
        traceback.print_exc()
    click.echo(f"Error: {message}", err=True)
