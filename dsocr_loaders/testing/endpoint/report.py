"""What a simulated endpoint saw: counts, attempts, how full it was, and how well it could have been used."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - pydantic looks at it while running
from dataclasses import dataclass

from pydantic import TypeAdapter

__all__ = ["EndpointReport", "Timeline"]


@dataclass(frozen=True, slots=True)
class EndpointReport:
    """What was seen since the start, or since the last reset. Times in seconds.

    Attributes:
        slots, scale: of the endpoint.
        requests: chat completions that arrived, refused ones included.
        statuses: how many got which HTTP status; `"none"` for those that got no answer.
        faults: how many were hit by which fault.
        attempts: requests for each page, by the sha256 of its picture as it was sent.
        abandoned: requests whose client left before the answer.
        token_counts: of every request that got a slot or waited for one, in the order of arrival; of an abandoned
            one, what it had got by then.
        answered_tokens: of the answers that were sent whole.
        list_schedule_s: how long `token_counts` take if all requests are there from the start and each free slot
            takes the next one: no client can be faster in that order.
        span_s: from the first request to the last answer.
        busy_share: mean share of slots in use over that span.
        most_running, most_waiting, most_connections: the largest numbers at one time.
        timeline: (time since the first request, running, waiting), thinned out evenly when it gets long.
        models_requests, metrics_requests: how often `/v1/models` and `/metrics` were asked for.
        cpu_s: CPU time of the endpoint's process.
    """

    slots: int
    scale: float
    requests: int
    statuses: Mapping[str, int]
    faults: Mapping[str, int]
    attempts: Mapping[str, int]
    abandoned: int
    token_counts: tuple[int, ...]
    answered_tokens: int
    list_schedule_s: float
    span_s: float
    busy_share: float
    most_running: int
    most_waiting: int
    most_connections: int
    timeline: tuple[tuple[float, int, int], ...]
    models_requests: int
    metrics_requests: int
    cpu_s: float

    def to_json(self) -> bytes:
        """Return the report as JSON, which `from_json` reads."""
        return _REPORT.dump_json(self)

    @classmethod
    def from_json(cls, text: bytes | str) -> EndpointReport:
        """Return the report that `to_json` wrote.

        Raises:
            ValueError: it is none.
        """
        return _REPORT.validate_json(text)


_REPORT = TypeAdapter(EndpointReport)


class Timeline:
    """Running and waiting over time, in at most `most_points` points: when they are used up every second one goes."""

    def __init__(self, most_points: int = 20_000) -> None:
        self._most_points = most_points
        self._points: list[tuple[float, int, int]] = []
        self._shortest_s = 0.0

    def note(self, at_s: float, running: int, waiting: int) -> None:
        """Remember the numbers, unless the last point is too close."""
        if self._points and at_s - self._points[-1][0] < self._shortest_s:
            return
        self._points.append((at_s, running, waiting))
        if len(self._points) > self._most_points:
            span_s = self._points[-1][0] - self._points[0][0]
            del self._points[1::2]
            self._shortest_s = 2 * span_s / self._most_points

    @property
    def points(self) -> tuple[tuple[float, int, int], ...]:
        """What was remembered, in order."""
        return tuple(self._points)
