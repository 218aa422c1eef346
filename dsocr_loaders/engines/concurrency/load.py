"""The load that a server tells in its `/metrics`, in the text format of Prometheus."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

__all__ = ["ServerLoad", "server_load"]

_RUNNING: Final = ("vllm:num_requests_running", "sglang:num_running_reqs")
_WAITING: Final = ("vllm:num_requests_waiting", "sglang:num_queue_reqs")
# One line for each engine of the server. A label's value may hold anything, quotes with a backslash before them.
_SAMPLE: Final = re.compile(
    rb'^(?P<name>%s)(?:\{(?:[^"}\n]|"(?:[^"\\\n]|\\.)*")*\})?[ \t]+(?P<value>[0-9.eE+]+)(?:[ \t]|$)'
    % b"|".join(re.escape(name.encode()) for name in (*_RUNNING, *_WAITING)),
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class ServerLoad:
    """What a server does for all of its clients together.

    Attributes:
        running: requests that get tokens.
        waiting: requests that have been taken in and wait for a slot.
    """

    running: int
    waiting: int


def server_load(metrics: bytes) -> ServerLoad | None:
    """Return the load that a metrics page tells, summed over its engines; None if it tells none."""
    running: list[float] = []
    waiting: list[float] = []
    for sample in _SAMPLE.finditer(metrics):
        try:
            value = float(sample["value"])
        except ValueError:
            return None
        if not math.isfinite(value):
            return None
        (running if sample["name"].decode() in _RUNNING else waiting).append(value)
    if not running or not waiting:
        return None
    return ServerLoad(round(sum(running)), round(sum(waiting)))
