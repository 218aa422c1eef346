"""The bodies that a vLLM server answers with: models, completions, metrics in Prometheus' text form. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Gauges", "completion_body", "error_body", "metrics_body", "models_body"]


@dataclass(frozen=True, slots=True)
class Gauges:
    """What `/metrics` tells.

    Attributes:
        running, waiting: requests now.
        slots: requests that can run.
        prompt_tokens, output_tokens: of all answers so far.
        finished: answers so far, by finish reason.
    """

    running: int
    waiting: int
    slots: int
    prompt_tokens: int
    output_tokens: int
    finished: Mapping[str, int]


def models_body(models: Sequence[str], max_model_len: int | None) -> bytes:
    """Return the list of models."""
    entries: list[dict[str, object]] = [
        {
            "id": name,
            "object": "model",
            "created": 1_750_000_000,
            "owned_by": "vllm",
            "root": name,
            "parent": None,
            "max_model_len": max_model_len,
            "permission": [],
        }
        for name in models
    ]
    return json.dumps({"object": "list", "data": entries}).encode()


def completion_body(
    number: int, model: str, text: str, *, finish_reason: str, input_tokens: int, output_tokens: int
) -> bytes:
    """Return a chat completion."""
    return json.dumps(
        {
            "id": f"chatcmpl-{number}",
            "object": "chat.completion",
            "created": 1_750_000_000,
            "model": model,
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": text, "reasoning_content": None, "tool_calls": []},
                    "logprobs": None,
                    "finish_reason": finish_reason,
                    "stop_reason": None,
                }
            ],
            "usage": {
                "prompt_tokens": input_tokens,
                "completion_tokens": output_tokens,
                "total_tokens": input_tokens + output_tokens,
            },
        }
    ).encode()


def error_body(status: int, kind: str, message: str) -> bytes:
    """Return vLLM's error body."""
    return json.dumps({"error": {"message": message, "type": kind, "param": None, "code": status}}).encode()


def metrics_body(model: str, gauges: Gauges) -> bytes:
    """Return the part of vLLM's metrics that tells how busy it is, in the text form of Prometheus 0.0.4."""
    labels = f'{{engine="0",model_name="{model}"}}'
    lines: list[str] = []

    def add(name: str, kind: str, words: str, value: float, labelled: str = labels) -> None:
        family = name.removesuffix("_total") if kind == "counter" else name
        if not lines or f"# TYPE vllm:{family} {kind}" not in lines:
            lines.extend((f"# HELP vllm:{family} {words}", f"# TYPE vllm:{family} {kind}"))
        lines.append(f"vllm:{name}{labelled} {float(value)}")

    add("num_requests_running", "gauge", "Number of requests in model execution batches.", gauges.running)
    add("num_requests_waiting", "gauge", "Number of requests waiting to be processed.", gauges.waiting)
    usage = gauges.running / gauges.slots
    add("kv_cache_usage_perc", "gauge", "KV-cache usage. 1 means 100 percent usage.", usage)
    add("num_preemptions_total", "counter", "Cumulative number of preemption from the engine.", 0)
    add("prompt_tokens_total", "counter", "Number of prefill tokens processed.", gauges.prompt_tokens)
    add("generation_tokens_total", "counter", "Number of generation tokens processed.", gauges.output_tokens)
    for reason in ("stop", "length", "abort"):
        labelled = f'{{engine="0",finished_reason="{reason}",model_name="{model}"}}'
        words = "Count of successfully processed requests."
        add("request_success_total", "counter", words, gauges.finished.get(reason, 0), labelled)
    return ("\n".join(lines) + "\n").encode()
