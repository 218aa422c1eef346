"""Where results go: three files for each source, names that collide keep their folders, writes are atomic."""

from __future__ import annotations

import contextlib
import os
import uuid
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from dsocr_loaders.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dsocr_loaders.values import Source

__all__ = ["OutputFolder", "write_text"]


class OutputFolder:
    """Gives each source of a run its own name below one folder.

    A source `a/report.pdf` is `report`. When `b/report.pdf` follows, the two become `a/report` and `b/report`: what
    was written before is moved. Where that is not enough (`a/report.png`), the name keeps its suffix: `a/report.png`.

    Raises:
        OutputError: the folder cannot be made.
    """

    def __init__(self, folder: str) -> None:
        if not folder.strip():
            raise OutputError("The output folder has no name; name one with -o.")
        self.folder = Path(folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{folder}: the output folder cannot be made ({_reason(error)})") from error
        _staged(self.folder / "test", "").unlink()  # before anything is read for it
        self._sources: dict[str, Source] = {}  # name -> who has it
        self._shared: set[str] = set()  # short names that several sources would have
        self._written: dict[str, list[Path]] = {}  # name -> files

    def write(self, source: Source, texts: Mapping[str, str]) -> None:
        """Write the files of `source`: `texts` is suffix -> text, such as `".md"` -> Markdown.

        Raises:
            OutputError: a file cannot be written; none of this source's files is then half written.
        """
        name = self._name_for(source)
        staged: dict[Path, Path] = {}
        try:
            for suffix, text in texts.items():
                path = self.folder / f"{name}{suffix}"
                staged[path] = _staged(path, text)
            for path, temporary in staged.items():
                _put(temporary, path)
        finally:
            for temporary in staged.values():
                temporary.unlink(missing_ok=True)
        self._written[name] = list(staged)

    def _name_for(self, source: Source) -> str:
        for name in _names(source):
            owner = self._sources.get(name)
            if name not in self._shared and (owner is None or owner.canonical == source.canonical):
                self._sources[name] = source
                return name
            self._shared.add(name)
            if owner is not None:
                del self._sources[name]
                self._move(name, self._name_for(owner))
        raise OutputError(f"{source.name}: no name is left for its output; convert it into another folder")

    def _move(self, old: str, new: str) -> None:
        moved = []
        for path in self._written.pop(old, ()):
            target = self.folder / f"{new}{path.name.removeprefix(PurePath(old).name)}"
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                path.replace(target)
            except OSError as error:
                raise OutputError(f"{path}: cannot be moved to {target} ({_reason(error)})") from error
            moved.append(target)
        self._written[new] = moved


def _names(source: Source) -> list[str]:
    """Return the names that a source may have, the shortest first; no two sources share the last one."""
    path = PurePath(os.path.normpath(source.name.replace("\\", "/")))
    folders = [part for part in path.parts[:-1] if part not in {path.anchor, ".."}]
    stem = path.stem.replace(":", "-") or "document"
    folder = "/".join(folders)
    return list(
        dict.fromkeys(
            [
                stem,
                f"{folder}/{stem}" if folder else stem,
                f"{folder}/{path.name}" if folder else path.name,
                f"{stem}-{source.sha256[:12]}",
            ]
        )
    )


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 so that the file is either there whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    temporary = _staged(path, text)
    try:
        _put(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _staged(path: Path, text: str) -> Path:
    """Write `text` into a new file beside `path` and return its path; folders are made as needed."""
    temporary = path.parent / f".dsocr-{uuid.uuid4().hex}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise OutputError(f"{path}: cannot be written ({_reason(error)})") from error
    return temporary


def _put(temporary: Path, path: Path) -> None:
    try:
        temporary.replace(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({_reason(error)})") from error


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
