"""Servers without a model: real HTTP, the rules of each kind, answers and faults from a script, and a memory."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from http import HTTPStatus
from http.client import responses
from types import EllipsisType
from typing import TYPE_CHECKING, Any, Final, Self

from dsocr_loaders.pages.digest import pixel_digest
from dsocr_loaders.testing.faults import Fault
from dsocr_loaders.testing.listener import Listener
from dsocr_loaders.testing.rules import Refusal
from dsocr_loaders.testing.servers import KINDS, Answered, Reply, ServerKind
from dsocr_loaders.testing.servers.model import answered, departure, repeats

if TYPE_CHECKING:
    from types import TracebackType

    from dsocr_loaders.testing.servers import Asked
    from dsocr_loaders.values import RgbImage

__all__ = ["ScriptedServer", "ServedRequest"]

_RIGHT: Final = Fault()
_SHUTDOWN_LIMIT_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class ServedRequest:
    """One page that the server was asked for.

    Attributes:
        number: from 1, in the order of arrival.
        headers: as sent, names in lower case.
        body: the JSON as sent, or None if it was none.
        prompt: words of the text part; `""` for a refused request.
        image: the decoded picture; None for a refused request.
        refusal: why a rule refused it, or `""`.
        path: what was asked, such as `/v1/chat/completions`.
        seen: what the model got: the words with `<image>` where the image was; `""` for a refused request.
        garbled_because: why the model could make nothing of it, or `""`.
    """

    number: int
    headers: Mapping[str, str]
    body: Any
    prompt: str
    image: RgbImage | None
    refusal: str
    path: str = "/v1/chat/completions"
    seen: str = ""
    garbled_because: str = ""


Answers = str | Callable[[ServedRequest], str] | Mapping[str, str] | Sequence[str]
Faults = Callable[[int], Fault | None] | Mapping[int, Fault] | Sequence[Fault | None]


class ScriptedServer:
    """Serves pages on 127.0.0.1 as one kind of server does; a context manager.

    ```python
    with ScriptedServer(["# Page one"]) as server:
        document = read("scan.png", engine=server.base_url)
    assert server.requests[0].prompt == "<|grounding|>Convert the document to markdown."
    assert server.garbled_because == ()
    ```

    Each kind takes, refuses and garbles what the real server takes, refuses and garbles, as far as that is public; what
    is inferred is said in `dsocr_loaders.testing.servers`. vLLM's is stricter than the real one, unless it is
    `VllmKind(is_strict=False)`.

    Args:
        answers: the same for every request; or what a callable returns for it; or by the digest of the decoded
            pixels (which are the page's own only if it travels as PNG); or one after another in the order of arrival.
        kind: a key of `KINDS`: `"vllm"`, `"sglang"`, `"deepseek-ocr-rs"`, `"ollama"`, `"ollama-0.29"`,
            `"llama-server"`, `"openai"`; or a `ServerKind`, launched with other options.
        models: names in its `/models`; by default the kind's own.
        max_model_len: context in tokens; None tells and limits none; by default the kind's own.
        owned_by: who `/models` says owns the models; by default the kind's own.
        api_key: the bearer key it wants; None takes everybody.
        largest_request_bytes: a larger body is refused with 413.
        faults: for the pages asked for, by their number from 1: a callable, a mapping, or one after another.
        models_faults: the same for `GET /v1/models`.

    Attributes:
        kind: the kind of server it is.
        requests: the pages it was asked for, refused ones included, in the order of arrival.
        models_requests: how often `/v1/models` was asked for.
        most_in_flight: most pages at once, each counted until its response begins.
    """

    def __init__(  # noqa: PLR0913 - each is one thing that a test may want to be otherwise
        self,
        answers: Answers = (),
        *,
        kind: str | ServerKind = "vllm",
        models: Sequence[str] | None = None,
        max_model_len: int | EllipsisType | None = ...,
        owned_by: str | None = None,
        api_key: str | None = None,
        largest_request_bytes: int = 50_000_000,
        faults: Faults = (),
        models_faults: Faults = (),
    ) -> None:
        self.kind = _launched(kind, models, max_model_len, owned_by)
        self.requests: list[ServedRequest] = []
        self.models_requests = 0
        self.most_in_flight = 0
        self.api_key = api_key
        self.largest_request_bytes = largest_request_bytes
        self.stopping = threading.Event()
        self._answers = answers
        self._faults = faults
        self._models_faults = models_faults
        self._lock = threading.Lock()
        self._slots = threading.Semaphore(self.kind.slots or 1_000_000)
        self._arrived = 0
        self._in_flight = 0
        self._http: Listener | None = None
        self._thread: threading.Thread | None = None

    @property
    def root_url(self) -> str:
        """Where the server is, without a path."""
        if self._http is None:
            raise RuntimeError("a ScriptedServer listens inside its with block only")
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def base_url(self) -> str:
        """Root of the API, to be given as `engine=`."""
        return f"{self.root_url}/v1"

    @property
    def garbled_because(self) -> tuple[str, ...]:
        """Why the model could make nothing of a request, for each that it could make nothing of."""
        return tuple(request.garbled_because for request in self.requests if request.garbled_because)

    @property
    def server_header(self) -> str:
        """What the header `Server` says."""
        return self.kind.server_header

    def __enter__(self) -> Self:
        self._http = Listener(self)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.005,), name="scripted-server")
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

    def admits(self, path: str, authorization: str | None) -> bool:
        """Return whether `path` may be asked with this header."""
        return self.api_key is None or path in self.kind.public_paths or authorization == f"Bearer {self.api_key}"

    def unauthorized(self, path: str) -> Reply:
        """Return what a request without the right key gets."""
        return self.kind.refused(path, Refusal(HTTPStatus.UNAUTHORIZED, "key", "Unauthorized"))

    def told(self, path: str) -> tuple[Fault, Reply]:
        """Return the fault and the reply for a GET."""
        fault = _RIGHT
        if path == "/v1/models":
            with self._lock:
                self.models_requests += 1
                fault = _scripted(self._models_faults, self.models_requests)
            if fault.status != HTTPStatus.OK:
                return fault, self._failed(path, fault)
        reply = self.kind.information(path)
        return fault, reply or self.kind.refused(path, Refusal(HTTPStatus.NOT_FOUND, "path", "Not Found"))

    def answered(self, path: str, headers: Mapping[str, str], content: bytes) -> tuple[Fault, Reply]:
        """Return the fault and the reply for a POST, remembering it if a page was asked for."""
        number = self._next_number() if path in self.kind.page_paths else 0
        body: Any = None
        try:
            body = json.loads(content or b"{}")
            if not number:
                reply = self.kind.further(path, body)
                return _RIGHT, reply or self.kind.refused(path, Refusal(HTTPStatus.NOT_FOUND, "path", "Not Found"))
            asked = self.kind.asked(path, body)
        except ValueError as error:
            refusal = Refusal(HTTPStatus.BAD_REQUEST, "BadRequestError", f"JSON decode error: {error}")
        except Refusal as refused:
            refusal = refused
        else:
            why = asked.garbled_because or self._garbled_because(asked)
            request = ServedRequest(number, headers, body, asked.prompt, asked.image, "", path, asked.seen, why)
            return self._read(asked, self._remember(request))
        if number:
            self._remember(ServedRequest(number, headers, body, "", None, str(refusal), path))
        return _RIGHT, self.kind.refused(path, refusal)

    def _read(self, asked: Asked, request: ServedRequest) -> tuple[Fault, Reply]:
        """Return the fault and the reply for a page that the rules let in."""
        fault = _scripted(self._faults, request.number)
        if fault.status != HTTPStatus.OK:
            return fault, self._failed(request.path, fault)
        if asked.says is not None:
            answer = Answered(asked.says, "stop", 0, 0)
        else:
            text = self._answer(request)
            length = asked.whole_history_ngram
            why = request.garbled_because
            if not why and length and repeats(text, length):
                why = f"{length} words come twice in the answer, which no_repeat_ngram_size does not allow"
                self._remember(replace(request, garbled_because=why))
            answer = answered(asked, text, why)
        if fault.finish_reason != _RIGHT.finish_reason:
            answer = replace(answer, finish_reason=fault.finish_reason)
        try:
            return fault, self.kind.reply(request.path, asked, answer, request.number)
        except Refusal as refusal:
            return fault, self.kind.refused(request.path, refusal)

    def _garbled_because(self, asked: Asked) -> str:
        if asked.says is not None:
            return ""
        if asked.temperature:
            return f"the answer is sampled at temperature {asked.temperature:g}, where the model needs 0"
        return departure(asked.seen, asked.model, self.kind.line_breaks)

    def _failed(self, path: str, fault: Fault) -> Reply:
        phrase = responses.get(fault.status, "Unknown")
        return self.kind.refused(path, Refusal(fault.status, "".join(phrase.split()), f"scripted: {phrase}"))

    def _next_number(self) -> int:
        with self._lock:
            self._arrived += 1
            return self._arrived

    def _remember(self, request: ServedRequest) -> ServedRequest:
        """Keep `request`, in place of what is known under its number."""
        with self._lock:
            self.requests[:] = [known for known in self.requests if known.number != request.number]
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
        """Count a page as in flight, and wait until this kind of server has a slot for it."""
        with self._lock:
            self._in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            with self._slots:
                yield
        finally:
            with self._lock:
                self._in_flight -= 1


def _launched(
    kind: str | ServerKind, models: Sequence[str] | None, max_model_len: int | EllipsisType | None, owned_by: str | None
) -> ServerKind:
    """Return the kind with what was said about it."""
    if isinstance(kind, str):
        if kind not in KINDS:
            raise ValueError(f"kind={kind!r} is not a kind of server; allowed: {', '.join(KINDS)}, or a ServerKind.")
        kind = KINDS[kind]
    changes: dict[str, Any] = {}
    if models is not None:
        changes["models"] = tuple(models)
    if not isinstance(max_model_len, EllipsisType):
        changes["context_tokens"] = max_model_len
    if owned_by is not None:
        changes["owned_by"] = owned_by
    known = {each.name for each in fields(kind)}
    unknown = sorted(set(changes) - known)
    if unknown:
        raise ValueError(f"{type(kind).__name__} has no {', '.join(unknown)}.")
    return replace(kind, **changes)


def _scripted(faults: Faults, number: int) -> Fault:
    """Return the fault for the request with this number, counted from 1."""
    if callable(faults):
        return faults(number) or _RIGHT
    if isinstance(faults, Mapping):
        return faults.get(number) or _RIGHT
    return (faults[number - 1] if number <= len(faults) else None) or _RIGHT
