"""What can go wrong, as one tree.

```
DsocrError
├── SettingsError        a setting has a value that is not allowed (also a ValueError)
├── SourceError          a source, or one page of it, cannot be read
│   ├── SourceNotFound       no such file or folder, or nothing in it
│   ├── SourceUnsupported    the bytes are no PDF and no image that can be read
│   ├── SourceDamaged        the format is right, the content is broken
│   ├── PasswordRequired     encrypted, and the password is missing or wrong
│   └── LimitExceeded        larger than a named limit allows
├── EngineError          a page could not be read by the engine
│   ├── EngineUnavailable    not reachable or too busy now
│   ├── EngineRejected       reachable, and it refuses this request
│   └── EngineDead           it can serve nobody any more
├── OutputError          a document cannot be written or read back
├── JournalError         the journal cannot be used; ends a run, and what was handed over is in it
├── PagesFailed          a run is over and some of its pages or sources failed; carries them
└── MissingDependency    an optional package is not installed (also an ImportError)
```

A page's failure is a value (`dsocr_loaders.values.PageError`), only a run's failure is raised. A message says
what happened, names the file and the page, and says what to do.

Engine errors follow one table. *Retryable*: the same request may work a little later. *Stops the run*: no other
page would fare better once the retries are used up.

| cause | HTTP status | class | retryable | stops the run |
| --- | --- | --- | --- | --- |
| `connect` | | EngineUnavailable | yes | no |
| `first_contact` | | EngineUnavailable | yes | yes |
| `timeout` | 408 | EngineUnavailable | yes | no |
| `cut` | | EngineUnavailable | yes | no |
| `busy` | 503 | EngineUnavailable | yes | no |
| `throttled` | 429 | EngineUnavailable | yes | no |
| `server_fault` | 500, 502, 504 | EngineUnavailable | yes | no |
| `no_engine` | | EngineUnavailable | no | yes |
| `needs_ocr` | | EngineUnavailable | no | no |
| `no_answer` | | EngineRejected | no | no |
| `bad_request` | 400, 422 | EngineRejected | no | no |
| `too_large` | 413 | EngineRejected | no | no |
| `not_understood` | | EngineRejected | no | no |
| `unauthorized` | 401, 403 | EngineRejected | no | yes |
| `not_found` | 404, 405 | EngineRejected | no | yes |
| `wrong_server` | | EngineRejected | no | yes |
| `died` | | EngineDead | no | yes |

Three pages in a row that fail with `connect` stop the run too: the engine is gone.

A status that the table does not name counts as `bad_request` below 500 and as `server_fault` from 500 on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dsocr_loaders.values import PageResult, SourceFailure

__all__ = [
    "ENGINE_FAULTS",
    "HTTP_CAUSES",
    "DsocrError",
    "EngineDead",
    "EngineError",
    "EngineFault",
    "EngineRejected",
    "EngineUnavailable",
    "JournalError",
    "LimitExceeded",
    "MissingDependency",
    "OutputError",
    "PagesFailed",
    "PasswordRequired",
    "SettingsError",
    "SourceDamaged",
    "SourceError",
    "SourceNotFound",
    "SourceUnsupported",
    "cause_of_status",
    "engine_error",
    "placed",
]


class DsocrError(Exception):
    """Everything that this package raises on purpose."""


class SettingsError(DsocrError, ValueError):
    """A setting has a value that is not allowed; the message names the field, the value and what is allowed."""


class SourceError(DsocrError):
    """A source, or one page of it, cannot be read. Other sources and pages are not affected."""


class SourceNotFound(SourceError):
    """There is no such file or folder, or nothing readable in it."""


class SourceUnsupported(SourceError):
    """The content is no PDF and no image that this installation can read."""


class SourceDamaged(SourceError):
    """The format is right, the content is broken."""


class PasswordRequired(SourceError):
    """The source is encrypted and the password is missing or wrong."""


class LimitExceeded(SourceError):
    """The source is larger than a named limit allows; the message names the limit."""


class EngineError(DsocrError):
    """A page could not be read.

    Attributes:
        cause: key of the table in this module's docstring.
        retryable: the same request may work a little later.
        stops_run: no other page would fare better once the retries are used up.
        retry_after_s: seconds that the server asked to wait, or None.
        results: the `PageResult`s of the run that this error ended, where `read`, `load` and `load_data` hand it over.
    """

    results: tuple[PageResult, ...] = ()

    def __init__(
        self,
        message: str,
        *,
        cause: str = "",
        retryable: bool = False,
        stops_run: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.cause = cause
        self.retryable = retryable
        self.stops_run = stops_run
        self.retry_after_s = retry_after_s


class EngineUnavailable(EngineError):
    """The engine is not reachable, not there or too busy now."""


class EngineRejected(EngineError):
    """The engine is reachable and refuses this request, or answers something that is no answer."""


class EngineDead(EngineError):
    """The engine can serve nobody any more."""


class OutputError(DsocrError):
    """A document or a crop cannot be written, or a written document cannot be read back.

    Attributes:
        results: the `PageResult`s of a run that was read to its end but for some crops of figures, where `read`,
            `load` and `load_data` hand it over.
    """

    results: tuple[PageResult, ...] = ()


class JournalError(DsocrError):
    """The journal cannot be opened, read or written. It ends a run: to go on would be to pay for pages and lose them.

    Attributes:
        results: the `PageResult`s of the run that this error ended, where `read`, `load` and `load_data` hand it over.
    """

    results: tuple[PageResult, ...] = ()


class MissingDependency(DsocrError, ImportError):
    """An optional package is not installed; the message says which command installs it."""


class PagesFailed(DsocrError):
    """A run is over, and some of its pages or sources failed.

    Everything that was read is kept: `results` holds it. `read` and `load_data` hand over every page of the run
    that way; the lazy forms have already yielded the good pages and hand over the failed ones alone.

    Attributes:
        results: `PageResult`s in page order.
        sources: `SourceFailure`s, one for each source that could not be read at all.
    """

    def __init__(
        self, results: Sequence[PageResult] = (), sources: Sequence[SourceFailure] = (), message: str = ""
    ) -> None:
        self.results = tuple(results)
        self.sources = tuple(sources)
        super().__init__(message or self._summary())

    def _summary(self) -> str:
        failed = [result for result in self.results if result.status == "failed"]
        lines = [placed(failure.message, failure.name) for failure in self.sources]
        lines += [
            placed(result.error.message if result.error else "", result.source.name, result.page_number)
            for result in failed
        ]
        shown = lines[: self._SHOWN]
        if len(lines) > len(shown):
            shown.append(f"... and {len(lines) - len(shown)} more")
        return (
            f"{len(failed)} page(s) and {len(self.sources)} source(s) could not be read. What was read is in "
            "`.results`; on_page_error='skip' leaves failed pages out instead of raising.\n  "
        ) + "\n  ".join(shown)

    _SHOWN = 10

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.results, self.sources, str(self)))


def placed(message: str, name: str, page_number: int | None = None) -> str:
    """Return `message` so that it names its source, and its page if there is one; nothing is named twice."""
    has_name = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", message) is not None
    if page_number is None:
        return message if has_name else f"{name}: {message}"
    if has_name and re.search(rf"\bpage {page_number}\b", message):
        return message
    return f"{name}, page {page_number}: {message.removeprefix(f'{name}: ')}"


@dataclass(frozen=True, slots=True)
class EngineFault:
    """One row of the table: which class a cause becomes, and what that means for the run."""

    error: type[EngineError]
    retryable: bool
    stops_run: bool


ENGINE_FAULTS: Mapping[str, EngineFault] = MappingProxyType(
    {
        "connect": EngineFault(EngineUnavailable, retryable=True, stops_run=False),
        "first_contact": EngineFault(EngineUnavailable, retryable=True, stops_run=True),
        "timeout": EngineFault(EngineUnavailable, retryable=True, stops_run=False),
        "cut": EngineFault(EngineUnavailable, retryable=True, stops_run=False),
        "busy": EngineFault(EngineUnavailable, retryable=True, stops_run=False),
        "throttled": EngineFault(EngineUnavailable, retryable=True, stops_run=False),
        "server_fault": EngineFault(EngineUnavailable, retryable=True, stops_run=False),
        "no_engine": EngineFault(EngineUnavailable, retryable=False, stops_run=True),
        "needs_ocr": EngineFault(EngineUnavailable, retryable=False, stops_run=False),
        "no_answer": EngineFault(EngineRejected, retryable=False, stops_run=False),
        "bad_request": EngineFault(EngineRejected, retryable=False, stops_run=False),
        "too_large": EngineFault(EngineRejected, retryable=False, stops_run=False),
        "not_understood": EngineFault(EngineRejected, retryable=False, stops_run=False),
        "unauthorized": EngineFault(EngineRejected, retryable=False, stops_run=True),
        "not_found": EngineFault(EngineRejected, retryable=False, stops_run=True),
        "wrong_server": EngineFault(EngineRejected, retryable=False, stops_run=True),
        "died": EngineFault(EngineDead, retryable=False, stops_run=True),
    }
)

HTTP_CAUSES: Mapping[int, str] = MappingProxyType(
    {
        400: "bad_request",
        401: "unauthorized",
        403: "unauthorized",
        404: "not_found",
        405: "not_found",
        408: "timeout",
        413: "too_large",
        422: "bad_request",
        429: "throttled",
        500: "server_fault",
        502: "server_fault",
        503: "busy",
        504: "server_fault",
    }
)

_FIRST_SERVER_FAULT = 500


def cause_of_status(status: int) -> str:
    """Return the cause that an HTTP status stands for; `status` is one that is no success."""
    return HTTP_CAUSES.get(status, "server_fault" if status >= _FIRST_SERVER_FAULT else "bad_request")


def engine_error(cause: str, message: str, *, retry_after_s: float | None = None) -> EngineError:
    """Return the error that the table gives for `cause`, ready to be raised."""
    fault = ENGINE_FAULTS[cause]
    return fault.error(
        message,
        cause=cause,
        retryable=fault.retryable,
        stops_run=fault.stops_run,
        retry_after_s=retry_after_s,
    )
