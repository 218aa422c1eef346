"""How close the number of requests in flight that is found while reading comes to the best fixed one.

    python benchmarks/concurrency.py [--short]

For each simulated endpoint, a vLLM server that tells its load and a hosted interface that answers 429, the same small
pages are asked for again and again: with fixed numbers in flight, and with the number that the engine finds. Counted is
what is answered, and refused, from ten mean durations after the start on. Ratios are to the best fixed number.
Steps of the endpoint are scaled so that an answer takes half a second on average: two cores then do for both sides.
Pages are prepared once, so that rasterising takes no part.

Ends with status 1 if a number that was found is more than 5 % below the best, or more than 1 % is refused.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from dataclasses import dataclass

from dsocr_loaders.engines import RemoteEngine
from dsocr_loaders.errors import EngineError
from dsocr_loaders.settings import Settings
from dsocr_loaders.testing import sample_page, sample_request
from dsocr_loaders.testing.endpoint import EndpointPlan, HostedLimits, SimulatedEndpoint, StepTime, TokenCounts

MEAN_S = 0.5
WARM_UP_DURATIONS = 10
LEAST_OF_BEST = 0.95
LEAST_OF_BEST_SHORT = 0.88  # eight seconds hold few requests, and the search is among them
MOST_REFUSED = 0.01
TOKENS = TokenCounts(mean=300, longest=1500)


@dataclass(frozen=True, slots=True)
class Rate:
    """Answers a second and share of refusals, and the last number in flight."""

    per_s: float
    refused: float
    in_flight: int


def plan(slots: int, *, is_hosted: bool) -> EndpointPlan:
    """Return an endpoint whose answers take `MEAN_S` on average when it is full."""
    return EndpointPlan(
        slots=slots,
        step=StepTime(scale=MEAN_S / (TOKENS.mean * StepTime().of(slots))),
        tokens=TOKENS,
        counts_by="sequence",
        hosted=HostedLimits(most_in_flight=slots) if is_hosted else None,
    )


def measure(endpoint: SimulatedEndpoint, fixed: int | None, seconds: float) -> Rate:
    """Return what comes of a fixed number in flight, or of the one that is found."""
    engine = RemoteEngine(endpoint.base_url, Settings())
    try:
        return engine.loop.submit(_keep_busy(engine, fixed, seconds)).result()
    finally:
        engine.close()


async def _keep_busy(engine: RemoteEngine, fixed: int | None, seconds: float) -> Rate:
    page = sample_page()
    request = sample_request(page)
    prepared = engine.prepare(page, request)
    permits = engine.loop.slots.share(lambda: fixed or engine.capacity)
    began = time.perf_counter()
    counted_from = began + WARM_UP_DURATIONS * MEAN_S
    answered = refused = 0
    running: set[asyncio.Task[None]] = set()

    async def ask() -> None:
        nonlocal answered, refused
        is_refused = False
        try:
            await engine.read(prepared, request)
        except EngineError as error:
            is_refused = error.cause == "busy"
        finally:
            permits.release()
        if time.perf_counter() >= counted_from:
            answered += not is_refused
            refused += is_refused
        if is_refused:
            await asyncio.sleep(0)

    while time.perf_counter() < counted_from + seconds:
        await permits.acquire()
        task = asyncio.create_task(ask())
        running.add(task)
        task.add_done_callback(running.discard)
    took_s = time.perf_counter() - counted_from
    counts = answered, refused
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    return Rate(counts[0] / took_s, counts[1] / max(1, sum(counts)), engine.capacity)


def main() -> int:
    """Print the table and return the exit status."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--short", action="store_true", help="one server of each kind, for two minutes in all")
    is_short = arguments.parse_args().short
    seconds = 8.0 if is_short else 12.0
    least = LEAST_OF_BEST_SHORT if is_short else LEAST_OF_BEST
    has_failed = False
    print(f"{'endpoint':20} {'in flight':>10} {'pages/s':>8} {'of best':>8} {'refused':>8}")
    for slots in (16,) if is_short else (4, 16, 64):
        for is_hosted in (False, True):
            with SimulatedEndpoint(plan(slots, is_hosted=is_hosted)) as endpoint:
                fixed = {number: measure(endpoint, number, seconds) for number in (slots // 2, slots, slots + 1)}
                found = measure(endpoint, None, seconds)
            kind = f"{'hosted' if is_hosted else 'vLLM'}, {slots} slots"
            allowed = [rate.per_s for rate in fixed.values() if rate.refused <= MOST_REFUSED]
            best = max(allowed)
            for number, rate in fixed.items():
                print(f"{kind:20} {number:10} {rate.per_s:8.1f} {rate.per_s / best:8.3f} {rate.refused:8.3%}")
            print(f"{kind:20} {f'found {found.in_flight}':>10} {found.per_s:8.1f} {found.per_s / best:8.3f} "
                  f"{found.refused:8.3%}")  # fmt: skip
            has_failed = has_failed or found.per_s < least * best or found.refused > MOST_REFUSED
    return int(has_failed)


if __name__ == "__main__":
    sys.exit(main())
