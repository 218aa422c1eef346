"""Stand-ins with a memory, for tests of this package and of what is built on it.

`ScriptedEngine` is an engine inside the process, `ScriptedServer` a real HTTP server that enforces vLLM's rules,
`SimulatedEndpoint` one that also takes the time that a model takes. They answer what they are told to, fail where they
are told to, and remember what they were asked.
"""

from __future__ import annotations

from dsocr_loaders.testing.endpoint import (
    EndpointFault,
    EndpointPlan,
    EndpointReport,
    FaultPlan,
    HostedLimits,
    Outage,
    SimulatedEndpoint,
    StepTime,
    TokenCounts,
    list_schedule_s,
)
from dsocr_loaders.testing.engine import Reply, ScriptedEngine, scripted_prepare
from dsocr_loaders.testing.faults import Fault
from dsocr_loaders.testing.rules import VllmRules
from dsocr_loaders.testing.samples import sample_page, sample_request
from dsocr_loaders.testing.server import ScriptedServer, ServedRequest

__all__ = [
    "EndpointFault",
    "EndpointPlan",
    "EndpointReport",
    "Fault",
    "FaultPlan",
    "HostedLimits",
    "Outage",
    "Reply",
    "ScriptedEngine",
    "ScriptedServer",
    "ServedRequest",
    "SimulatedEndpoint",
    "StepTime",
    "TokenCounts",
    "VllmRules",
    "list_schedule_s",
    "sample_page",
    "sample_request",
    "scripted_prepare",
]
