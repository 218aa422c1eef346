from __future__ import annotations

import time

import pytest

from dsocr_loaders.engines.concurrency import ServerLoad, server_load

VLLM = b"""# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="deepseek-ai/DeepSeek-OCR"} 12.0
# TYPE vllm:num_requests_waiting gauge
vllm:num_requests_waiting{engine="0",model_name="deepseek-ai/DeepSeek-OCR"} 3.0
vllm:num_requests_waiting_by_reason{engine="0",reason="capacity"} 99.0
vllm:kv_cache_usage_perc{engine="0"} 0.5
"""


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        (VLLM, ServerLoad(12, 3)),
        (VLLM.replace(b'"0"', b'"1"') + VLLM, ServerLoad(24, 6)),
        (b"vllm:num_requests_running 2\nvllm:num_requests_waiting 0 1700000000000\n", ServerLoad(2, 0)),
        (b'vllm:num_requests_running{a="}\\" 7"} 1e2\nvllm:num_requests_waiting 1', ServerLoad(100, 1)),
        (b"sglang:num_running_reqs 5\nsglang:num_queue_reqs 1\n", ServerLoad(5, 1)),
        (b"vllm:num_requests_running 2\n", None),
        (b"vllm:num_requests_running 1e999\nvllm:num_requests_waiting 0\n", None),
        (b"vllm:num_requests_running 1.2.3\nvllm:num_requests_waiting 0\n", None),
        (b"<html>vllm:num_requests_running 2</html>", None),
        (b"", None),
    ],
)
def test_reads_the_load_and_nothing_else(metrics, expected):
    """This test ensures that the load of all engines is summed up, and that anything else is no load."""
    assert expected == server_load(metrics)


def test_a_hostile_page_takes_no_time():
    """This test ensures that labels without an end cost no more than their length."""
    page = b"vllm:num_requests_running{" + b'a="' * 200_000

    begin = time.perf_counter()
    load = server_load(page)

    assert load is None
    assert time.perf_counter() - begin < 1.0
