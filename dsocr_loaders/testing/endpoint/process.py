"""A simulated endpoint in a process of its own, so that it shares no interpreter lock with the client."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Final, Self

from dsocr_loaders.testing.endpoint.plan import EndpointPlan
from dsocr_loaders.testing.endpoint.report import EndpointReport

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["SimulatedEndpoint"]

_STOP_LIMIT_S: Final = 5.0
_ADMIN_LIMIT_S: Final = 60.0


class SimulatedEndpoint:
    """A vLLM server without a model: real HTTP, real waiting, seeded answers; a context manager.

    ```python
    plan = EndpointPlan(slots=64, step=StepTime(scale=0.1))
    with SimulatedEndpoint(plan) as endpoint:
        document = read("report.pdf", engine=endpoint.base_url)
        print(endpoint.report().list_schedule_s)
    ```

    The process ends with the block, and when this process ends, however it does.

    Args:
        plan: what it is told; the defaults by default.
    """

    def __init__(self, plan: EndpointPlan | None = None) -> None:
        self.plan = plan or EndpointPlan()
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    def base_url(self) -> str:
        """Root of the API, to be given as `engine=`."""
        self._running()
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def process_id(self) -> int:
        """Of the endpoint's process."""
        return self._running().pid

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "dsocr_loaders.testing.endpoint", "--plan", self.plan.to_json(), "--child"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - our own module
        line = process.stdout.readline() if process.stdout else b""
        if not line.strip().isdigit():
            process.kill()
            _end(process)
            raise RuntimeError("the simulated endpoint did not start; what it says stands on standard error")
        self._port = int(line)
        self._process = process
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        process, self._process = self._process, None
        if process is not None:
            _end(process)

    def report(self) -> EndpointReport:
        """Return what the endpoint saw since it started, or since the last reset."""
        return EndpointReport.from_json(self._ask("GET", "/admin/report"))

    def reset(self) -> None:
        """Forget what was seen: the next request begins a new trace. Outages that are over do not come again."""
        self._ask("POST", "/admin/reset")

    def _ask(self, method: str, path: str) -> bytes:
        self._running()
        with contextlib.closing(HTTPConnection("127.0.0.1", self._port, timeout=_ADMIN_LIMIT_S)) as connection:
            connection.request(method, path)
            return connection.getresponse().read()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("a SimulatedEndpoint listens inside its with block only")
        return self._process


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process by closing its standard input, which it waits on, and by force if that takes too long."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(_STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
