"""`python -m dsocr_loaders.testing.endpoint`: a simulated vLLM endpoint until Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys

import click

from dsocr_loaders.testing.endpoint.answers import TokenCounts
from dsocr_loaders.testing.endpoint.batching import StepTime
from dsocr_loaders.testing.endpoint.plan import EndpointFault, EndpointPlan, FaultPlan, HostedLimits, Outage
from dsocr_loaders.testing.endpoint.service import EndpointService


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--slots", default=64, show_default=True, help="Requests that run at the same time.")
@click.option(
    "--scale", default=1.0, show_default=True, help="Factor for the time of a step, 6 ms + 0.03 ms a request."
)
@click.option("--port", default=8000, show_default=True, help="On 127.0.0.1; 0 for any free one.")
@click.option("--seed", default=0, show_default=True, help="Another one gives other answers and faults.")
@click.option("--mean-tokens", default=1080.0, show_default=True, help="Mean length of an answer.")
@click.option("--max-model-len", default=16_384, show_default=True, help="Context in tokens.")
@click.option("--by-sequence", is_flag=True, help="Lengths by order of arrival, instead of by picture.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="KIND=SHARE",
    help=f"Share of the pages whose first request fails so; kinds: {', '.join(EndpointFault)}. Repeatable.",
)
@click.option("--outage", multiple=True, metavar="REQUESTS=SECONDS", help="Die after so many requests, return later.")
@click.option("--starts-after", default=0.0, help="Seconds until it listens.")
@click.option("--most-in-flight", type=int, help="Be a hosted interface that takes no more, and answers 429.")
@click.option("--requests-per-s", type=float, help="Be a hosted interface that takes no more, and answers 429.")
@click.option("--plan", "plan_json", hidden=True, help="All of it as JSON.")
@click.option("--child", is_flag=True, hidden=True, help="Print the port alone, and end with standard input.")
def main(  # noqa: PLR0913 - one for each option
    *,
    slots: int,
    scale: float,
    port: int,
    seed: int,
    mean_tokens: float,
    max_model_len: int,
    by_sequence: bool,
    faults: tuple[str, ...],
    outage: tuple[str, ...],
    starts_after: float,
    most_in_flight: int | None,
    requests_per_s: float | None,
    plan_json: str | None,
    child: bool,
) -> None:
    """Serve chat completions as a vLLM server with DeepSeek-OCR does, without a model.

    Besides /v1/chat/completions, /v1/models, /metrics and /health it has GET /admin/report, which tells what it saw,
    and POST /admin/reset, which begins anew.
    """
    is_hosted = most_in_flight is not None or requests_per_s is not None
    try:
        plan = (
            EndpointPlan.from_json(plan_json)
            if plan_json
            else EndpointPlan(
                slots=slots,
                step=StepTime(scale=scale),
                tokens=TokenCounts(mean=mean_tokens, seed=seed),
                counts_by="sequence" if by_sequence else "content",
                max_model_len=max_model_len,
                hosted=HostedLimits(most_in_flight, requests_per_s) if is_hosted else None,
                faults=FaultPlan(
                    shares={EndpointFault(kind): float(share) for kind, share in _pairs(faults)},
                    outages=tuple(Outage(int(after), float(lasts_s)) for after, lasts_s in _pairs(outage)),
                    starts_after_s=starts_after,
                    seed=seed,
                ),
                port=port,
            )
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(plan, is_child=child))


def _pairs(words: tuple[str, ...]) -> list[tuple[str, str]]:
    pairs = [word.partition("=") for word in words]
    return [(name, value) for name, _, value in pairs]


async def _serve(plan: EndpointPlan, *, is_child: bool) -> None:
    service = EndpointService(plan)
    try:
        service.start()
    except OSError as error:
        raise click.ClickException(f"port {plan.port} cannot be used: {error}") from error
    gc.freeze()  # what was imported is never garbage; the collector need not look at it again and again
    where = f"http://127.0.0.1:{service.port}/v1"
    click.echo(service.port if is_child else f"{where} with {plan.slots} slots; Ctrl-C ends it.")
    try:
        if is_child:
            await _standard_input_ends()
        else:
            await asyncio.Event().wait()
    finally:
        service.close()


async def _standard_input_ends() -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


if __name__ == "__main__":
    main()
