from __future__ import annotations

import pytest

from dsocr_loaders.errors import ENGINE_FAULTS, engine_error
from dsocr_loaders.pipeline.retries import MOST_UNREACHED, LostContact, may_try_again, most_attempts, retry_delay_s


def tries(cause):
    attempt = 1
    while may_try_again(engine_error(cause, "x"), attempt):
        attempt += 1
    return attempt


@pytest.mark.parametrize(
    ("attempt", "retry_after_s", "least", "most"),
    [
        (1, None, 0.25, 0.5),
        (2, None, 0.5, 1.0),
        (50, None, 7.5, 15.0),
        (1, 7.0, 7.0, 7.7),
        (1, 3600.0, 60.0, 66.0),
        (1, -1.0, 0.0, 0.0),
    ],
)
def test_waits_as_asked_or_longer_each_time(attempt, retry_after_s, least, most):
    """This test ensures that a server's wish is kept up to a minute, that else waits double, and that all differ."""
    delays = {retry_delay_s(attempt, retry_after_s) for _ in range(200)}

    assert least <= min(delays)
    assert max(delays) <= most
    assert (len(delays) == 1) is (most == 0.0)


def test_what_cannot_pass_is_not_tried_again():
    """This test ensures that every fault which is no passing one ends at the first try, 400 and 401 above all."""
    lasting = {cause for cause, fault in ENGINE_FAULTS.items() if not fault.retryable}

    assert {"bad_request", "unauthorized"} <= lasting
    assert {1} == {tries(cause) for cause in lasting}


def test_what_says_nothing_about_the_page_is_tried_longer():
    """This test ensures that a busy or restarting server costs no page that a fault of its own would not cost."""
    expected = {"busy": 8, "throttled": 20, "connect": 6, "first_contact": 3, "timeout": 3, "cut": 3, "server_fault": 3}

    assert expected == {cause: tries(cause) for cause, fault in ENGINE_FAULTS.items() if fault.retryable}
    assert expected["busy"] == most_attempts("busy")


def test_contact_is_lost_with_pages_in_a_row():
    """This test ensures that a page that was answered, or failed in another way, starts the count anew."""
    contact, lost = LostContact(), engine_error("connect", "x")

    first = [contact.page_failed(lost) for _ in range(MOST_UNREACHED - 1)]
    contact.page_answered()
    second = [contact.page_failed(lost) for _ in range(MOST_UNREACHED - 1)]
    other = contact.page_failed(engine_error("bad_request", "x"))
    third = [contact.page_failed(lost) for _ in range(MOST_UNREACHED)]

    assert [False] * (MOST_UNREACHED - 1) == first == second
    assert other is False
    assert [*first, True] == third
