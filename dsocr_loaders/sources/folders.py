"""Folders and patterns of the local disk: which of their files are ours, in order.

Hidden files and folders are left out, unless a pattern names them with their dot. A linked folder is never entered on
the way through subfolders: it may lead back up. Of what cannot be listed, only itself is lost.
"""

from __future__ import annotations

import fnmatch
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from dsocr_loaders.errors import LimitExceeded, SourceError, SourceNotFound
from dsocr_loaders.sources.content import HEAD_BYTES, media_type_of
from dsocr_loaders.sources.taking import failure_of, local_source, reason_of
from dsocr_loaders.values import Source, SourceFailure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsocr_loaders.sources.taking import Intake

__all__ = ["EXTENSIONS", "from_folder", "from_pattern", "has_pattern_marks", "nesting_exceeded"]

EXTENSIONS = frozenset(
    {
        *(".pdf", ".png", ".webp", ".bmp", ".dib", ".gif", ".tif", ".tiff", ".heic", ".heif"),
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".jp2", ".jpx", ".j2k"),
    }
)
"""Extensions that promise one of our types: such a file that is none is a failure, not passed over."""

_MARKS = re.compile(r"[*?\[]")
_ANY_DEPTH = "**"


def has_pattern_marks(text: str) -> bool:
    """Return whether `text` may be a pattern."""
    return _MARKS.search(text) is not None


def from_folder(folder: str, intake: Intake) -> Iterator[Source | SourceFailure]:
    """Yield the folder's files that are ours, by name, or the one failure that there is none."""
    found_any = False
    for item in _files_of(folder, intake, depth=0):
        found_any = True
        yield item
    if not found_any:
        hint = (
            ""
            if intake.recursive
            else f' Its subfolders were not searched; recursive=True does that, and so does "{folder}/**/*".'
        )
        yield SourceFailure(
            folder, SourceNotFound.__name__, f"The folder holds no PDF and no image that is read, by content.{hint}"
        )


def from_pattern(pattern: str, intake: Intake) -> Iterator[Source | SourceFailure]:
    """Yield what matches a pattern such as `docs/**/*.pdf` and is ours, by name.

    `**` stands for any folders below. A folder that matches is entered if the run is recursive.
    """
    anchor = Path(pattern).anchor
    segments = [part for part in re.split(r"[\\/]" if os.sep == "\\" else "/", pattern[len(anchor) :]) if part]
    search = _Search(intake.limits.nesting)
    search.expand(anchor, tuple(segments), 0)
    found_any = False
    for path in sorted(search.found):
        known = search.found[path]
        if known is not None:
            items: Iterator[Source | SourceFailure] = iter([known])
        elif os.path.isdir(path):  # noqa: PTH112 - False where Path raises
            items = _files_of(path, intake, depth=0) if intake.recursive else iter(())
        else:
            items = _candidate(path, intake)
        for item in items:
            found_any = True
            yield item
    if not found_any:
        message = "No PDF and no image that is read matches this pattern, and no file has this very name."
        yield SourceFailure(pattern, SourceNotFound.__name__, message)


def nesting_exceeded(name: str, nesting: int) -> SourceFailure:
    """Return the failure of what lies deeper than the limit allows."""
    message = f"It lies deeper than limits.nesting={nesting} allows. Name it itself, or raise the limit."
    return SourceFailure(name, LimitExceeded.__name__, message)


def _files_of(folder: str, intake: Intake, depth: int) -> Iterator[Source | SourceFailure]:
    if depth > intake.limits.nesting:
        yield nesting_exceeded(folder, intake.limits.nesting)
        return
    try:
        visible = _entries(folder)
    except SourceError as error:
        yield failure_of(folder, error)
        return
    for entry in visible:
        if entry.name.startswith("."):
            continue
        if _is_folder(entry):
            if intake.recursive and not entry.is_symlink():
                yield from _files_of(entry.path, intake, depth + 1)
        else:
            yield from _candidate(entry.path, intake)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise SourceError(f"The folder cannot be listed: {reason_of(error)}.") from error


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a ring of links
        return False


class _Search:
    """Finds what matches a pattern; `found` maps each path to None, or to the failure that it is."""

    def __init__(self, nesting: int) -> None:
        self.found: dict[str, SourceFailure | None] = {}
        self._nesting = nesting
        self._been: set[tuple[str, tuple[str, ...]]] = set()

    def expand(self, base: str, segments: tuple[str, ...], depth: int) -> None:
        """Search `base`, `""` for the current folder, for what the segments match."""
        if not segments:
            self.found.setdefault(base)
            return
        if (base, segments) in self._been:  # two ** lead to the same folder in many ways
            return
        self._been.add((base, segments))
        head, rest = segments[0], segments[1:]
        if head == _ANY_DEPTH:
            self.expand(base, rest or ("*",), depth)
            for entry in self._listed(base):
                if not entry.name.startswith(".") and _is_folder(entry) and not entry.is_symlink():
                    self._expand_below(base, entry.name, segments, depth)
        elif not has_pattern_marks(head):
            path = os.path.join(base, head)  # noqa: PTH118 - keeps the name as the user wrote the pattern
            if os.path.lexists(path):
                self.expand(path, rest, depth)
        else:
            wanted = re.compile(fnmatch.translate(os.path.normcase(head)))
            for entry in self._listed(base):
                is_hidden = entry.name.startswith(".") and not head.startswith(".")
                if not is_hidden and wanted.match(os.path.normcase(entry.name)):
                    self.expand(os.path.join(base, entry.name), rest, depth)  # noqa: PTH118 - likewise

    def _expand_below(self, base: str, name: str, segments: tuple[str, ...], depth: int) -> None:
        path = os.path.join(base, name)  # noqa: PTH118 - keeps the name as the user wrote the pattern
        if depth >= self._nesting:
            self.found[path] = nesting_exceeded(path, self._nesting)
        else:
            self.expand(path, segments, depth + 1)

    def _listed(self, base: str) -> list[os.DirEntry[str]]:
        folder = base or os.curdir
        if not os.path.isdir(folder):  # noqa: PTH112 - a file in the middle of a pattern matches nothing
            return []
        try:
            return _entries(folder)
        except SourceError as error:
            self.found[folder] = failure_of(folder, error)
            return []


def _candidate(path: str, intake: Intake) -> Iterator[Source | SourceFailure]:
    """Yield the file if it is one of ours; a failure if its name says so and its content does not."""
    file = Path(path)
    if file.suffix.lower() not in EXTENSIONS:
        try:
            if not file.is_file():
                return
            with file.open("rb") as stream:
                if media_type_of(stream.read(HEAD_BYTES)) is None:
                    return
        except OSError:
            return
    yield local_source(path, path, intake)
