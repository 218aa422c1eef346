"""A simulated vLLM endpoint: a real HTTP server with slots, continuous batching and faults, and no model.

`SimulatedEndpoint` runs it in a process of its own, `python -m dsocr_loaders.testing.endpoint` from a shell. What it
takes to answer follows the model of `batching`: with `n` requests running, each gets a token every
`(6 ms + 0.03 ms * n) * scale`. What it answers follows from the picture: the same page gets the same tokens and the
same text from every client, which makes clients comparable side by side.

The way of a request: `wire` (HTTP) → `service` (rules, faults) → `batching` (when it is finished) → `answers` (what
it says) → `documents` (the JSON) → `wire`. `report` tells what was seen.
"""

from __future__ import annotations

from dsocr_loaders.testing.endpoint.answers import TokenCounts
from dsocr_loaders.testing.endpoint.batching import StepTime, list_schedule_s
from dsocr_loaders.testing.endpoint.plan import EndpointFault, EndpointPlan, FaultPlan, HostedLimits, Outage
from dsocr_loaders.testing.endpoint.process import SimulatedEndpoint
from dsocr_loaders.testing.endpoint.report import EndpointReport

__all__ = [
    "EndpointFault",
    "EndpointPlan",
    "EndpointReport",
    "FaultPlan",
    "HostedLimits",
    "Outage",
    "SimulatedEndpoint",
    "StepTime",
    "TokenCounts",
    "list_schedule_s",
]
