"""Which engine reads: `engine=` as an object, and what works on this machine."""

from __future__ import annotations

import logging
import os
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, cast

from dsocr_loaders.engines.advice import HOW_TO_GET_OCR, LOCAL_ENDPOINT, SERVE_COMMAND
from dsocr_loaders.engines.endpoint import ENDPOINT_VARIABLE
from dsocr_loaders.engines.gpus import has_visible_gpu
from dsocr_loaders.engines.state import EngineState
from dsocr_loaders.engines.vllm.state import vllm_state
from dsocr_loaders.errors import DsocrError, EngineError, engine_error
from dsocr_loaders.settings import Settings
from dsocr_loaders.values import Task, TextSource

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dsocr_loaders.engines.protocol import Engine

__all__ = ["EngineState", "engine_report", "make_engine"]

_log = logging.getLogger("dsocr_loaders.engines")

_REPLAY: Final = "replay:"
_INSTALL_PYMUPDF: Final = 'pip install "pymupdf>=1.26,<2"'
_READING: Final = frozenset({Task.DOCUMENT, Task.OCR, Task.FREE})
"""Tasks that ask what a page says, which its text layer says as well."""
_PROBE_LIMIT_S: Final = 60.0
_REMEDIES: Final = {
    "unauthorized": "export DSOCR_API_KEY=...",
    "not_found": f"export {ENDPOINT_VARIABLE}={LOCAL_ENDPOINT}",
    "wrong_server": f"export {ENDPOINT_VARIABLE}={LOCAL_ENDPOINT}",
}
"""What helps when a server answers and cannot be used, by the error's cause; else one has to be started."""


def make_engine(settings: Settings) -> Engine:
    """Return the engine that `settings.engine` names; an engine that is given as an object, as it is.

    `"auto"` takes the server at the environment's DSOCR_ENDPOINT if there is one; else vLLM in this process if it is
    installed and a GPU is visible; else transformers, where it is installed with a GPU and can load the model as the
    settings stand; else the text layer. Choice and reason are logged. Nothing is asked of the network here, and no
    model is loaded.

    With `settings.prefer_text_layer`, that engine is asked only for pages whose own text layer is none.

    Raises:
        EngineUnavailable: cause `no_engine`; the message says how to get one.
        MissingDependency: `prefer_text_layer` without PyMuPDF, or `engine="vllm"` without vLLM.
        SettingsError: the engine cannot be asked for these settings.
    """
    engine = _named(settings)
    return _text_layer_first(engine, settings) if settings.prefer_text_layer else engine


def _named(settings: Settings) -> Engine:
    chosen = settings.engine
    if not isinstance(chosen, str):
        return cast("Engine", chosen)
    if chosen == "auto":
        return _auto(settings)
    if chosen == "text_layer":
        return _text_layer(settings, "engine='text_layer' asks for it")
    if chosen in {"vllm", "transformers"}:
        make = _vllm if chosen == "vllm" else _transformers
        return make(settings, f"engine={chosen!r} asks for it")
    if chosen.startswith(_REPLAY):
        from dsocr_loaders.engines.replay import ReplayEngine  # noqa: PLC0415 - loaded when chosen

        return _logged(ReplayEngine(chosen.removeprefix(_REPLAY)), "engine= names its folder")
    return _remote(chosen, settings, "engine= names its URL", setting="engine")


def _text_layer_first(engine: Engine, settings: Settings) -> Engine:
    """Return an engine that asks `engine` only for pages whose text layer is none."""
    if engine.text_source is TextSource.TEXT_LAYER:
        return engine
    if settings.task not in _READING or settings.prompt is not None:
        _log.info("prefer_text_layer: task %s, or a prompt, asks the model about every page", settings.task)
        return engine
    from dsocr_loaders.engines.routing import TextLayerFirst  # noqa: PLC0415 - loaded when chosen

    password = None if settings.password is None else settings.password.get_secret_value()
    is_borrowed = engine is settings.engine
    return _logged(TextLayerFirst(engine, password, owns_model=not is_borrowed), "prefer_text_layer asks for it")


