"""Whether a file is still the one that was hashed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dsocr_loaders.errors import SourceError, SourceNotFound

if TYPE_CHECKING:
    from dsocr_loaders.values import Source

__all__ = ["require_unchanged"]


def require_unchanged(source: Source) -> None:
    """Return if the file of `source` is still the one that was hashed, going by its size and its time.

    Raises:
        SourceNotFound: it is gone.
        SourceError: it was written to or replaced.
    """
    try:
        found = Path(source.path).stat()
    except OSError as error:
        raise SourceNotFound(f"{source.name}: the file is no longer there, or cannot be reached.") from error
    is_same = found.st_size == source.size_bytes and source.modified_ns in {0, found.st_mtime_ns}
    if not is_same:
        raise SourceError(
            f"{source.name}: the file was changed while it was being read, so its pages would be of two different "
            "files. Read it again once nobody writes to it."
        )
