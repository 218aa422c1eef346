"""What a simulated endpoint remembers of a trace until somebody asks for its report."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from dsocr_loaders.testing.endpoint.batching import list_schedule_s
from dsocr_loaders.testing.endpoint.report import EndpointReport, Timeline

if TYPE_CHECKING:
    from dsocr_loaders.testing.endpoint.plan import EndpointPlan

__all__ = ["EndpointMemory"]


class EndpointMemory:
    """The counters of one trace. Times are in the loop's seconds; names are those of `EndpointReport`.

    Args:
        slot_seconds_before: what the batch had counted when the trace began.

    Attributes:
        token_counts: by the number of the request, in the order of arrival.
        first_s, last_s: the first request and the last answer, None before.
    """

    def __init__(self, *, slot_seconds_before: float = 0.0) -> None:
        self.requests = 0
        self.statuses: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.attempts: Counter[str] = Counter()
        self.token_counts: dict[int, int] = {}
        self.abandoned = 0
        self.answered_tokens = 0
        self.models_requests = 0
        self.metrics_requests = 0
        self.most_running = 0
        self.most_waiting = 0
        self.most_connections = 0
        self.first_s: float | None = None
        self.last_s: float | None = None
        self.slot_seconds_before = slot_seconds_before
        self._timeline = Timeline()
        self._cpu_before_s = time.process_time()

    def note_request(self, now_s: float) -> None:
        """Count a chat completion that arrived."""
        self.requests += 1
        if self.first_s is None:
            self.first_s = now_s

    def note_attempt(self, name: str) -> int:
        """Count a request for the page of that name, and return which one it is, from 1."""
        self.attempts[name] += 1
        return self.attempts[name]

    def note_abandoned(self, number: int, lacking: float, now_s: float) -> None:
        """Count a request whose client has left, `lacking` tokens before its end."""
        self.abandoned += 1
        self.note_response(None, now_s)
        if number in self.token_counts:  # else it began before the last reset
            self.token_counts[number] -= round(lacking)

    def note_response(self, status: int | None, now_s: float) -> None:
        """Count an answer, or that there was none."""
        self.statuses["none" if status is None else str(status)] += 1
        self.last_s = now_s

    def note_load(self, now_s: float, running: int, waiting: int) -> None:
        """Remember how many run and wait."""
        self.most_running = max(self.most_running, running)
        self.most_waiting = max(self.most_waiting, waiting)
        if self.first_s is not None:
            self._timeline.note(now_s - self.first_s, running, waiting)

    def report(self, plan: EndpointPlan, slot_seconds: float) -> EndpointReport:
        """Return what was seen; `slot_seconds` is the batch's own count."""
        span_s = self.last_s - self.first_s if self.last_s is not None and self.first_s is not None else 0.0
        counts = tuple(self.token_counts.values())
        return EndpointReport(
            slots=plan.slots,
            scale=plan.step.scale,
            requests=self.requests,
            statuses=dict(self.statuses),
            faults=dict(self.faults),
            attempts=dict(self.attempts),
            abandoned=self.abandoned,
            token_counts=counts,
            answered_tokens=self.answered_tokens,
            list_schedule_s=list_schedule_s(counts, plan.slots, plan.step),
            span_s=span_s,
            busy_share=(slot_seconds - self.slot_seconds_before) / (plan.slots * span_s) if span_s else 0.0,
            most_running=self.most_running,
            most_waiting=self.most_waiting,
            most_connections=self.most_connections,
            timeline=self._timeline.points,
            models_requests=self.models_requests,
            metrics_requests=self.metrics_requests,
            cpu_s=time.process_time() - self._cpu_before_s,
        )
