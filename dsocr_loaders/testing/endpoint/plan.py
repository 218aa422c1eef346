"""What a simulated endpoint is told: its speed, its model, its limits and what it does wrong."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - pydantic looks at it while running
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from pydantic import TypeAdapter

from dsocr_loaders.testing.endpoint.answers import TokenCounts
from dsocr_loaders.testing.endpoint.batching import StepTime

__all__ = ["EndpointFault", "EndpointPlan", "FaultPlan", "HostedLimits", "Outage"]


class EndpointFault(StrEnum):
    """What happens to one request instead of the right answer.

    * `busy`: 503 at once; `busy_retry_after`: the same with a Retry-After header;
    * `server_fault`: 500 at once;
    * `reset`: the connection is closed at once, without a word;
    * `silence`: the answer is worked out, which takes its time and its slot, and never sent;
    * `cut`: the answer is worked out, and the connection closed in the middle of it;
    * `loop`: the model repeats itself up to the token limit, finish reason `length`;
    * `truncation`: the answer stops half way, finish reason `length`.
    """

    BUSY = "busy"
    BUSY_RETRY_AFTER = "busy_retry_after"
    SERVER_FAULT = "server_fault"
    RESET = "reset"
    SILENCE = "silence"
    CUT = "cut"
    LOOP = "loop"
    TRUNCATION = "truncation"


@dataclass(frozen=True, slots=True)
class Outage:
    """A death and a return: connections break, what ran is lost, nobody listens for a while, then again.

    Attributes:
        after_requests: it happens when that many chat completions have arrived.
        lasts_s: how long nobody listens; connecting is refused meanwhile.
    """

    after_requests: int
    lasts_s: float


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """Which requests go wrong, and when the whole server does.

    Attributes:
        shares: share of the pages for each fault, drawn by the page's content and attempt, so that every client gets
            the same ones.
        numbers: the fault of single requests, by their number from 1 in the order of arrival; goes before `shares`.
        faulty_attempts: `shares` hit the first that many requests for the same page; None: any of them.
        retry_after_s: what `busy_retry_after` and a 429 ask for.
        outages: in the order in which they happen.
        starts_after_s: the server listens that long after it was started.
        seed: another one hits other pages.
    """

    shares: Mapping[EndpointFault, float] = field(default_factory=dict)
    numbers: Mapping[int, EndpointFault] = field(default_factory=dict)
    faulty_attempts: int | None = 1
    retry_after_s: float = 1.0
    outages: tuple[Outage, ...] = ()
    starts_after_s: float = 0.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class HostedLimits:
    """The limits of a hosted interface, whose `/metrics` nobody may read. A request over one gets a 429.

    Attributes:
        most_in_flight: requests at the same time; None: any number.
        requests_per_s: over one second on average; None: any number.
        tells_retry_after: whether a 429 says how long to wait.
    """

    most_in_flight: int | None = None
    requests_per_s: float | None = None
    tells_retry_after: bool = False


@dataclass(frozen=True, slots=True)
class EndpointPlan:
    """Everything a simulated endpoint is told. It travels to its process as JSON.

    Attributes:
        slots: requests that run at the same time; more wait.
        step: how long a step of the running ones takes; its `scale` is the factor for all of them.
        tokens: how long answers are.
        counts_by: `content`: the same picture always gets the same answer; `sequence`: by number of arrival.
        models: names in `/v1/models`.
        max_model_len: context in tokens. The default leaves room for an answer of 8,192 tokens beside its image; with
            8192, the real model's, such an answer ends where the context does, finish reason `length`.
        hosted: limits of a hosted interface, or None for a server of one's own.
        faults: what goes wrong.
        idle_connection_s: an idle connection is closed after that long, as vLLM's server does.
        largest_request_bytes: a larger body is refused with 413.
        port: where it listens on 127.0.0.1; 0: any free one.

    Raises:
        ValueError: a value is out of its range.
    """

    slots: int = 64
    step: StepTime = field(default_factory=StepTime)
    tokens: TokenCounts = field(default_factory=TokenCounts)
    counts_by: Literal["content", "sequence"] = "content"
    models: tuple[str, ...] = ("deepseek-ai/DeepSeek-OCR",)
    max_model_len: int | None = 16_384
    hosted: HostedLimits | None = None
    faults: FaultPlan = field(default_factory=FaultPlan)
    idle_connection_s: float = 5.0
    largest_request_bytes: int = 50_000_000
    port: int = 0

    def __post_init__(self) -> None:
        if self.slots < 1:
            raise ValueError(f"slots={self.slots} is not allowed; allowed: a whole number from 1")
        if self.step.scale <= 0:
            raise ValueError(f"scale={self.step.scale} is not allowed; allowed: a number above 0")
        if sum(self.faults.shares.values()) > 1:
            raise ValueError("the shares of the faults are more than 1 together")

    def to_json(self) -> str:
        """Return the plan as one line of JSON, which `from_json` reads."""
        return _PLAN.dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str) -> EndpointPlan:
        """Return the plan that `to_json` wrote; a field that is left out has its default.

        Raises:
            ValueError: it is none.
        """
        return _PLAN.validate_json(text)


_PLAN = TypeAdapter(EndpointPlan)
