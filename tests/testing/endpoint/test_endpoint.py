from __future__ import annotations

import asyncio
import json
import time

import httpx
import pytest

from dsocr_loaders.engines.encode import encode_image
from dsocr_loaders.engines.profiles import PROFILES, request_body
from dsocr_loaders.grounding import parse_answer
from dsocr_loaders.testing import sample_page, sample_request
from dsocr_loaders.testing.endpoint.answers import TokenCounts
from dsocr_loaders.testing.endpoint.batching import StepTime
from dsocr_loaders.testing.endpoint.plan import EndpointFault, EndpointPlan, FaultPlan, HostedLimits, Outage
from dsocr_loaders.testing.endpoint.service import EndpointService

MODEL = "deepseek-ai/DeepSeek-OCR"
QUICK = StepTime(scale=0.001)


def body_of(page_number=1, max_tokens=9000):
    image = encode_image(sample_page(page_number).image, "png")
    return request_body(PROFILES["vllm"], sample_request(), image, MODEL, max_tokens)


def run(plan, talk):
    """Return what `talk(client, service)` returns, with the endpoint on the same loop."""

    async def main():
        service = EndpointService(plan)
        service.start()
        await asyncio.sleep(0.02)
        try:
            base_url = f"http://127.0.0.1:{service.port}"
            async with httpx.AsyncClient(base_url=base_url, trust_env=False, timeout=5) as client:
                return await asyncio.wait_for(talk(client, service), 20)
        finally:
            service.close()

    return asyncio.run(main())


async def asked(client, page_number=1, **arguments):
    return await client.post("/v1/chat/completions", json=body_of(page_number), **arguments)


def test_an_answer():
    """This test ensures that an answer is a vLLM completion: grounded text, usage, and a finish reason."""

    async def talk(client, service):
        first, second = await asked(client), await asked(client)
        return first.json(), second.json(), service.report()

    first, second, report = run(EndpointPlan(step=QUICK), talk)
    tokens = first["usage"]["completion_tokens"]

    assert first["choices"] == second["choices"]
    assert "stop" == first["choices"][0]["finish_reason"]
    assert "grounded" == parse_answer(first["choices"][0]["message"]["content"]).dialect.value
    assert (tokens, tokens) == report.token_counts
    assert 2 * tokens == report.answered_tokens
    assert [2] == list(report.attempts.values())
    assert (2, {"200": 2}) == (report.requests, report.statuses)


def test_the_model_list_and_the_metrics():
    """This test ensures that `/v1/models` and `/metrics` read as vLLM's do."""

    async def talk(client, service):
        running = [asyncio.create_task(asked(client, number)) for number in range(1, 6)]
        async with asyncio.timeout(5):
            while service.report().requests < 5:  # noqa: ASYNC110 - the endpoint has no event for a test to wait on
                await asyncio.sleep(0.01)
        metrics = (await client.get("/metrics")).text
        models = (await client.get("/v1/models")).json()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        return metrics.splitlines(), models

    lines, models = run(EndpointPlan(slots=3), talk)
    labels = f'{{engine="0",model_name="{MODEL}"}}'

    assert (MODEL, "vllm", 16_384) == tuple(models["data"][0][key] for key in ("id", "owned_by", "max_model_len"))
    assert "# TYPE vllm:num_requests_running gauge" in lines
    assert f"vllm:num_requests_running{labels} 3.0" in lines
    assert f"vllm:num_requests_waiting{labels} 2.0" in lines
    assert f'vllm:request_success_total{{engine="0",finished_reason="stop",model_name="{MODEL}"}} 0.0' in lines


def test_the_time_an_answer_takes():
    """This test ensures that real answers come when the batch says, waiting ones after the others."""

    async def talk(client, service):
        start_s = time.perf_counter()
        await asyncio.gather(*(asked(client, number) for number in range(1, 9)))
        return time.perf_counter() - start_s, service.report()

    plan = EndpointPlan(slots=2, step=StepTime(scale=0.02), tokens=TokenCounts(longest_share=0.0))
    took_s, report = run(plan, talk)

    assert 0.95 * report.list_schedule_s < took_s < 3 * report.list_schedule_s
    assert (2, True) == (report.most_running, 4 <= report.most_waiting <= 6)
    assert 0.5 < report.busy_share <= 1.0
    assert report.timeline[-1][1:] == (0, 0)


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"temperature": 1}, 400, "temperature"),
        ({"model": "other"}, 404, "does not exist"),
        ({"skip_special_tokens": True}, 400, "skip_special_tokens"),
        ({"max_tokens": 20_000}, 400, "maximum context length"),
        ({"messages": [{"role": "user", "content": "hello"}]}, 400, "list of parts"),
        ({"vllm_xargs": {"ngram_size": 0}}, 400, "ngram_size"),
    ],
)
def test_the_rules(change, status, words):
    """This test ensures that vLLM's request rules hold, and that what they refuse takes no slot."""

    async def talk(client, service):
        response = await client.post("/v1/chat/completions", json=body_of() | change)
        return response, service.report()

    response, report = run(EndpointPlan(step=QUICK), talk)

    assert status == response.status_code
    assert words in response.json()["error"]["message"]
    assert ((), {str(status): 1}) == (report.token_counts, report.statuses)


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe{}", b"[]"])
def test_bodies_that_are_none(content):
    """This test ensures that a body that is no JSON object is answered with 400."""

    async def talk(client, service):
        del service
        return await client.post("/v1/chat/completions", content=content)

    assert 400 == run(EndpointPlan(), talk).status_code


