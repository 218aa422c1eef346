"""The settings as keyword arguments, for signatures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence  # noqa: TC003 - the hints are looked up
from typing import Any, Literal, TypedDict

from pydantic import SecretStr  # noqa: TC002 - likewise

from dsocr_loaders.settings.limits import Limits  # noqa: TC001 - likewise
from dsocr_loaders.values import Task  # noqa: TC001 - likewise

__all__ = [
    "Granularity",
    "OnPageError",
    "ReaderArguments",
    "RepairRung",
    "Resolution",
    "Server",
    "SettingsArguments",
]

Server = Literal["auto", "vllm", "sglang", "deepseek-ocr-rs", "ollama", "llama-server", "openai"]
Resolution = Literal[
    "tiny",
    "small",
    "base",
    "large",
    "gundam",
    "gundam-2",
    "gundam-3",
    "gundam-4",
    "gundam-5",
    "gundam-6",
    "gundam-7",
    "gundam-8",
    "gundam-9",
    "gundam-m",
]
Granularity = Literal["chunk", "region", "page", "document", "grounded"]
OnPageError = Literal["raise", "skip", "placeholder", "text_layer"]
RepairRung = Literal["trim", "ngram", "rotate", "resolution", "free", "halves", "text_layer"]


class ReaderArguments(TypedDict, total=False):
    """The settings but for the engine as keyword arguments; `Settings` documents each."""

    model: str
    revision: str | None
    server: Server
    api_key: str | SecretStr | None
    resolution: Resolution
    task: Task | str
    prompt: str | None
    granularity: Granularity
    chunk_tokens: int
    token_counter: Any
    min_tokens: int | None
    overlap_tokens: int
    parents: bool
    contextualize: bool
    table_format: Literal["markdown", "html"]
    pages: str | None
    dpi: int
    pdf_backend: Literal["pymupdf", "pdfium"] | None
    password: str | SecretStr | None
    max_new_tokens: int | None
    timeout_s: float
    max_in_flight: int | None
    max_concurrency: int
    image_format: Literal["jpeg", "png"]
    on_page_error: OnPageError
    repair: bool | Sequence[RepairRung]
    max_repair_reads: int
    read_figures: bool
    journal: str | bool | None
    structure: Literal["stream", "whole"]
    join_pages: bool
    include_furniture: bool
    save_images: str | None
    limits: Limits
    recursive: bool
    allow_private_urls: bool
    prefer_text_layer: bool
    ordered: bool
    engine_options: Mapping[str, Any]
    trust_remote_code: bool
    observers: Sequence[object]
    show_progress: bool


class SettingsArguments(ReaderArguments, total=False):
    """All settings as keyword arguments."""

    engine: object