def _auto(settings: Settings) -> Engine:
    endpoint = _endpoint(os.environ)
    if endpoint:
        return _remote(endpoint, settings, f"{ENDPOINT_VARIABLE} is set", setting=ENDPOINT_VARIABLE)
    vllm = vllm_state(settings)
    if vllm.works and has_visible_gpu():
        return _vllm(settings, f"{ENDPOINT_VARIABLE} is not set, vLLM is installed and a GPU is visible")
    engine = _transformers_with_gpu(settings)
    if engine is not None:
        return engine
    if _has_pymupdf():
        reason = f"{ENDPOINT_VARIABLE} is not set, so nothing can read pixels; vLLM here: {vllm.detail}"
        return _text_layer(settings, reason)
    raise engine_error(
        "no_engine",
        f"No engine was found: {ENDPOINT_VARIABLE} is not set, and the text layer of a PDF needs PyMuPDF "
        f"(`{_INSTALL_PYMUPDF}`). {HOW_TO_GET_OCR}",
    )


def _vllm(settings: Settings, reason: str) -> Engine:
    from dsocr_loaders.engines.vllm import VllmEngine  # noqa: PLC0415 - loaded when chosen

    return _logged(VllmEngine(settings), reason)


def _remote(url: str, settings: Settings, reason: str, *, setting: str) -> Engine:
    from dsocr_loaders.engines.remote import RemoteEngine  # noqa: PLC0415 - imports httpx

    return _logged(RemoteEngine(url, settings, setting=setting), reason)


def _transformers(settings: Settings, reason: str) -> Engine:
    from dsocr_loaders.engines.transformers import TransformersEngine  # noqa: PLC0415 - loaded when chosen

    return _logged(TransformersEngine(settings), reason)


def _transformers_with_gpu(settings: Settings) -> Engine | None:
    """Return the engine if torch, transformers and a GPU are there and it can have the model; else None."""
    from dsocr_loaders.engines.transformers.state import found_gpu  # noqa: PLC0415 - loaded when chosen

    gpu = found_gpu()
    if not gpu:
        return None
    try:
        return _transformers(settings, f"transformers is installed, and torch sees a GPU ({gpu})")
    except DsocrError as error:
        _log.warning("engine='auto' passes transformers by, though it is installed with a GPU: %s", error)
        return None


def _text_layer(settings: Settings, reason: str) -> Engine:
    from dsocr_loaders.engines.text_layer import TextLayerEngine  # noqa: PLC0415 - loaded when chosen

    password = None if settings.password is None else settings.password.get_secret_value()
    return _logged(TextLayerEngine(password=password), reason)


def _logged(engine: Engine, reason: str) -> Engine:
    _log.info("engine: %s (%s)", engine.fingerprint, reason)
    return engine


def engine_report(
    settings: Settings | None = None, *, probe: bool = False, endpoints: Sequence[str] = ()
) -> tuple[EngineState, ...]:
    """Return the state of every engine on this machine, `auto` first.

    Args:
        settings: what a server would be asked with; the defaults if None.
        probe: ask the server at DSOCR_ENDPOINT whether it works, which may take a minute. Without it, that variable and
            `endpoints`, nothing is asked of the network.
        endpoints: URLs of further servers, which are asked; their states come last.
    """
    settings = settings or Settings()
    server = _server_state(settings, probe=probe)
    vllm = vllm_state(settings)
    text_layer = _text_layer_state()
    transformers, has_gpu = _transformers_state(settings)
    replay = EngineState("replay:FOLDER", works=True, detail="Answers that were recorded, from a folder.")
    auto = _auto_state(server, vllm, text_layer, takes_transformers=has_gpu and transformers.works is True)
    named = [_endpoint_state(endpoint, settings, probe=True, is_ours=False) for endpoint in endpoints]
    return (auto, server, vllm, transformers, text_layer, replay, *named)


