"""What an answer and a rendered page are known by: nothing else decides whether they are used again. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Final

from dsocr_loaders import __version__
from dsocr_loaders.models import decoding_for
from dsocr_loaders.tasks import prompt_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from dsocr_loaders.engines.protocol import Engine
    from dsocr_loaders.settings import Settings
    from dsocr_loaders.values import Decoding, ReadRequest

__all__ = ["Setup", "asked_setup", "rendering_of", "setup_of", "without_secrets"]

_URL: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)(?:[^\s/?#@]*@)?([^\s?#]*)(?:[?#][^\s]*)?")
_PACKAGES: Final = {"pymupdf": "pymupdf", "pdfium": "pypdfium2", "pillow": "pillow"}


@dataclass(frozen=True, slots=True)
class Setup:
    """All but the pixels that shapes an answer.

    Attributes:
        model, revision: as the user named them.
        engine: the engine's fingerprint, which names the server of a remote one; no key and no query of a URL.
        task, prompt, resolution: of the request.
        image_format: how pixels travel.
        decoding: as compact JSON with sorted keys.
    """

    model: str
    revision: str
    engine: str
    task: str
    prompt: str
    resolution: str
    image_format: str
    decoding: str

    @property
    def name(self) -> str:
        """What it is filed under: 16 hex digits of a sha256 over all its values."""
        text = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def asked_setup(settings: Settings, engine: Engine) -> Setup:
    """Return the setup of a page's first request under these settings."""
    return Setup(
        model=settings.model,
        revision=settings.revision or "",
        engine=without_secrets(engine.fingerprint),
        task=settings.task.value,
        prompt=prompt_for(settings.model, settings.task, settings.prompt),
        resolution=settings.resolution,
        image_format=settings.image_format,
        decoding=_decoding_text(decoding_for(settings.model, settings.max_new_tokens)),
    )


def setup_of(request: ReadRequest, asked: Setup) -> Setup:
    """Return the setup of `request`, a request of a run whose first ones have the setup `asked`."""
    return replace(
        asked,
        task=request.task.value,
        prompt=request.prompt,
        resolution=request.resolution,
        decoding=_decoding_text(request.decoding),
    )


def rendering_of(settings: Settings, backend: str, prepare: Callable[..., object]) -> str:
    """Return what shapes the pixels of a source's pages, beside its bytes, and the digest that they get.

    That is the library (`SourceInfo.backend`) and its version, this package's version, the resolution of PDF pages,
    the limit above which pages are scaled down, and the engine's `prepare`.
    """
    words = [backend, _version(_PACKAGES.get(backend, backend)), f"dsocr-loaders {__version__}"]
    if backend != "pillow":  # images are taken pixel by pixel
        words.append(f"{settings.dpi} dpi")
    words += [f"at most {settings.limits.page_pixels} px", _name_of(prepare)]
    return ", ".join(words)


def without_secrets(text: str) -> str:
    """Return `text` with every URL in it reduced to scheme, host and path: no user, password, query or fragment."""
    return _URL.sub(r"\1\2", text)


def _decoding_text(decoding: Decoding) -> str:
    return json.dumps(asdict(decoding), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "of unknown version"


def _name_of(prepare: Callable[..., object]) -> str:
    """Return the full name of a function, or of the one that a partial calls."""
    function = getattr(prepare, "func", prepare)
    kind = type(function)
    name = getattr(function, "__qualname__", f"{kind.__module__}.{kind.__qualname__}")
    return f"{getattr(function, '__module__', '')}.{name}"
