"""What this process and the core say to each other, as frames of `dsocr_loaders.pages.wire`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsocr_loaders.engines.vllm.launch import Launch
    from dsocr_loaders.engines.vllm.prepare import PreparedViews
    from dsocr_loaders.values import Decoding

__all__ = ["Ask", "Begin", "Broken", "FromCore", "NotStarted", "PageAnswer", "Refused", "Started", "ToCore", "Withdraw"]


@dataclass(frozen=True, slots=True)
class Begin:
    """The first message: what to import like, and what to load."""

    import_paths: tuple[str, ...]
    launch: Launch


@dataclass(frozen=True, slots=True)
class Ask:
    """One page.

    Attributes:
        number: names the page in all that is said about it.
        views: its pixels.
        prompt: the words, the image's place included.
        decoding: how to decode.
    """

    number: int
    views: PreparedViews
    prompt: str
    decoding: Decoding


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Nobody waits for this page any more."""

    number: int


ToCore = Begin | Ask | Withdraw


@dataclass(frozen=True, slots=True)
class Started:
    """The model is loaded.

    Attributes:
        vllm_version: as vLLM says it.
        device: vLLM's word for it: `cuda`, `rocm`, `cpu`.
        context_tokens: of image, prompt and answer together.
    """

    vllm_version: str
    device: str
    context_tokens: int


@dataclass(frozen=True, slots=True)
class NotStarted:
    """The model could not be loaded.

    Attributes:
        cause: for `dsocr_loaders.errors.engine_error`.
        message: what is wrong and what to do.
        traceback: for the log.
    """

    cause: str
    message: str
    traceback: str


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """What the model answered."""

    number: int
    text: str
    finish_reason: str | None
    prompt_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class Refused:
    """One page that cannot be read; the others can."""

    number: int
    cause: str
    message: str


@dataclass(frozen=True, slots=True)
class Broken:
    """vLLM failed in a way that leaves it unusable; the process ends."""

    message: str
    traceback: str


FromCore = Started | NotStarted | PageAnswer | Refused | Broken