def test_a_broken_picture_and_a_long_context():
    """This test ensures that a picture without a head is refused, and that an answer ends with the context."""

    async def talk(client, service):
        del service
        broken = body_of()
        broken["messages"][0]["content"][0]["image_url"]["url"] = "data:image/png;base64,AAAA"
        short = body_of() | {"max_tokens": 7}
        return [await client.post("/v1/chat/completions", json=body) for body in (broken, short)]

    broken, short = run(EndpointPlan(step=QUICK), talk)

    assert 400 == broken.status_code
    assert "cannot identify" in broken.text
    assert ("length", 7) == (short.json()["choices"][0]["finish_reason"], short.json()["usage"]["completion_tokens"])


def faulty(fault, **arguments):
    return EndpointPlan(step=QUICK, faults=FaultPlan(shares={fault: 1.0}, **arguments))


@pytest.mark.parametrize(
    ("fault", "status", "retry_after"),
    [
        (EndpointFault.BUSY, 503, None),
        (EndpointFault.BUSY_RETRY_AFTER, 503, "2.5"),
        (EndpointFault.SERVER_FAULT, 500, None),
    ],
)
def test_statuses_on_the_first_attempt(fault, status, retry_after):
    """This test ensures that a page's first request fails as planned, and its second one does not."""

    async def talk(client, service):
        return await asked(client), await asked(client), service.report()

    first, second, report = run(faulty(fault, retry_after_s=2.5), talk)

    assert (status, retry_after, 200) == (first.status_code, first.headers.get("retry-after"), second.status_code)
    assert ({fault.value: 1}, 1) == (report.faults, len(report.token_counts))


@pytest.mark.parametrize("fault", [EndpointFault.CUT, EndpointFault.RESET])
def test_connections_that_break(fault):
    """This test ensures that a cut answer breaks in its middle, and a reset connection before it."""

    async def talk(client, service):
        with pytest.raises(httpx.TransportError) as caught:
            await asked(client)
        return caught.value, await asked(client), service.report()

    error, second, report = run(faulty(fault), talk)

    assert (fault is EndpointFault.CUT) == ("complete message body" in str(error))
    assert (200, {"none": 1, "200": 1}) == (second.status_code, report.statuses)
    assert (2 if fault is EndpointFault.CUT else 1) == len(report.token_counts)


def test_silence():
    """This test ensures that an answer that never comes is paid for, and ends when the client leaves."""

    async def talk(client, service):
        with pytest.raises(httpx.ReadTimeout):
            await asked(client, timeout=0.3)
        await asyncio.sleep(0.05)
        return service.report()

    report = run(faulty(EndpointFault.SILENCE), talk)

    assert (1, 1, 0) == (report.abandoned, len(report.token_counts), report.answered_tokens)
    assert 16 <= report.token_counts[0]


