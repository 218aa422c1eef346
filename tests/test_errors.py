from __future__ import annotations

import inspect
import pickle
import re

import pytest

from dsocr_loaders import errors
from dsocr_loaders.errors import (
    ENGINE_FAULTS,
    HTTP_CAUSES,
    DsocrError,
    EngineDead,
    EngineError,
    EngineRejected,
    EngineUnavailable,
    MissingDependency,
    PagesFailed,
    SettingsError,
    cause_of_status,
    engine_error,
)
from dsocr_loaders.values import PageError, PageResult, PageStatus, Source, SourceFailure, TextSource

ERROR_CLASSES = tuple(
    value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, DsocrError) and value.__module__ == errors.__name__
)
YES_OR_NO = {"yes": True, "no": False}


def documented_rows() -> dict[str, tuple[tuple[int, ...], str, bool, bool]]:
    """Return cause -> (statuses, class, retryable, stops the run) as the module's docstring says it."""
    rows = {}
    for line in inspect.getdoc(errors).splitlines():
        if line.startswith("| `"):
            cause, statuses, name, retryable, stops_run = (cell.strip() for cell in line.strip("|").split("|"))
            numbers = tuple(int(number) for number in statuses.split(",")) if statuses else ()
            rows[cause.strip("`")] = (numbers, name, YES_OR_NO[retryable], YES_OR_NO[stops_run])
    return rows


def documented_parents() -> dict[str, set[str]]:
    """Return class -> names of its bases as the tree in the module's docstring draws them."""
    tree = inspect.getdoc(errors).split("```")[1].strip("\n")
    parents: dict[str, set[str]] = {}
    path: list[str] = []
    for line in tree.splitlines():
        drawn = re.match(r"((?:│   |├── |└── |    )*)(\w+)", line)
        depth, name = len(drawn[1]) // 4, drawn[2]
        path[depth:] = [name]
        parents[name] = {path[depth - 1]} if depth else {"Exception"}
        parents[name].update(re.findall(r"also an? (\w+)", line))
    return parents


def page_result(page_number: int, *, status: PageStatus = PageStatus.FAILED, name: str = "report.pdf") -> PageResult:
    is_failed = status is PageStatus.FAILED
    return PageResult(
        source=Source(name, f"/in/{name}", "0" * 64, "application/pdf", 9, f"/in/{name}"),
        page_number=page_number,
        status=status,
        regions=(),
        answer=None,
        attempts=1,
        repairs=(),
        error=PageError("EngineRejected", "too_large", f"reason {page_number}") if is_failed else None,
        width=595.0,
        height=842.0,
        unit="pt",
        label=str(page_number),
        text_source=TextSource.OCR,
        total_pages=40,
    )


def test_every_row_of_the_documented_table_is_a_fault():
    """This test ensures that the table that users read and the one the code follows are the same."""
    expected = {
        cause: (fault.error.__name__, fault.retryable, fault.stops_run) for cause, fault in ENGINE_FAULTS.items()
    }

    assert expected == {cause: row[1:] for cause, row in documented_rows().items()}
    assert list(ENGINE_FAULTS) == list(documented_rows())


def test_documented_statuses_are_the_ones_in_force():
    """This test ensures that every HTTP status of the table leads to its row's cause, and no other status does."""
    documented = {status: cause for cause, row in documented_rows().items() for status in row[0]}

    assert documented == dict(HTTP_CAUSES)


def test_documented_tree_is_the_real_one():
    """This test ensures that each class has exactly the bases that the tree draws, and that no class is left out."""
    real = {cls.__name__: {base.__name__ for base in cls.__bases__} for cls in ERROR_CLASSES}

    assert documented_parents() == real


def test_every_error_class_is_public():
    """This test ensures that each class of the tree is in `__all__`."""
    assert {cls.__name__ for cls in ERROR_CLASSES} <= set(errors.__all__)


@pytest.mark.parametrize("status", [402, 406, 409, 410, 418, 451, 499])
def test_unnamed_client_status_is_a_bad_request(status):
    """This test ensures that a status below 500 that the table leaves out counts as a bad request."""
    assert cause_of_status(status) == "bad_request"


@pytest.mark.parametrize("status", [501, 505, 507, 520, 599])
def test_unnamed_server_status_is_a_server_fault(status):
    """This test ensures that a status from 500 on that the table leaves out counts as the server's fault."""
    assert cause_of_status(status) == "server_fault"


