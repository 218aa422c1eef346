"""Starting endpoint and client for one measurement."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dsocr_loaders.testing.endpoint import EndpointPlan, FaultPlan, SimulatedEndpoint, StepTime, TokenCounts

if TYPE_CHECKING:
    from dsocr_loaders.testing.endpoint import EndpointReport

__all__ = ["Measured", "client", "measure", "plan_for"]

CLIENT = Path(__file__).parent / "client.py"
MEAN_TOKENS = 1_080


@dataclass(frozen=True)
class Measured:
    """What client and endpoint say of one run."""

    client: dict[str, Any]
    endpoint: EndpointReport

    @property
    def share(self) -> float:
        """Share of what the endpoint could have done with the same requests, all there from the start."""
        return self.endpoint.list_schedule_s / self.client["took_s"]


def plan_for(slots: int, pages_per_s: float, faults: FaultPlan | None = None) -> EndpointPlan:
    """Return an endpoint of that many slots, slowed down or sped up so that it does about so many pages a second.

    Two cores have to do for client, page workers and endpoint together. A page takes them some 25 ms, so a real
    endpoint of 256 slots (17 pages/s) is nearly what they can feed, and one of 16 slots is sped up to be as hard.
    """
    step = StepTime()
    scale = slots / (step.of(slots) * MEAN_TOKENS * pages_per_s)
    return EndpointPlan(slots=slots, step=StepTime(scale=scale), tokens=TokenCounts(), faults=faults or FaultPlan())


def client(endpoint: SimulatedEndpoint, pdf: Path, **asked: object) -> dict[str, Any]:
    """Return what a client in a process of its own says of its run."""
    request = {"pdf": str(pdf), "engine": endpoint.base_url, **asked}
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, str(CLIENT), json.dumps(request)], stdout=subprocess.PIPE, check=True
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def measure(plan: EndpointPlan, pdf: Path, **asked: object) -> Measured:
    """Return what client and a fresh endpoint say of one run."""
    with SimulatedEndpoint(plan) as endpoint:
        said = client(endpoint, pdf, **asked)
        return Measured(said, endpoint.report())