@pytest.mark.parametrize("fault", [EndpointFault.LOOP, EndpointFault.TRUNCATION])
def test_answers_that_go_wrong(fault):
    """This test ensures that a loop runs to the limit, a truncated answer to its half, both for `length`."""

    async def talk(client, service):
        del service
        return (await asked(client)).json(), (await asked(client)).json()

    bad, good = run(faulty(fault), talk)
    tokens = good["usage"]["completion_tokens"]

    assert ("length", "stop") == (bad["choices"][0]["finish_reason"], good["choices"][0]["finish_reason"])
    assert (8192 if fault is EndpointFault.LOOP else tokens // 2) == bad["usage"]["completion_tokens"]


def test_a_fault_by_number_and_without_end():
    """This test ensures that one request can be told to fail, and that shares can hit every attempt."""

    async def talk(client, service):
        del service
        return [(await asked(client, number)).status_code for number in (1, 1, 2)]

    by_number = EndpointPlan(step=QUICK, faults=FaultPlan(numbers={2: EndpointFault.BUSY}))
    endless = faulty(EndpointFault.SERVER_FAULT, faulty_attempts=None)

    assert [200, 503, 200] == run(by_number, talk)
    assert [500, 500, 500] == run(endless, talk)


def test_death_and_return():
    """This test ensures that an outage breaks what runs, refuses connections, and ends on the same port."""

    async def talk(client, service):
        lost = await asyncio.gather(asked(client, 1), asked(client, 2), return_exceptions=True)
        with pytest.raises(httpx.ConnectError):
            await asked(client, 3)
        await asyncio.sleep(0.3)
        return lost, await asked(client, 3), service.report()

    faults = FaultPlan(outages=(Outage(after_requests=2, lasts_s=0.2),))
    lost, after, report = run(EndpointPlan(step=StepTime(scale=0.05), faults=faults), talk)

    assert all(isinstance(error, httpx.TransportError) for error in lost)
    assert (200, 2) == (after.status_code, report.abandoned)


def test_a_slow_start():
    """This test ensures that connecting is refused until the server is up."""

    async def talk(client, service):
        del service
        with pytest.raises(httpx.ConnectError):
            await client.get("/v1/models")
        await asyncio.sleep(0.3)
        return await client.get("/v1/models")

    assert 200 == run(EndpointPlan(faults=FaultPlan(starts_after_s=0.2)), talk).status_code


def test_a_hosted_interface():
    """This test ensures that limits answer 429, with Retry-After if told so, and hide the metrics."""

    async def talk(client, service):
        del service
        together = await asyncio.gather(*(asked(client, number) for number in (1, 2, 3)))
        return together, await client.get("/metrics")

    many = EndpointPlan(step=StepTime(scale=0.02), hosted=HostedLimits(most_in_flight=2, tells_retry_after=True))
    fast = EndpointPlan(step=QUICK, hosted=HostedLimits(requests_per_s=2.0))

    for plan, retry_after in ((many, "1"), (fast, None)):
        answers, metrics = run(plan, talk)
        refused = [answer for answer in answers if answer.status_code == 429]

        assert [retry_after] == [answer.headers.get("retry-after") for answer in refused]
        assert 404 == metrics.status_code


def test_lengths_by_sequence():
    """This test ensures that lengths can follow the order of arrival instead of the picture."""

    async def talk(client, service):
        for _ in range(4):
            await asked(client)
        return service.report().token_counts

    counts = run(EndpointPlan(step=QUICK, counts_by="sequence"), talk)

    assert tuple(TokenCounts().of(str(number)) for number in range(1, 5)) == counts


def test_idle_connections_are_closed():
    """This test ensures that an idle connection ends after its time, as it does with vLLM."""

    async def talk(client, service):
        del client
        reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
        writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        first = await reader.readuntil(b"\r\n\r\n")
        start_s = time.perf_counter()
        rest = await reader.read()
        writer.close()
        return first, rest, time.perf_counter() - start_s

    first, rest, took_s = run(EndpointPlan(idle_connection_s=0.3), talk)

    assert first.startswith(b"HTTP/1.1 200 OK")
    assert b"" == rest
    assert 0.2 < took_s < 3


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"POST /v1/chat/completions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
        (b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n", 413),
        (b"GET /elsewhere HTTP/1.1\r\n\r\n", 404),
        (b"G" * 70_000, 431),
    ],
)
def test_what_is_not_spoken(sent, status):
    """This test ensures that HTTP which the endpoint does not speak is refused with a status."""

    async def talk(client, service):
        del client
        reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
        writer.write(sent)
        line = await reader.readline()
        writer.close()
        return line

    assert str(status) == run(EndpointPlan(), talk).split()[1].decode()


def test_requests_in_pieces_and_in_a_row():
    """This test ensures that a request may come byte by byte, and the next one before the first is answered."""

    async def talk(client, service):
        del client
        body = json.dumps(body_of()).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: {len(body)}\r\n\r\n".encode()
        content = (head + body) * 2
        reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
        for begin in (*range(60), 60):
            writer.write(content[begin : begin + 1] if begin < 60 else content[60:])
            await asyncio.sleep(0)
        answers = []
        for _ in range(2):
            header = await reader.readuntil(b"\r\n\r\n")
            length = int(header.lower().partition(b"content-length: ")[2].split()[0])
            answers.append(json.loads(await reader.readexactly(length)))
        writer.close()
        return answers

    first, second = run(EndpointPlan(step=QUICK), talk)

    assert first["choices"] == second["choices"]
