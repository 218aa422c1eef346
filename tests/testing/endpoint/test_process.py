from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time

import httpx
import pytest

from dsocr_loaders.engines import RemoteEngine
from dsocr_loaders.engines.encode import encode_page
from dsocr_loaders.testing import EndpointPlan, EndpointReport, SimulatedEndpoint, StepTime, sample_page, sample_request
from dsocr_loaders.testing.endpoint import EndpointFault, FaultPlan, HostedLimits, Outage, TokenCounts

COMMAND = [sys.executable, "-m", "dsocr_loaders.testing.endpoint"]


def test_plans_and_reports_travel():
    """This test ensures that a plan arrives in the endpoint's process as it was made."""
    plan = EndpointPlan(
        slots=3,
        step=StepTime(scale=0.5),
        tokens=TokenCounts(mean=900, seed=7),
        hosted=HostedLimits(most_in_flight=4),
        faults=FaultPlan(shares={EndpointFault.CUT: 0.1}, numbers={3: EndpointFault.BUSY}, outages=(Outage(5, 1.5),)),
    )

    assert plan == EndpointPlan.from_json(plan.to_json())


@pytest.mark.parametrize(
    "make",
    [
        lambda: EndpointPlan(slots=0),
        lambda: EndpointPlan(step=StepTime(scale=0)),
        lambda: EndpointPlan(faults=FaultPlan(shares={EndpointFault.CUT: 0.6, EndpointFault.LOOP: 0.6})),
        lambda: EndpointPlan.from_json('{"slots": "many"}'),
    ],
)
def test_plans_that_make_no_sense(make):
    """This test ensures that a plan that cannot be kept is refused where it is made."""
    with pytest.raises(ValueError, match=r"slots|scale|shares"):
        make()


def test_the_engine_reads_through_it():
    """This test ensures that the remote engine takes the endpoint for a vLLM server, and that it reports and ends."""
    page, request = sample_page(), sample_request()
    with SimulatedEndpoint(EndpointPlan(slots=2, step=StepTime(scale=0.001))) as endpoint:
        engine = RemoteEngine(endpoint.base_url)
        prepared = encode_page(page, request, image_format="jpeg")
        answer = engine.loop.submit(engine.read(prepared, request)).result(20)
        engine.close()
        report = endpoint.report()
        endpoint.reset()
        after = endpoint.report()
        process_id = endpoint.process_id

    assert ("stop", answer.output_tokens) == (answer.finish_reason, report.token_counts[0])
    assert (2, 1, 1, 0) == (report.slots, report.requests, report.models_requests, after.requests)
    assert report == EndpointReport.from_json(report.to_json())
    with pytest.raises(ProcessLookupError):
        os.kill(process_id, 0)
    with pytest.raises(RuntimeError, match="inside its with block"):
        _ = endpoint.base_url


def test_the_command():
    """This test ensures that the endpoint can be started from a shell, says where it is, and ends with Ctrl-C."""
    with subprocess.Popen([*COMMAND, "--port", "0", "--slots", "7"], stdout=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        url = re.search(r"http://\S+", line)[0]
        response = httpx.get(f"{url}/models", trust_env=False, timeout=30)
        process.send_signal(signal.SIGINT)
        start_s = time.perf_counter()
        status = process.wait(30)

    assert "with 7 slots" in line
    assert (200, 0) == (response.status_code, status)
    assert 20 > time.perf_counter() - start_s


def test_a_wrong_command_line():
    """This test ensures that a fault of an unknown kind is a usage error, which names the word."""
    ended = subprocess.run([*COMMAND, "--fault", "flood=0.1"], capture_output=True, text=True, check=False)

    assert 2 == ended.returncode
    assert "flood" in ended.stderr
    assert "Traceback" not in ended.stderr
