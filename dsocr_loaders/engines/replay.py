"""An engine that answers from a folder: recorded answers, found by the digest of a page's pixels.

```
answers/
  answers.json     [{"digest": "<64 hex digits>", "answer": "letter-1.txt", "source": "letter.pdf", "page": 1}, ...]
  letter-1.txt     the raw answer, UTF-8, tags included
```

An entry may list several digests, since two PDF libraries may draw the same page in slightly different pixels.
`finish_reason` is `"stop"` unless the entry says `"length"`; `source` and `page` are for people.
"""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from dsocr_loaders.engines.encode import digest_page
from dsocr_loaders.engines.loop import EngineLoop
from dsocr_loaders.errors import EngineError, engine_error
from dsocr_loaders.values import RawAnswer, TextSource

if TYPE_CHECKING:
    from dsocr_loaders.engines.protocol import Prepared
    from dsocr_loaders.values import ReadRequest

__all__ = ["ANSWERS_FILE", "RecordedAnswer", "ReplayEngine"]

ANSWERS_FILE: Final = "answers.json"
LARGEST_FILE_BYTES: Final = 10_000_000

Digest = Annotated[str, StringConstraints(to_lower=True, pattern="^[0-9a-fA-F]{64}$")]


class RecordedAnswer(BaseModel):
    """One entry of `answers.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    digest: Annotated[
        tuple[Digest, ...], BeforeValidator(lambda value: (value,) if isinstance(value, str) else value)
    ] = Field(min_length=1, description="Digests of the page's pixels, as `dsocr digest` prints them.")
    answer: str = Field(min_length=1, description="File with the raw answer, relative to the folder.")
    finish_reason: Literal["stop", "length"] = "stop"
    source: str = Field("", description="The document, for people.")
    page: int | None = Field(None, ge=1, description="The page, for people.")


_ENTRIES: Final = TypeAdapter(tuple[RecordedAnswer, ...])


class ReplayEngine:
    """Answers with what was recorded. The same pixels get the same answer, whatever the task or prompt.

    Args:
        folder: holds `answers.json`, which is read here, and the answers, which are read when they are asked for.

    Attributes:
        fingerprint: `"replay <beginning of the sha256 of answers.json>"`.

    Raises:
        EngineUnavailable: cause `no_engine`, there is no such folder or its `answers.json` is not as it should be.
    """

    capacity = 8
    text_source = TextSource.OCR
    needs_image = True

    def __init__(self, folder: str | Path) -> None:
        self._folder = Path(folder).expanduser()
        content = _read_list(self._folder)
        self._answers = _by_digest(self._folder, content)
        self.fingerprint = f"replay {hashlib.sha256(content).hexdigest()[:12]}"
        self.loop = EngineLoop("replay")
        self.prepare = digest_page

    def __repr__(self) -> str:
        return f"<ReplayEngine {str(self._folder)!r}>"

    async def read(self, prepared: Prepared, request: ReadRequest) -> RawAnswer:
        """Return the answer that was recorded for the page's pixels.

        Raises:
            EngineRejected: cause `no_answer`, none was recorded; `not_understood`, its file cannot be read.
        """
        entry = self._answers.get(prepared.digest)
        if entry is None:
            page = request.page
            raise engine_error(
                "no_answer",
                f"No answer is recorded for page {page.page_number} of {page.source.name}, whose pixels have the "
                f"digest {prepared.digest}. Add that digest and the answer's file to {self._folder / ANSWERS_FILE}; "
                "`dsocr digest FILE` prints the digests of all pages of a file.",
            )
        text = await asyncio.to_thread(_read_answer, self._folder / entry.answer)
        return RawAnswer(text, entry.finish_reason, None, None, "replay", self.fingerprint)

    def close(self) -> None:
        """End the loop. Safe to call twice."""
        self.loop.close()


def _read_list(folder: Path) -> bytes:
    path = folder / ANSWERS_FILE
    if not folder.is_dir():
        raise _refused(folder, "there is no such folder")
    try:
        return _read_bytes(path)
    except FileNotFoundError as error:
        raise _refused(folder, f"it has no {ANSWERS_FILE}") from error
    except (OSError, ValueError) as error:
        raise _refused(folder, f"{ANSWERS_FILE} cannot be read: {error}") from error


def _by_digest(folder: Path, content: bytes) -> dict[str, RecordedAnswer]:
    try:
        entries = _ENTRIES.validate_json(content)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        where = "".join(
            f"entry {part + 1}" if isinstance(part, int) and not at else f", {part}"
            for at, part in enumerate(problem["loc"])
        )
        raise _refused(folder, f"{ANSWERS_FILE}: {where + ': ' if where else ''}{problem['msg']}") from error
    home = folder.resolve()
    by_digest: dict[str, RecordedAnswer] = {}
    for number, entry in enumerate(entries, start=1):
        try:
            is_inside = (folder / entry.answer).resolve().is_relative_to(home)
        except (OSError, ValueError, RuntimeError):  # a NUL in the name, or a ring of links
            is_inside = False
        if not is_inside:
            raise _refused(folder, f"{ANSWERS_FILE}: entry {number}: {entry.answer!r} is no file inside the folder")
        for digest in entry.digest:
            known = by_digest.setdefault(digest, entry)
            if known.answer != entry.answer:
                raise _refused(
                    folder,
                    f"{ANSWERS_FILE}: entry {number}: the digest {digest[:12]}... has the answer {known.answer!r} "
                    "already",
                )
    return by_digest


def _read_answer(path: Path) -> str:
    try:
        return _read_bytes(path).decode("utf-8")
    except (OSError, ValueError) as error:
        raise engine_error("not_understood", f"The recorded answer {path} cannot be read: {error}.") from error


def _read_bytes(path: Path) -> bytes:
    """Return a file's content.

    Raises:
        OSError: it cannot be read.
        ValueError: it is larger than an answer can be.
    """
    with path.open("rb") as file:
        content = file.read(LARGEST_FILE_BYTES + 1)
    if len(content) > LARGEST_FILE_BYTES:
        raise ValueError(f"it is larger than {LARGEST_FILE_BYTES} bytes")
    return content


def _refused(folder: Path, problem: str) -> EngineError:
    return engine_error(
        "no_engine", f"engine='replay:{folder}' cannot answer: {problem}. The folder holds {ANSWERS_FILE} and answers."
    )
