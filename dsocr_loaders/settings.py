"""What a user may choose, checked once.

`Settings` is one frozen object with every choice; `Reader`, the command line and the framework classes take the same
words. A value that is not allowed raises `SettingsError`, which names the setting, the value and what is allowed.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self, TypedDict, Unpack
from urllib.parse import urlsplit

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
from dsocr_loaders.values import Task

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

__all__ = ["ENGINE_NAMES", "ReaderArguments", "Settings", "SettingsArguments", "selected_pages"]

Server = Literal["auto", "vllm", "sglang", "deepseek-ocr-rs", "ollama", "llama-server", "openai"]
Resolution = Literal["tiny", "small", "base", "large", "gundam", "gundam-m"]
Granularity = Literal["chunk", "region", "page", "document", "grounded"]
OnPageError = Literal["raise", "skip", "placeholder", "text_layer"]
TokenCounter = Callable[[str], int]

ENGINE_NAMES: Final = ("auto", "vllm", "transformers", "text_layer")
_ENGINE_MEMBERS = ("capacity", "close", "fingerprint", "loop", "needs_image", "prepare", "read", "text_source")
_REPLAY = "replay:"
_PAGE_RANGES = re.compile(r"\s*-?\d+(\s*-\s*-?\d+)?(\s*,\s*-?\d+(\s*-\s*-?\d+)?)*\s*")
_PAGE_RANGE = re.compile(r"\s*(-?\d+)(?:\s*-\s*(-?\d+))?\s*")


@dataclass(frozen=True, slots=True)
class _Allowed:
    """What a setting takes, in words for error messages and help texts."""

    words: str


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
    token_counter: TokenCounter | None
    contextualize: bool
    table_format: Literal["markdown", "html"]
    pages: str | None
    dpi: int
    pdf_backend: Literal["pymupdf", "pdfium"] | None
    password: str | SecretStr | None
    max_new_tokens: int | None
    timeout_s: float
    max_in_flight: int | None
    image_format: Literal["jpeg", "png"]
    on_page_error: OnPageError
    journal: str | bool | None
    structure: Literal["stream", "whole"]
    save_images: str | None
    show_progress: bool


class SettingsArguments(ReaderArguments, total=False):
    """All settings as keyword arguments."""

    engine: object


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
        _Allowed(
            '"auto", "vllm", "transformers", "text_layer", "replay:FOLDER", '
            'a base URL such as "http://localhost:8000/v1" without user, password or query (api_key takes a key), '
            "or an Engine"
        ),
    ] = Field("auto", description="What reads the pages.")
    model: Annotated[str, _Allowed("a model's name, such as deepseek-ai/DeepSeek-OCR, or its folder")] = Field(
        "deepseek-ai/DeepSeek-OCR", min_length=1, description="The model that the engine runs."
    )
    revision: Annotated[str | None, _Allowed("a revision of the model's repository")] = Field(
        None, min_length=1, description="Revision of the model's repository, for engines that load it themselves."
    )
    server: Annotated[Server, _Allowed("auto, vllm, sglang, deepseek-ocr-rs, ollama, llama-server or openai")] = Field(
        "auto", description="Kind of server behind a URL; auto asks it."
    )
    api_key: Annotated[SecretStr | None, _Allowed("a string")] = Field(
        None,
        exclude=True,
        repr=False,
        description="Key for a remote engine; else the environment's DSOCR_API_KEY, for DSOCR_ENDPOINT alone.",
    )
    resolution: Annotated[Resolution, _Allowed("tiny, small, base, large, gundam or gundam-m")] = Field(
        "gundam", description="Resolution mode of the model."
    )
    task: Annotated[Task, _Allowed("document, ocr, free, figure, describe or locate")] = Field(
        Task.DOCUMENT, description="What the model is asked for."
    )
    prompt: Annotated[str | None, _Allowed("a text")] = Field(
        None, min_length=1, description="Words instead of the task's own; for task locate: the words to find."
    )
    granularity: Annotated[Granularity, _Allowed("chunk, region, page, document or grounded")] = Field(
        "chunk", description="What one object of the result holds."
    )
    chunk_tokens: Annotated[int, _Allowed("a whole number from 16 to 100000")] = Field(
        512, ge=16, le=100_000, description="Most tokens of a chunk, its headings counted in."
    )
    token_counter: Annotated[TokenCounter | None, _Allowed("a callable that returns the tokens of a text")] = Field(
        None, description="Counts tokens; by default an estimate that needs no vocabulary."
    )
    contextualize: Annotated[bool, _Allowed("true or false")] = Field(
        default=False,
        description="Put the headings above a chunk before its text.",
    )
    table_format: Annotated[Literal["markdown", "html"], _Allowed("markdown or html")] = Field(
        "markdown", description="How a chunk's text shows a table."
    )
    pages: Annotated[str | None, _Allowed('pages from 1, such as "1-3,7,-1"; -1 is the last page')] = Field(
        None, description="Pages to read; all by default."
    )
    dpi: Annotated[int, _Allowed("a whole number from 36 to 600")] = Field(
        144, ge=36, le=600, description="Dots per inch at which PDF pages are rendered (144 is the official value)."
    )
    pdf_backend: Annotated[Literal["pymupdf", "pdfium"] | None, _Allowed("pymupdf or pdfium")] = Field(
        None, description="Library that renders PDFs; by default pymupdf if installed, else pdfium."
    )
    password: Annotated[SecretStr | None, _Allowed("a string")] = Field(
        None, exclude=True, repr=False, description="Password of encrypted PDFs."
    )
    max_new_tokens: Annotated[int | None, _Allowed("a whole number from 1 to 1000000")] = Field(
        None, ge=1, le=1_000_000, description="Limit for an answer; by default what the context leaves."
    )
    timeout_s: Annotated[float, _Allowed("seconds, more than 0")] = Field(
        600.0, gt=0, allow_inf_nan=False, description="Longest wait for one answer, in seconds."
    )
    max_in_flight: Annotated[int | None, _Allowed("a whole number from 1 to 4096")] = Field(
        None, ge=1, le=4096, description="Most page images held at once; by default 1.1 times the engine's slots."
    )
    image_format: Annotated[Literal["jpeg", "png"], _Allowed("jpeg or png")] = Field(
        "jpeg", description="How page images travel to a remote engine (jpeg: quality 95, 4:4:4)."
    )
    on_page_error: Annotated[OnPageError, _Allowed("raise, skip, placeholder or text_layer")] = Field(
        "raise", description="What becomes of a page that failed."
    )
    journal: Annotated[str | bool | None, _Allowed("nothing in this release, which has no journal yet")] = Field(
        None, description="Where raw answers are kept for reruns; not in this release."
    )
    structure: Annotated[Literal["stream", "whole"], _Allowed("stream or whole")] = Field(
        "stream", description="Structure page by page, or from the whole document."
    )
    save_images: Annotated[str | None, _Allowed("nothing in this release, which saves no crops yet")] = Field(
        None, description="Folder for the crops of figures; not in this release."
    )
    show_progress: Annotated[bool, _Allowed("true or false")] = Field(
        default=False, description="Write a line to standard error for each page."
    )

    def __init__(self, **values: Unpack[SettingsArguments]) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise SettingsError(_in_words(error, type(self).model_fields)) from error

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
        if not _is_base_url(value):
            raise ValueError("no engine")
        return value

    @field_validator("pages")
    @classmethod
    def _pages_are_ranges(cls, value: str | None) -> str | None:
        if value is not None:
            _page_ranges(value)
        return value

    @field_validator("journal", "save_images")
    @classmethod
    def _is_left_out(cls, value: object) -> object:
        if value not in {None, False}:
            raise ValueError("not in this release")
        return value

    @model_validator(mode="after")
    def _locate_has_words(self) -> Self:
        if self.task is Task.LOCATE and self.prompt is None:
            raise SettingsError("task='locate' needs prompt=..., the words to find on the page.")
        return self

    @field_serializer("engine")
    def _engine_as_text(self, value: object) -> str:
        return value if isinstance(value, str) else str(getattr(value, "fingerprint", type(value).__qualname__))

    @field_serializer("token_counter")
    def _counter_as_text(self, value: TokenCounter | None) -> str | None:
        return None if value is None else f"{value.__module__}.{getattr(value, '__qualname__', type(value))}"

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
        return _allowed(cls.model_fields[name])


def _allowed(field: FieldInfo) -> str:
    # A framework class that inherits from `Settings` has fields of its own.
    own = next((item.words for item in field.metadata if isinstance(item, _Allowed)), None)
    return own or f"{field.annotation}"


_SECRETS = frozenset({"api_key", "password"})
_LONGEST_SHOWN = 80


def _in_words(error: ValidationError, fields: dict[str, FieldInfo]) -> str:
    return "\n".join(dict.fromkeys(_problem_in_words(problem, fields) for problem in error.errors()))


def _problem_in_words(problem: Any, fields: dict[str, FieldInfo]) -> str:  # noqa: ANN401 - pydantic's own TypedDict
    cause = problem.get("ctx", {}).get("error")
    if isinstance(cause, SettingsError):  # a rule that brings its own message
        return str(cause)
    name = str(problem["loc"][0])
    if problem["type"] == "extra_forbidden":
        close = difflib.get_close_matches(name, fields, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"the settings are {', '.join(fields)}."
        return f"{name!r} is no setting; {hint}"
    shown = "(hidden)" if name in _SECRETS else _shown(problem["input"])
    return f"{name}={shown} is not allowed; allowed: {_allowed(fields[name])}."


def _shown(value: object) -> str:
    if isinstance(value, str) and "://" in value:  # what a URL may hold besides an address is often a key
        value = re.sub(r"[?#].*", "?(hidden)", re.sub(r"//.*@", "//(hidden)@", value, flags=re.DOTALL), flags=re.DOTALL)
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 3] + "..."


def _is_base_url(value: str) -> bool:
    """Return whether `value` is an address of a server and nothing else, so that it may be shown."""
    try:
        parts = urlsplit(value)
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that do not match, or a port that is no number, which its message would quote
        return False
    return is_address and not any(sign in value for sign in "@?#")


def _page_ranges(spec: str) -> tuple[tuple[int, int], ...]:
    """Return `(first, last)` for each range of `spec`, both as written: from 1, or negative from the end.

    Raises:
        ValueError: `spec` is no list of page ranges, names a page 0, or has a range that runs backwards in any file.
    """
    if not _PAGE_RANGES.fullmatch(spec):
        raise ValueError("no page ranges")
    ranges = []
    for part in spec.split(","):
        found = _PAGE_RANGE.fullmatch(part)
        if found is None:
            raise ValueError("no page range")
        first = int(found[1])
        last = int(found[2]) if found[2] else first
        if first == 0 or last == 0:
            raise ValueError("pages count from 1")
        if first > last and (first > 0) == (last > 0):
            raise ValueError("a range that runs backwards")
        ranges.append((first, last))
    return tuple(ranges)


def selected_pages(spec: str | None, total_pages: int) -> tuple[int, ...]:
    """Return the page numbers, from 1, that `spec` selects of a file with `total_pages` pages, each once, ascending.

    Pages beyond the file's end are left out, so that one range serves files of different lengths.

    Raises:
        ValueError: `spec` is no list of page ranges.
    """
    if spec is None:
        return tuple(range(1, total_pages + 1))
    chosen: set[int] = set()
    for first, last in _page_ranges(spec):
        low, high = (number if number > 0 else total_pages + 1 + number for number in (first, last))
        chosen.update(range(max(1, low), min(total_pages, high) + 1))
    return tuple(sorted(chosen))
