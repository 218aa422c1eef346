"""How many requests a remote engine allows, against the simulated endpoint: real HTTP, real metrics, real refusals."""

from __future__ import annotations

import asyncio
import time

import pytest

from dsocr_loaders.engines.pacing import Pacing
from dsocr_loaders.engines.remote import RemoteEngine
from dsocr_loaders.errors import engine_error
from dsocr_loaders.settings import Settings
from dsocr_loaders.testing import ScriptedServer, sample_page, sample_request
from dsocr_loaders.testing.endpoint import EndpointPlan, HostedLimits, SimulatedEndpoint, StepTime, TokenCounts

SMALL = {
    "step": StepTime(scale=1.0),
    "tokens": TokenCounts(mean=50, longest=200, longest_share=0.01),
    "counts_by": "sequence",
}


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in ("DSOCR_ENDPOINT", "DSOCR_API_KEY", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


async def kept_busy(engine, seconds):
    """Ask for as much as the engine says; return its capacities."""
    page = sample_page()
    request = sample_request(page)
    prepared = engine.prepare(page, request)
    slots = engine.loop.slots.share(lambda: engine.capacity)
    capacities, asking = [], set()

    async def ask():
        try:
            await engine.read(prepared, request)
        except Exception:  # noqa: BLE001 - refusals are part of it
            await asyncio.sleep(0)
        finally:
            slots.release()

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        await slots.acquire()
        capacities.append(engine.capacity)
        task = asyncio.create_task(ask())
        asking.add(task)
        task.add_done_callback(asking.discard)
    await asyncio.gather(*asking)
    return capacities


def busy(endpoint, seconds=2.5, **settings):
    engine = RemoteEngine(endpoint.base_url, Settings(**settings))
    try:
        return engine.loop.submit(kept_busy(engine, seconds)).result(30)
    finally:
        engine.close()


@pytest.mark.slow
def test_a_vllm_server_is_kept_full_by_its_metrics():
    """This test ensures that a server's slots are found and used, its queue is short, and its load is looked at."""
    with SimulatedEndpoint(EndpointPlan(slots=12, **SMALL)) as endpoint:
        capacities = busy(endpoint)
        report = endpoint.report()

    assert 12 == report.most_running
    assert report.most_waiting <= 20
    assert 12 <= capacities[-1] <= 18
    assert report.metrics_requests >= 3


@pytest.mark.slow
def test_a_hosted_interface_is_hardly_refused():
    """This test ensures that a server without metrics is asked for what it takes, found by few refusals."""
    with SimulatedEndpoint(EndpointPlan(slots=12, hosted=HostedLimits(most_in_flight=12), **SMALL)) as endpoint:
        capacities = busy(endpoint)
        report = endpoint.report()

    assert 10 <= capacities[-1] <= 13
    assert 1 <= report.statuses["429"] <= 0.1 * report.requests


@pytest.mark.slow
def test_a_hosted_interface_that_counts_by_time_is_asked_in_time():
    """This test ensures that requests are spaced out where a host allows so many a second, with few refusals."""
    with SimulatedEndpoint(EndpointPlan(slots=64, hosted=HostedLimits(requests_per_s=8.0), **SMALL)) as endpoint:
        busy(endpoint, 20.0)
        report = endpoint.report()

    assert report.statuses["200"] >= 0.7 * 20 * 8
    assert report.statuses["429"] <= 40


def test_the_users_ceiling_holds():
    """This test ensures that no server is asked for more than `max_concurrency`, whatever it could take."""
    with SimulatedEndpoint(EndpointPlan(slots=64, **SMALL)) as endpoint:
        capacities = busy(endpoint, 1.0, max_concurrency=3)
        report = endpoint.report()

    assert {3} == set(capacities)
    assert 3 == report.most_running


def test_a_server_without_metrics_is_asked_for_them_once():
    """This test ensures that a page without a load, or none at all, is no error and is not looked at again."""
    with ScriptedServer("x") as server:
        engine = RemoteEngine(server.base_url)
        page = sample_page()
        request = sample_request(page)
        answers = [
            engine.loop.submit(engine.read(engine.prepare(page, request), request)).result(20).text for _ in range(3)
        ]
        engine.close()

    assert ["x"] * 3 == answers
    assert engine._pacing._looking is None


def test_looking_ends_when_nothing_is_in_flight_and_begins_again():
    """This test ensures that an idle engine asks nothing of its server, and that metrics which fail cost nothing."""
    looks = []

    async def metrics():
        looks.append(len(looks))
        if len(looks) == 3:
            raise engine_error("timeout", "too late")
        return b"vllm:num_requests_running 1\nvllm:num_requests_waiting 0\n"

    async def run():
        pacing = Pacing(64, metrics)
        await pacing.begin()
        counts = []
        for _ in range(2):
            async with pacing.request():
                await asyncio.sleep(0.45)
            await asyncio.sleep(0.15)
            counts.append(len(looks))
            await asyncio.sleep(0.3)
            counts.append(len(looks))
        return counts

    first, idle, second, still = asyncio.run(run())

    assert 3 <= first < second
    assert idle - first <= 1
    assert still - second <= 1