def _auto_state(
    server: EngineState, vllm: EngineState, text_layer: EngineState, *, takes_transformers: bool
) -> EngineState:
    if _endpoint(os.environ):
        return EngineState("auto", server.works, f"Takes the server that {ENDPOINT_VARIABLE} names.", server.command)
    if vllm.works and has_visible_gpu():
        return EngineState("auto", works=True, detail="Takes vLLM in this process, on this machine's GPU.")
    if takes_transformers:
        return EngineState("auto", works=True, detail="Takes transformers in this process, on the GPU.")
    if text_layer.works:
        return EngineState("auto", works=True, detail="Takes the text layer, which reads born-digital PDFs only.")
    return EngineState(
        "auto",
        works=False,
        detail="Finds neither a server nor vLLM with a GPU nor PyMuPDF.",
        command=text_layer.command,
    )


def _transformers_state(settings: Settings) -> tuple[EngineState, bool]:
    """Return the state, and whether torch sees a GPU."""
    from dsocr_loaders.engines.transformers.state import state_of  # noqa: PLC0415 - loaded when asked

    found = state_of(settings)
    return EngineState("transformers", found.works, found.detail, found.command), found.has_gpu


def _text_layer_state() -> EngineState:
    if _has_pymupdf():
        return EngineState("text_layer", works=True, detail="Reads born-digital PDFs without a model; scans fail.")
    return EngineState("text_layer", works=False, detail="PyMuPDF is not installed.", command=_INSTALL_PYMUPDF)


def _server_state(settings: Settings, *, probe: bool) -> EngineState:
    endpoint = _endpoint(os.environ)
    if endpoint:
        return _endpoint_state(endpoint, settings, probe=probe, is_ours=True)
    where = "" if has_visible_gpu() else " on a machine with a GPU, which is not visible here"
    detail = (
        f"{ENDPOINT_VARIABLE} is not set. Start this server{where}, then set it to the server's URL ({LOCAL_ENDPOINT})."
    )
    return EngineState("URL", works=False, detail=detail, command=SERVE_COMMAND)


def _endpoint_state(endpoint: str, settings: Settings, *, probe: bool, is_ours: bool) -> EngineState:
    """Return the state of the server at a URL: that of the environment's DSOCR_ENDPOINT, or another one."""
    from dsocr_loaders.engines.remote import RemoteEngine  # noqa: PLC0415 - imports httpx

    setting = ENDPOINT_VARIABLE if is_ours else "ENDPOINT"
    try:
        engine = RemoteEngine(endpoint, settings, setting=setting)
    except DsocrError as error:
        command = f"export {ENDPOINT_VARIABLE}={LOCAL_ENDPOINT}" if is_ours else f"dsocr engines {LOCAL_ENDPOINT}"
        return EngineState(setting, works=False, detail=str(error), command=command)
    try:
        if not probe:
            detail = f"{ENDPOINT_VARIABLE} names a server, which was not asked."
            return EngineState(endpoint, works=None, detail=detail, command="dsocr engines --probe")
        served = engine.loop.submit(engine.first_contact()).result(timeout=_PROBE_LIMIT_S)
    except EngineError as error:
        return EngineState(endpoint, works=False, detail=str(error), command=_remedy(error, endpoint, is_ours=is_ours))
    finally:
        engine.close()
    return EngineState(endpoint, works=True, detail=f"Reads with the server's model {served.id}.")


def _remedy(error: EngineError, endpoint: str, *, is_ours: bool) -> str:
    """Return the command that helps where a server answers and cannot be used; else one has to be started."""
    if is_ours:
        return _REMEDIES.get(error.cause, SERVE_COMMAND)
    if error.cause == "unauthorized":  # the key goes to that variable's server alone
        return f"{ENDPOINT_VARIABLE}={endpoint} DSOCR_API_KEY=... dsocr engines --probe"
    return f"dsocr engines {LOCAL_ENDPOINT}" if error.cause in _REMEDIES else SERVE_COMMAND


def _endpoint(environ: Mapping[str, str]) -> str:
    return environ.get(ENDPOINT_VARIABLE, "").strip()


def _has_pymupdf() -> bool:
    return find_spec("pymupdf") is not None
