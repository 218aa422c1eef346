"""`Settings`: every choice with its default and its check."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, Self, Unpack, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_serializer,
    field_validator,
    model_validator,
)

from dsocr_loaders.errors import SettingsError
from dsocr_loaders.settings.address import is_base_url
from dsocr_loaders.settings.arguments import (
    Granularity,
    OnPageError,
    RepairRung,
    Resolution,
    Server,
    SettingsArguments,
)
from dsocr_loaders.settings.counters import is_counter, name_of_counter
from dsocr_loaders.settings.limits import Limits
from dsocr_loaders.settings.page_ranges import page_ranges
from dsocr_loaders.settings.wording import Allowed, allowed_in_words, problems_in_words
from dsocr_loaders.values import Task

__all__ = ["ENGINE_NAMES", "Settings"]

ENGINE_NAMES: Final = ("auto", "vllm", "transformers", "text_layer")
_ENGINE_MEMBERS = ("capacity", "close", "fingerprint", "loop", "needs_image", "prepare", "read", "text_source")
_REPLAY = "replay:"
_RUNGS: Final = get_args(RepairRung)


class Settings(BaseModel):
    """Every choice, with its default.

    Raises:
        SettingsError: a value is not allowed, or a word is no setting.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        arbitrary_types_allowed=True,
        protected_namespaces=(),
        hide_input_in_errors=True,  # pydantic's own error is part of every traceback, and an input may be a key
    )

    engine: Annotated[
        Any,
        Allowed(
            '"auto", "vllm", "transformers", "text_layer", "replay:FOLDER", '
            'a base URL such as "http://localhost:8000/v1" without user, password or query (api_key takes a key), '
            "or an Engine"
        ),
    ] = Field("auto", description="What reads the pages.")
    model: Annotated[str, Allowed("a model's name, such as deepseek-ai/DeepSeek-OCR, or its folder")] = Field(
        "deepseek-ai/DeepSeek-OCR", min_length=1, description="The model that the engine runs."
    )
    revision: Annotated[str | None, Allowed("a revision of the model's repository")] = Field(
        None, min_length=1, description="Revision of the model's repository, for engines that load it themselves."
    )
    server: Annotated[Server, Allowed("auto, vllm, sglang, deepseek-ocr-rs, ollama, llama-server or openai")] = Field(
        "auto", description="Kind of server behind a URL; auto asks it."
    )
    api_key: Annotated[SecretStr | None, Allowed("a string")] = Field(
        None,
        exclude=True,
        repr=False,
        description="Key for a remote engine; else the environment's DSOCR_API_KEY, for DSOCR_ENDPOINT alone.",
    )
    resolution: Annotated[
        Resolution,
        Allowed(
            "tiny, small, base, large, gundam, gundam-2, gundam-3, gundam-4, gundam-5, gundam-6, gundam-7, gundam-8, "
            "gundam-9 or gundam-m"
        ),
    ] = Field(
        "gundam", description="Resolution mode of the model; a number says how many crops a page may be cut into."
    )
    task: Annotated[Task, Allowed("document, ocr, free, figure, describe or locate")] = Field(
        Task.DOCUMENT, description="What the model is asked for."
    )
    prompt: Annotated[str | None, Allowed("a text")] = Field(
        None, min_length=1, description="Words instead of the task's own; for task locate: the words to find."
    )
    granularity: Annotated[Granularity, Allowed("chunk, region, page, document or grounded")] = Field(
        "chunk", description="What one object of the result holds."
    )
    chunk_tokens: Annotated[int, Allowed("a whole number from 16 to 100000")] = Field(
        512, ge=16, le=100_000, description="Most tokens of a chunk, its headings counted in."
    )
    token_counter: Annotated[
        Any,
        Allowed(
            "the name of a tiktoken encoding or model, the path of a tokenizer.json, a tokenizer of tiktoken, "
            "tokenizers or transformers, or a callable that returns the tokens of a text"
        ),
    ] = Field(
        None,
        description="Counts tokens: a tiktoken name, the path of a tokenizer.json, a tokenizer, or a callable; by "
        "default an estimate that needs no vocabulary.",
    )
    min_tokens: Annotated[int | None, Allowed("a whole number from 0 to 100000")] = Field(
        None,
        ge=0,
        le=100_000,
        description="Chunks with fewer tokens are merged with a neighbour of their section; by default an eighth of "
        "chunk_tokens, 0 merges none.",
    )
    overlap_tokens: Annotated[int, Allowed("a whole number from 0 to 50000, at most half of chunk_tokens")] = Field(
        0,
        ge=0,
        le=50_000,
        description="Most tokens that a piece of a split text repeats of the one before it; sentences if any fit.",
    )
    parents: Annotated[bool, Allowed("true or false")] = Field(
        default=False,
        description="Also make the chunks' parents: sections of several chunks, and whole tables that were split.",
    )
    contextualize: Annotated[bool, Allowed("true or false")] = Field(
        default=False,
        description="Put the document's title and the headings above a chunk before its text.",
    )
    table_format: Annotated[Literal["markdown", "html"], Allowed("markdown or html")] = Field(
        "markdown", description="How a chunk's text shows a table."
    )
    pages: Annotated[str | None, Allowed('pages from 1, such as "1-3,7,-1"; -1 is the last page')] = Field(
        None, description="Pages to read; all by default."
    )
    dpi: Annotated[int, Allowed("a whole number from 36 to 600")] = Field(
        144, ge=36, le=600, description="Dots per inch at which PDF pages are rendered (144 is the official value)."
    )
    pdf_backend: Annotated[Literal["pymupdf", "pdfium"] | None, Allowed("pymupdf or pdfium")] = Field(
        None, description="Library that renders PDFs; by default pymupdf if installed, else pdfium."
    )
    password: Annotated[SecretStr | None, Allowed("a string")] = Field(
        None, exclude=True, repr=False, description="Password of encrypted PDFs."
    )
    max_new_tokens: Annotated[int | None, Allowed("a whole number from 1 to 1000000")] = Field(
        None, ge=1, le=1_000_000, description="Limit for an answer; by default what the context leaves."
    )
    timeout_s: Annotated[float, Allowed("seconds, more than 0")] = Field(
        600.0, gt=0, allow_inf_nan=False, description="Longest wait for one answer, in seconds."
    )
    max_in_flight: Annotated[int | None, Allowed("a whole number from 1 to 4096")] = Field(
        None, ge=1, le=4096, description="Most page images held at once; by default 1.1 times the engine's slots."
    )
    max_concurrency: Annotated[int, Allowed("a whole number from 1 to 4096")] = Field(
        256,
        ge=1,
        le=4096,
        description="Most pages that a server is asked for at once; how many it serves best is found while reading.",
    )
    image_format: Annotated[Literal["jpeg", "png"], Allowed("jpeg or png")] = Field(
        "jpeg", description="How page images travel to a remote engine (jpeg: quality 95, 4:4:4)."
    )
    on_page_error: Annotated[OnPageError, Allowed("raise, skip, placeholder or text_layer")] = Field(
        "raise", description="What becomes of a page that failed."
    )
    repair: Annotated[bool | Sequence[RepairRung], Allowed(f"true, false, or rungs in order: {', '.join(_RUNGS)}")] = (
        Field(
            default=True,
            description="Try to mend a page whose answer loops, breaks off or leaves text out.",
        )
    )
    max_repair_reads: Annotated[int, Allowed("a whole number from 0 to 32")] = Field(
        4, ge=0, le=32, description="Most extra reads that a page may have for its repair."
    )
    read_figures: Annotated[bool, Allowed("true or false")] = Field(
        default=False, description="Have the model read each figure alone too, for what charts and formulas in it say."
    )
    journal: Annotated[
        str | bool | None, Allowed("a file or folder on a local disk, or True for a file in the user's own folder")
    ] = Field(None, description="Where raw answers are kept, so that a rerun reads no page again; off by default.")
    structure: Annotated[Literal["stream", "whole"], Allowed("stream or whole")] = Field(
        "stream", description="Structure page by page with a short look-ahead, or from the whole document."
    )
    join_pages: Annotated[bool, Allowed("true or false")] = Field(
        default=True, description="Join paragraphs and tables that go on over a page break."
    )
    include_furniture: Annotated[bool, Allowed("true or false")] = Field(
        default=False, description="Put headers, footers and page numbers into chunks too."
    )
    save_images: Annotated[str | None, Allowed("a folder's path")] = Field(
        None, min_length=1, description="Folder for the crops of figures; none are saved by default."
    )
    limits: Annotated[Limits, Allowed("a Limits")] = Field(
        Limits(), description="The most that a source may hold, see Limits."
    )
    recursive: Annotated[bool, Allowed("true or false")] = Field(
        default=False, description="Go into the subfolders of a folder too."
    )
    allow_private_urls: Annotated[bool, Allowed("true or false")] = Field(
        default=False,
        description="Let URLs lead to addresses that are not of the public internet, this machine's own included.",
    )
    prefer_text_layer: Annotated[bool, Allowed("true or false")] = Field(
        default=False,
        description="Read a page from the PDF's own text layer where that is good, the others with the engine.",
    )
    ordered: Annotated[bool, Allowed("true or false")] = Field(
        default=True,
        description="Page results in order; if not, as they come. Chunks and documents are always in order.",
    )
    engine_options: Annotated[Mapping[str, Any], Allowed("a mapping of names to values")] = Field(
        default_factory=dict,
        description="Further arguments of an engine in this process, by the names of its library: of vLLM's engine, "
        "or of transformers' from_pretrained.",
    )
    trust_remote_code: Annotated[bool, Allowed("true or false")] = Field(
        default=False,
        description="Run code that comes with a model, for engines in this process; name its revision as well.",
    )
    observers: Annotated[Sequence[object], Allowed("objects with a method observe(event)")] = Field(
        (), exclude=True, repr=False, description="Watch each run, see dsocr_loaders.observers."
    )
    show_progress: Annotated[bool, Allowed("true or false")] = Field(
        default=False, description="Show on standard error how far a run is: a bar on a terminal, lines elsewhere."
    )

    def __init__(self, **values: Unpack[SettingsArguments]) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise SettingsError(problems_in_words(error, type(self).model_fields)) from error

    @field_validator("engine")
    @classmethod
    def _engine_is_known(cls, value: object) -> object:
        if not isinstance(value, str):
            missing = [name for name in _ENGINE_MEMBERS if not hasattr(value, name)]
            if len(missing) == len(_ENGINE_MEMBERS):
                raise ValueError("no engine")
            if missing:
                kind = type(value).__qualname__
                raise SettingsError(f"engine={kind} is no Engine: it lacks {', '.join(missing)}.")
            return value
        if value in ENGINE_NAMES or (value.startswith(_REPLAY) and len(value) > len(_REPLAY)):
            return value
        if not is_base_url(value):
            raise ValueError("no engine")
        return value

    @field_validator("observers")
    @classmethod
    def _observers_observe(cls, value: Sequence[object]) -> Sequence[object]:
        if isinstance(value, str) or not all(callable(getattr(each, "observe", None)) for each in value):
            raise ValueError("no observer")
        return tuple(value)

    @field_validator("pages")
    @classmethod
    def _pages_are_ranges(cls, value: str | None) -> str | None:
        if value is not None:
            page_ranges(value)
        return value

    @field_validator("repair", mode="before")
    @classmethod
    def _repair_is_a_ladder(cls, value: object) -> object:
        if isinstance(value, bool):
            return value
        rungs = tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else ()
        if not rungs or any(rung not in _RUNGS for rung in rungs) or len(set(rungs)) < len(rungs):
            raise ValueError("no ladder")
        return rungs

    @field_validator("journal", mode="before")
    @classmethod
    def _journal_is_a_place(cls, value: object) -> object:
        place = os.fspath(value) if isinstance(value, os.PathLike) else value
        if not (place is None or isinstance(place, bool) or (isinstance(place, str) and place.strip())):
            raise ValueError("no place")
        return place

    @field_validator("save_images", mode="before")
    @classmethod
    def _folder_as_text(cls, value: object) -> object:
        return os.fspath(value) if isinstance(value, os.PathLike) else value

    @field_validator("token_counter")
    @classmethod
    def _counter_counts(cls, value: object) -> object:
        if not is_counter(value):
            raise ValueError("no counter")
        return value

    @model_validator(mode="after")
    def _chunks_have_room(self) -> Self:
        for name in ("min_tokens", "overlap_tokens"):
            most = self.chunk_tokens // (1 if name == "min_tokens" else 2)
            chosen = getattr(self, name)
            if chosen is not None and chosen > most:
                raise SettingsError(
                    f"{name}={chosen} is too much for chunk_tokens={self.chunk_tokens}; allowed here: up to {most}."
                )
        return self

    @model_validator(mode="after")
    def _locate_has_words(self) -> Self:
        if self.task is Task.LOCATE and self.prompt is None:
            raise SettingsError("task='locate' needs prompt=..., the words to find on the page.")
        return self

    @model_validator(mode="after")
    def _figures_are_seen(self) -> Self:
        if self.read_figures and self.engine == "text_layer":
            raise SettingsError("read_figures=True needs an engine that sees pages; engine='text_layer' does not.")
        return self

    @field_serializer("engine")
    def _engine_as_text(self, value: object) -> str:
        return value if isinstance(value, str) else str(getattr(value, "fingerprint", type(value).__qualname__))

    @field_serializer("token_counter")
    def _counter_as_text(self, value: object) -> str | None:
        return name_of_counter(value)

    def __getstate__(self) -> dict[Any, Any]:
        if self.api_key is not None:
            raise SettingsError(
                "A reader with an explicit api_key cannot be sent to another process, since its pickle would hold "
                "the key. Set the environment variables DSOCR_ENDPOINT and DSOCR_API_KEY instead."
            )
        return super().__getstate__()

    @classmethod
    def allowed(cls, name: str) -> str:
        """Return what the setting `name` takes, in words."""
        return allowed_in_words(cls.model_fields[name])
