"""What the user points at, as `Source`s: files, folders, patterns, bytes, streams, paths of another file system.

A source is taken by what its bytes are, never by its name: a PDF called `scan.png` is a PDF. Each file is read once
to hash it, block by block, and only when the next source is asked for, so a folder of any size starts at once and
no file is ever held in memory. What does not lie on the local disk (bytes, streams, `fs=`, URLs) is copied while it is
hashed, into a `Spool`.

A URL is fetched when it is asked for, within `Limits`, and only from the public internet unless the user says
otherwise; what is behind its `?` is kept nowhere.

A source that cannot be taken is a `SourceFailure` at its place in the order; the others are not affected.
"""

from __future__ import annotations

from dsocr_loaders.sources.folders import EXTENSIONS
from dsocr_loaders.sources.resolving import FileSystem, Sourceable, resolve_sources
from dsocr_loaders.sources.spool import Spool

__all__ = ["EXTENSIONS", "FileSystem", "Sourceable", "Spool", "resolve_sources"]
