"""The exit statuses, which scripts may rely on."""

from __future__ import annotations

from enum import IntEnum

from dsocr_loaders.errors import DsocrError, EngineError, MissingDependency, SettingsError

__all__ = ["ExitStatus", "status_of"]


class ExitStatus(IntEnum):
    """How a command ended.

    * `OK` (0): everything was read and written;
    * `USAGE` (2): the command line is not usable;
    * `SOME_FAILED` (3): some pages or files failed, or the journal in the middle; the others are written;
    * `NO_ENGINE` (4): there is no engine, or it died;
    * `NOTHING_READ` (5): nothing could be read;
    * `INTERRUPTED` (130): Ctrl-C; files that were finished before are written.
    """

    OK = 0
    USAGE = 2
    SOME_FAILED = 3
    NO_ENGINE = 4
    NOTHING_READ = 5
    INTERRUPTED = 130


def status_of(error: DsocrError) -> ExitStatus:
    """Return the status of a command that this error ended."""
    if isinstance(error, SettingsError):
        return ExitStatus.USAGE
    if isinstance(error, EngineError | MissingDependency):
        return ExitStatus.NO_ENGINE
    return ExitStatus.NOTHING_READ
