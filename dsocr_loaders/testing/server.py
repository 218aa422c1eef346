"""A vLLM server without a model: real HTTP, strict rules, answers and faults from a script, and a memory."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Self

from dsocr_loaders.pages.digest import pixel_digest
from dsocr_loaders.testing.faults import Fault
from dsocr_loaders.testing.rules import Refusal, VllmRules

if TYPE_CHECKING:
    from types import TracebackType

    from dsocr_loaders.values import RgbImage

__all__ = ["ScriptedServer", "ServedRequest"]

_RIGHT: Final = Fault()
_SHUTDOWN_LIMIT_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class ServedRequest:
    """One chat completion that the server was asked for.

    Attributes:
        number: from 1, in the order of arrival.
        headers: as sent, names in lower case.
        body: the JSON as sent, or None if it was none.
        prompt: words of the text part; `""` for a refused request.
        image: the decoded picture; None for a refused request.
        refusal: why a rule refused it, or `""`.
    """

    number: int
    headers: Mapping[str, str]
    body: Any
    prompt: str
    image: RgbImage | None
    refusal: str


Answers = str | Callable[[ServedRequest], str] | Mapping[str, str] | Sequence[str]
Faults = Callable[[int], Fault | None] | Mapping[int, Fault] | Sequence[Fault | None]


class ScriptedServer:
    """Serves chat completions on 127.0.0.1, as vLLM does; a context manager.

    ```python
    with ScriptedServer(["# Page one"]) as server:
        document = read("scan.png", engine=server.base_url)
    assert server.requests[0].prompt == "<|grounding|>Convert the document to markdown."
    ```

    Args:
        answers: the same for every request; or what a callable returns for it; or by the digest of the decoded
            pixels (which are the page's own only if it travels as PNG); or one after another in the order of arrival.
        models: names in its `/models`.
        max_model_len: context in tokens; None tells and limits none.
        owned_by: who `/models` says owns the models.
        api_key: the bearer key it wants; None takes everybody.
        largest_request_bytes: a larger body is refused with 413.
        faults: for the chat completions, by their number from 1: a callable, a mapping, or one after another.
        models_faults: the same for `GET /models`.

    Attributes:
        requests: the chat completions it was asked for, refused ones included, in the order of arrival.
        models_requests: how often `/models` was asked for.
        most_in_flight: most chat completions at once, each counted until its response begins.
    """

    def __init__(
        self,
        answers: Answers = (),
        *,
        models: Sequence[str] = ("deepseek-ai/DeepSeek-OCR",),
        max_model_len: int | None = 8192,
        owned_by: str = "vllm",
        api_key: str | None = None,
        largest_request_bytes: int = 50_000_000,
        faults: Faults = (),
        models_faults: Faults = (),
    ) -> None:
        self.requests: list[ServedRequest] = []
        self.models_requests = 0
        self.most_in_flight = 0
        self.api_key = api_key
        self.largest_request_bytes = largest_request_bytes
        self.stopping = threading.Event()
        self._answers = answers
        self._rules = VllmRules(tuple(models), max_model_len)
        self._owned_by = owned_by
        self._faults = faults
        self._models_faults = models_faults
        self._lock = threading.Lock()
        self._arrived = 0
        self._in_flight = 0
        self._http: _Listener | None = None
        self._thread: threading.Thread | None = None

    @property
    def base_url(self) -> str:
        """Root of the API, to be given as `engine=`."""
        if self._http is None:
            raise RuntimeError("a ScriptedServer listens inside its with block only")
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._http = _Listener(self)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), name="scripted-server")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stopping.set()
        if self._http is not None and self._thread is not None:
            self._http.shutdown()
            self._thread.join(_SHUTDOWN_LIMIT_S)
            self._http.end()

    def models_reply(self) -> tuple[Fault, object]:
        """Return the fault and the JSON for a `GET /models`."""
        with self._lock:
            self.models_requests += 1
            fault = _scripted(self._models_faults, self.models_requests)
        if fault.status != HTTPStatus.OK:
            return fault, _error(fault)
        entries: list[dict[str, object]] = [
            {
                "id": name,
                "object": "model",
                "created": 1_750_000_000,
                "owned_by": self._owned_by,
                "root": name,
                "parent": None,
                "max_model_len": self._rules.max_model_len,
                "permission": [],
            }
            for name in self._rules.models
        ]
        return fault, {"object": "list", "data": entries}

    def chat_reply(self, headers: Mapping[str, str], content: bytes) -> tuple[Fault, object]:
        """Return the fault and the JSON for a chat completion, remembering the request."""
        with self._lock:
            self._arrived += 1
            number = self._arrived
        body: Any = None
        try:
            body = json.loads(content)
            prompt, image = self._rules.check(body)
        except ValueError as error:
            refusal = Refusal(400, "BadRequestError", f"JSON decode error: {error}")
        except Refusal as refused:
            refusal = refused
        else:
            request = self._remember(ServedRequest(number, headers, body, prompt, image, ""))
            fault = _scripted(self._faults, number)
            if fault.status != HTTPStatus.OK:
                return fault, _error(fault)
            return fault, _completion(request, self._answer(request), fault.finish_reason)
        self._remember(ServedRequest(number, headers, body, "", None, str(refusal)))
        return Fault(status=refusal.status), refusal.body

    def _remember(self, request: ServedRequest) -> ServedRequest:
        with self._lock:
            self.requests.append(request)
            self.requests.sort(key=lambda known: known.number)
        return request

    def _answer(self, request: ServedRequest) -> str:
        if isinstance(self._answers, str):
            return self._answers
        if callable(self._answers):
            return self._answers(request)
        if isinstance(self._answers, Mapping):
            return self._answers[pixel_digest(request.image)] if request.image else ""
        return self._answers[request.number - 1] if request.number <= len(self._answers) else ""

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """Count a chat completion as in flight."""
        with self._lock:
            self._in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            yield
        finally:
            with self._lock:
                self._in_flight -= 1


def _scripted(faults: Faults, number: int) -> Fault:
    """Return the fault for the request with this number, counted from 1."""
    if callable(faults):
        return faults(number) or _RIGHT
    if isinstance(faults, Mapping):
        return faults.get(number) or _RIGHT
    return (faults[number - 1] if number <= len(faults) else None) or _RIGHT


def _error(fault: Fault) -> dict[str, object]:
    phrase = responses.get(fault.status, "Unknown")
    return Refusal(fault.status, "".join(phrase.split()), f"scripted: {phrase}").body


def _completion(request: ServedRequest, text: str, finish_reason: str) -> dict[str, object]:
    prompt_tokens, output_tokens = len(request.prompt.split()), len(text.split())
    return {
        "id": f"chatcmpl-{request.number}",
        "object": "chat.completion",
        "created": 1_750_000_000,
        "model": request.body["model"],
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
            "prompt_tokens": prompt_tokens,
            "completion_tokens": output_tokens,
            "total_tokens": prompt_tokens + output_tokens,
        },
    }


class _Listener(ThreadingHTTPServer):
    """The listening socket, which knows its open connections so that it can end them."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, script: ScriptedServer) -> None:
        self.script = script
        self.connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def end(self) -> None:
        """Close the listening socket and every connection."""
        for connection in tuple(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent where a client has gone away."""


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: _Listener
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body in one packet

    def setup(self) -> None:
        """Make the connection known to the listener."""
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        """Forget the connection."""
        self.server.connections.discard(self.connection)
        super().finish()

    def do_GET(self) -> None:
        """Answer `/v1/models`."""
        script = self.server.script
        if not self._is_authorized():
            self._reply(Fault(status=401), {"error": "Unauthorized"})
        elif self.path == "/v1/models":
            fault, payload = script.models_reply()
            script.stopping.wait(fault.delay_s)
            self._reply(fault, payload)
        else:
            self._reply(Fault(status=404), {"detail": "Not Found"})

    def do_POST(self) -> None:
        """Answer `/v1/chat/completions`."""
        script = self.server.script
        length = int(self.headers.get("Content-Length", "0"))
        content = self.rfile.read(length)
        if length > script.largest_request_bytes:
            self._reply(Fault.html(status=413), None)
        elif not self._is_authorized():
            self._reply(Fault(status=401), {"error": "Unauthorized"})
        elif self.path == "/v1/chat/completions":
            headers = {name.lower(): value for name, value in self.headers.items()}
            with script.working():
                fault, payload = script.chat_reply(MappingProxyType(headers), content)
                script.stopping.wait(fault.delay_s)
            self._reply(fault, payload)
        else:
            self._reply(Fault(status=404), {"detail": "Not Found"})

    def _is_authorized(self) -> bool:
        wanted = self.server.script.api_key
        return wanted is None or self.headers.get("Authorization") == f"Bearer {wanted}"

    def _reply(self, fault: Fault, payload: object) -> None:
        stopping = self.server.script.stopping
        if stopping.is_set():
            self.close_connection = True
            return
        body = fault.body
        if body is None:
            body = json.dumps(payload).encode()
        self.send_response(fault.status)
        self.send_header("Content-Type", fault.content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in fault.headers:
            self.send_header(name, value)
        self.end_headers()
        if fault.cut_after_bytes is not None:
            body = body[: fault.cut_after_bytes]
            self.close_connection = True
        if not fault.trickle_s:
            self.wfile.write(body)
            self.wfile.flush()
            return
        for byte in body:
            if stopping.wait(fault.trickle_s):
                self.close_connection = True
                return
            self.wfile.write(bytes((byte,)))
            self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name http.server gives it
        """Write nothing to standard error."""