@pytest.mark.parametrize("cause", ENGINE_FAULTS)
def test_engine_error_follows_its_row(cause):
    """This test ensures that an error made for a cause carries what the table says about it."""
    fault = ENGINE_FAULTS[cause]

    error = engine_error(cause, "what happened", retry_after_s=2.5)

    assert type(error) is fault.error
    assert str(error) == "what happened"
    assert (error.cause, error.retryable, error.stops_run, error.retry_after_s) == (
        cause,
        fault.retryable,
        fault.stops_run,
        2.5,
    )


def test_engine_error_refuses_a_cause_that_is_not_in_the_table():
    """This test ensures that a misspelt cause is found where it is written, not where the error is handled."""
    with pytest.raises(KeyError):
        engine_error("conect", "what happened")


@pytest.mark.parametrize("error", [EngineUnavailable, EngineRejected, EngineDead])
def test_retryable_errors_are_of_one_class(error):
    """This test ensures that only what is unavailable may be tried again."""
    retryable = {fault.retryable for fault in ENGINE_FAULTS.values() if fault.error is error}

    assert (True in retryable) == (error is EngineUnavailable)


@pytest.mark.parametrize("cls", ERROR_CLASSES, ids=lambda cls: cls.__name__)
def test_every_error_survives_pickling(cls):
    """This test ensures that message and attributes reach another process."""
    if issubclass(cls, EngineError):
        error = cls("what happened", cause="busy", retryable=True, stops_run=True, retry_after_s=1.5)
    elif cls is PagesFailed:
        error = cls([page_result(2)], [SourceFailure("gone.pdf", "SourceNotFound", "no such file")])
    else:
        error = cls("what happened")

    copied = pickle.loads(pickle.dumps(error))  # noqa: S301 - bytes made one call earlier

    assert type(copied) is cls
    assert str(copied) == str(error)
    assert vars(copied) == vars(error)


def test_raised_pages_failed_keeps_a_message_of_its_own_through_pickling():
    """This test ensures that a message which replaces the summary is not lost on the way."""
    copied = pickle.loads(pickle.dumps(PagesFailed([page_result(1)], message="own words")))  # noqa: S301 - made here

    assert str(copied) == "own words"
    assert copied.results == (page_result(1),)


@pytest.mark.parametrize(("error", "builtin"), [(SettingsError, ValueError), (MissingDependency, ImportError)])
def test_errors_that_python_has_a_word_for_are_caught_by_it(error, builtin):
    """This test ensures that code which knows nothing of this package can catch these two."""
    with pytest.raises(builtin, match="what happened"):
        raise error("what happened")


def test_pages_failed_names_file_page_and_reason():
    """This test ensures that the message says which file, which page and why, and leaves out pages that are fine."""
    error = PagesFailed(
        [page_result(1, status=PageStatus.OK), page_result(2), page_result(7, name="other.pdf")],
        [SourceFailure("gone.pdf", "SourceNotFound", "no such file")],
    )

    assert str(error).splitlines()[1:] == [
        "  gone.pdf: no such file",
        "  report.pdf, page 2: reason 2",
        "  other.pdf, page 7: reason 7",
    ]
    assert str(error).startswith("2 page(s) and 1 source(s) could not be read.")
    assert "on_page_error='skip'" in str(error)


@pytest.mark.parametrize(("failed", "shown", "last"), [(10, 10, "page 10"), (11, 11, "1 more"), (35, 11, "25 more")])
def test_pages_failed_shows_ten_at_most(failed, shown, last):
    """This test ensures that a thousand failed pages do not make a message of a thousand lines."""
    lines = str(PagesFailed([page_result(number) for number in range(1, failed + 1)])).splitlines()[1:]

    assert len(lines) == shown
    assert last in lines[-1]


def test_pages_failed_keeps_every_result():
    """This test ensures that what was read before the failure is handed over, failed pages and good ones alike."""
    results = [page_result(1, status=PageStatus.OK), page_result(2)]

    assert PagesFailed(results).results == tuple(results)


@pytest.mark.parametrize(
    ("message", "expected"),
    [("reason", "rep: reason"), ("the report is broken", "rep: the report is broken"), ("rep: reason", "rep: reason")],
)
def test_a_source_is_named_once(message, expected):
    """This test ensures that a name which is part of another word does not count as named."""
    assert str(PagesFailed(sources=[SourceFailure("rep", "SourceDamaged", message)])).endswith(f"\n  {expected}")
