"""`resolve_sources`: what the user points at, one after another."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias, cast

from dsocr_loaders.errors import SettingsError, SourceUnsupported
from dsocr_loaders.settings import Limits
from dsocr_loaders.sources.content import BLOCK_BYTES, blocks_of
from dsocr_loaders.sources.file_systems import FileSystem, from_file_system
from dsocr_loaders.sources.folders import from_folder, from_pattern, has_pattern_marks, nesting_exceeded
from dsocr_loaders.sources.taking import Intake, local_source, spooled_source
from dsocr_loaders.values import Source, SourceFailure

if TYPE_CHECKING:
    from typing import BinaryIO

    from dsocr_loaders.sources.spool import Spool

__all__ = ["FileSystem", "Sourceable", "resolve_sources"]

Sourceable: TypeAlias = (
    "str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Source | Iterable[Sourceable]"
)
"""What `resolve_sources` takes."""

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_FETCHED = re.compile(r"https?://", re.IGNORECASE)


def resolve_sources(
    source: Sourceable,
    *,
    spool: Spool,
    fs: FileSystem | None = None,
    name: str | None = None,
    recursive: bool = False,
    limits: Limits | None = None,
    allow_private_urls: bool = False,
) -> Iterator[Source | SourceFailure]:
    """Return the sources that `source` stands for, in order, each taken when it is asked for.

    Args:
        source: a path; a folder (the files that are ours, by name, hidden ones left out); a pattern such as
            `"docs/*.pdf"`, if no file has that very name; an http(s) URL; bytes; a binary file object, read from where
            it stands; a `Source`; or an iterable of these, nested ones too.
        spool: takes the copies of what is not a local file; sources are valid until it is closed.
        fs: an fsspec file system; every path, folder and pattern is then looked for there.
        name: what to call a single source instead of its path, or instead of `bytes:<start of its sha256>`.
        recursive: go into a folder's subfolders too.
        limits: what is larger is a failure that names the limit; the defaults if None.
        allow_private_urls: let URLs lead to addresses outside the public internet.

    Raises:
        SettingsError: `source` is none of these, or `name` was given for several sources.
    """
    if name is not None and not (_is_path(source) or _is_bytes(source) or hasattr(source, "read")):
        raise SettingsError(f"name={name!r} names one source; here it was given for several.")
    return _resolved(source, Intake(spool, limits or Limits(), fs, name, recursive, allow_private_urls), 0)


def _is_path(source: object) -> bool:
    return isinstance(source, (str, os.PathLike))


def _is_bytes(source: object) -> bool:
    return isinstance(source, (bytes, bytearray, memoryview))


def _resolved(source: object, intake: Intake, depth: int) -> Iterator[Source | SourceFailure]:
    if isinstance(source, Source):
        yield source
    elif _is_path(source):
        yield from _from_path(os.fsdecode(cast("str", source)), intake)
    elif _is_bytes(source):
        data = memoryview(cast("bytes", source)).cast("B")
        blocks = (bytes(data[start : start + BLOCK_BYTES]) for start in range(0, len(data), BLOCK_BYTES))
        yield spooled_source(blocks, intake.name, intake)
    elif hasattr(source, "read"):
        own_name = getattr(source, "name", None)
        name = intake.name or (own_name if isinstance(own_name, str) else None)
        yield spooled_source(blocks_of(cast("BinaryIO", source)), name, intake)
    elif isinstance(source, Iterable) and not isinstance(source, Mapping):
        if depth >= intake.limits.nesting:  # a list that holds itself has no end
            yield nesting_exceeded("list in lists", intake.limits.nesting)
            return
        for item in source:
            yield from _resolved(item, intake, depth + 1)
    else:
        raise SettingsError(
            f"source={type(source).__name__} is not allowed; allowed: a path, a folder, a pattern, an http(s) URL, "
            "bytes, a binary file object, or a list of these."
        )


def _from_path(given: str, intake: Intake) -> Iterator[Source | SourceFailure]:
    if intake.fs is not None:
        yield from from_file_system(given, intake)
        return
    if _URL.match(given):
        yield _from_url(given, intake)
        return
    if os.path.lexists(given):
        path = given
    else:
        path = os.path.expanduser(given)  # noqa: PTH111 - leaves "~nobody" as it is where Path raises
        if has_pattern_marks(path):
            yield from from_pattern(path, intake)
            return
    if os.path.isdir(path):  # noqa: PTH112 - False where Path raises, inside a folder that may not be entered
        yield from from_folder(path, intake)
    else:
        yield local_source(path, intake.name or given, intake)


def _from_url(url: str, intake: Intake) -> Source | SourceFailure:
    from dsocr_loaders.sources.fetching import fetched, shown_url  # noqa: PLC0415 - httpx, for URLs alone

    name = intake.name or shown_url(url)
    if not _FETCHED.match(url):
        hint = "Such a URL is read through its file system: pass an fsspec file system beside the path: fs=..."
        return SourceFailure(name, SourceUnsupported.__name__, hint)
    blocks = fetched(url, intake.limits, intake.spool.require_open, allows_private=intake.allows_private_urls)
    # Without the query, which is never kept, two files may have one name.
    return spooled_source(blocks, name, intake, has_exact_name=intake.name is not None or "?" not in url)
