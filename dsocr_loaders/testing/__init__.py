"""Stand-ins with a memory, for tests of this package and of what is built on it.

`ScriptedEngine` is an engine inside the process, `ScriptedServer` a real HTTP server that enforces the rules of one
kind of server (`KINDS` has them all), `SimulatedEndpoint` one that also takes the time that a model takes. They answer
what they are told to, fail where they are told to, and remember what they were asked.
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
from dsocr_loaders.testing.servers import (
    GARBLED,
    KINDS,
    DeepSeekOcrRsKind,
    HostedKind,
    LlamaServerKind,
    OllamaKind,
    ServerKind,
    SglangKind,
    VllmKind,
)

__all__ = [
    "GARBLED",
    "KINDS",
    "DeepSeekOcrRsKind",
    "EndpointFault",
    "EndpointPlan",
    "EndpointReport",
    "Fault",
    "FaultPlan",
    "HostedKind",
    "HostedLimits",
    "LlamaServerKind",
    "OllamaKind",
    "Outage",
    "Reply",
    "ScriptedEngine",
    "ScriptedServer",
    "ServedRequest",
    "ServerKind",
    "SglangKind",
    "SimulatedEndpoint",
    "StepTime",
    "TokenCounts",
    "VllmKind",
    "VllmRules",
    "list_schedule_s",
    "sample_page",
    "sample_request",
    "scripted_prepare",
]
