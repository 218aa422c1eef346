"""The simulated server itself: takes requests, lets them run through the batch, answers or fails as it was told."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsocr_loaders.testing.endpoint.answers import answer_text, looping_text
from dsocr_loaders.testing.endpoint.batching import ContinuousBatch
from dsocr_loaders.testing.endpoint.documents import Gauges, completion_body, error_body, metrics_body, models_body
from dsocr_loaders.testing.endpoint.faulting import AT_ONCE, Allowance, fault_of
from dsocr_loaders.testing.endpoint.listening import Listening
from dsocr_loaders.testing.endpoint.memory import EndpointMemory
from dsocr_loaders.testing.endpoint.plan import EndpointFault
from dsocr_loaders.testing.rules import Refusal, VllmRules

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dsocr_loaders.testing.endpoint.batching import Finished
    from dsocr_loaders.testing.endpoint.plan import EndpointPlan
    from dsocr_loaders.testing.endpoint.report import EndpointReport
    from dsocr_loaders.testing.endpoint.wire import Connection, Exchange
    from dsocr_loaders.testing.rules import AskedPage

__all__ = ["EndpointService"]


@dataclass(frozen=True, slots=True)
class _Accepted:
    """A request that runs or waits: whose it is, what it asks for and what becomes of it."""

    connection: Connection
    page: AskedPage
    name: str
    tokens: int
    finish_reason: str
    fault: EndpointFault | None


class EndpointService:
    """A simulated endpoint on the running event loop.

    Every answer is due at a time that the batch computes, so a loop that is late answers late and schedules right.

    Args:
        plan: what it is told.
    """

    def __init__(self, plan: EndpointPlan) -> None:
        self._plan = plan
        self._loop = asyncio.get_running_loop()
        self.largest_request_bytes = plan.largest_request_bytes
        self._rules = VllmRules(plan.models, plan.max_model_len)
        self._models = models_body(plan.models, plan.max_model_len)
        self._batch = ContinuousBatch(plan.slots, plan.step, self._loop.time())
        self._accepted: dict[int, _Accepted] = {}
        self._by_connection: dict[Connection, int] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._last_number = 0
        self._finished: Counter[str] = Counter()
        self._prompt_tokens = self._output_tokens = 0
        self._allowance = Allowance(plan.hosted, self._loop.time())
        self._memory = EndpointMemory()
        self._outages = list(plan.faults.outages)
        self._listening = Listening(self, plan.port, plan.idle_connection_s)

    @property
    def port(self) -> int:
        """Where it listens, or will."""
        return self._listening.port

    def start(self) -> None:
        """Begin to listen, at once or as late as the plan says.

        Raises:
            OSError: the port is taken.
        """
        self._listening.reserve()
        self._loop.call_later(self._plan.faults.starts_after_s, self._listening.listen)

    def close(self) -> None:
        """Stop listening and break every connection."""
        if self._timer is not None:
            self._timer.cancel()
        self._listening.close()

    def connected(self, connection: Connection) -> None:
        """Count a connection."""
        self._memory.most_connections = max(self._memory.most_connections, self._listening.joined(connection))

    def left(self, connection: Connection) -> None:
        """Free the slot of a request whose client has gone."""
        self._listening.parted(connection)
        number = self._by_connection.pop(connection, None)
        if number is None:
            return
        now_s = self._loop.time()
        finished, lacking = self._batch.remove(number, now_s)
        accepted = self._accepted.pop(number, None)
        self._memory.note_abandoned(number, lacking, now_s)
        if accepted is not None:
            self._finished["abort"] += 1
        self._answer(finished)

    def asked(self, connection: Connection, exchange: Exchange) -> None:
        """Route a request."""
        route = (exchange.method, exchange.path)
        if route == ("POST", "/v1/chat/completions"):
            self._complete(connection, exchange)
        elif route == ("GET", "/v1/models"):
            self._memory.models_requests += 1
            connection.respond(200, self._models)
        elif route == ("GET", "/metrics") and self._plan.hosted is None:
            self._memory.metrics_requests += 1
            self._answer(self._batch.advance(self._loop.time()))
            kind = "text/plain; version=0.0.4; charset=utf-8"
            connection.respond(200, metrics_body(self._plan.models[0], self._gauges()), content_type=kind)
        elif route == ("GET", "/health"):
            connection.respond(200, b"")
        elif route == ("GET", "/admin/report"):
            connection.respond(200, self.report().to_json())
        elif route == ("POST", "/admin/reset"):
            self._memory = EndpointMemory(slot_seconds_before=self._batch.slot_seconds)
            connection.respond(200, b"{}")
        else:
            connection.respond(404, b'{"detail":"Not Found"}')

    def report(self) -> EndpointReport:
        """Return what was seen since the start or the last reset."""
        self._answer(self._batch.advance(self._loop.time()))
        return self._memory.report(self._plan, self._batch.slot_seconds)

    def _gauges(self) -> Gauges:
        return Gauges(
            running=self._batch.running,
            waiting=self._batch.waiting,
            slots=self._plan.slots,
            prompt_tokens=self._prompt_tokens,
            output_tokens=self._output_tokens,
            finished=self._finished,
        )

    def _complete(self, connection: Connection, exchange: Exchange) -> None:
        now_s = self._loop.time()
        self._memory.note_request(now_s)
        if not self._allowance.takes(now_s, in_flight=len(self._accepted)):
            hosted = self._plan.hosted
            tells = hosted is not None and hosted.tells_retry_after
            self._refuse(connection, 429, "RateLimitError", "Rate limit reached, try again later.", tells=tells)
            return
        try:
            page = self._rules.glance(json.loads(exchange.body))
        except Refusal as refusal:
            self._refuse(connection, refusal.status, refusal.kind, str(refusal))
            return
        except ValueError as error:
            self._refuse(connection, 400, "BadRequestError", f"JSON decode error: {error}")
            return
        name = hashlib.sha256(page.data_url.encode()).hexdigest()
        attempt = self._memory.note_attempt(name)
        fault = fault_of(self._plan.faults, number=self._memory.requests, name=name, attempt=attempt)
        if fault is not None:
            self._memory.faults[fault.value] += 1
        if fault is EndpointFault.RESET:
            self._memory.note_response(None, now_s)
            connection.drop()
        elif fault in AT_ONCE:
            status, kind = AT_ONCE[fault]
            self._refuse(connection, status, kind, "simulated", tells=fault is EndpointFault.BUSY_RETRY_AFTER)
        else:
            self._accept(connection, page, name, fault, now_s)
        self._die_if_planned()

    def _accept(
        self, connection: Connection, page: AskedPage, name: str, fault: EndpointFault | None, now_s: float
    ) -> None:
        tokens = self._plan.tokens.of(name if self._plan.counts_by == "content" else str(self._memory.requests))
        finish_reason = "stop"
        if fault is EndpointFault.LOOP:
            tokens, finish_reason = max(tokens, self._plan.tokens.longest), "length"
        elif fault is EndpointFault.TRUNCATION:
            tokens, finish_reason = max(1, tokens // 2), "length"
        if page.most_tokens is not None and tokens > page.most_tokens:
            tokens, finish_reason = page.most_tokens, "length"
        self._last_number += 1
        number = self._last_number
        self._accepted[number] = _Accepted(connection, page, name, tokens, finish_reason, fault)
        self._by_connection[connection] = number
        self._memory.token_counts[number] = tokens
        self._answer(self._batch.add(number, tokens, now_s))

    def _refuse(self, connection: Connection, status: int, kind: str, message: str, *, tells: bool = False) -> None:
        """Answer with an error, and say when to come again if it `tells`."""
        self._memory.note_response(status, self._loop.time())
        headers = (("retry-after", f"{self._plan.faults.retry_after_s:g}"),) if tells else ()
        connection.respond(status, error_body(status, kind, message), headers=headers)

    def _answer(self, finished: Iterable[Finished]) -> None:
        """Send what is finished, and wait for the next finish."""
        now_s = self._loop.time()
        for done in finished:
            self._answer_one(done.number, now_s)
        self._memory.note_load(now_s, self._batch.running, self._batch.waiting)
        due_s = self._batch.next_finish_s
        if self._timer is not None:
            if self._timer.when() == due_s and not self._timer.cancelled():
                return
            self._timer.cancel()
            self._timer = None
        if due_s is not None:
            self._timer = self._loop.call_at(due_s, self._due)

    def _due(self) -> None:
        self._timer = None
        self._answer(self._batch.advance(self._loop.time()))

    def _answer_one(self, number: int, now_s: float) -> None:
        accepted = self._accepted.pop(number)
        self._prompt_tokens += accepted.page.input_tokens
        self._output_tokens += accepted.tokens
        self._finished[accepted.finish_reason] += 1
        if accepted.fault is EndpointFault.SILENCE:
            return  # the connection stays in `_by_connection` until its client gives up
        self._by_connection.pop(accepted.connection, None)
        speak = looping_text if accepted.fault is EndpointFault.LOOP else answer_text
        body = completion_body(
            number,
            self._plan.models[0],
            speak(accepted.name, accepted.tokens),
            finish_reason=accepted.finish_reason,
            input_tokens=accepted.page.input_tokens,
            output_tokens=accepted.tokens,
        )
        is_cut = accepted.fault is EndpointFault.CUT
        self._memory.note_response(None if is_cut else 200, now_s)
        if not is_cut:
            self._memory.answered_tokens += accepted.tokens
        accepted.connection.respond(200, body, cut_after_bytes=len(body) // 2 if is_cut else None)

    def _die_if_planned(self) -> None:
        if self._outages and self._memory.requests >= self._outages[0].after_requests:
            self._listening.die(self._outages.pop(0).lasts_s)
