"""DeepSeek-OCR for retrieval: PDFs and page images in, chunks out that know their page, region type and box.

```python
import dsocr_loaders

document = dsocr_loaders.read("report.pdf", engine="http://localhost:8000/v1")
for piece in dsocr_loaders.chunk(document):
    print(piece.metadata.page_number, piece.metadata.region_type, piece.text)
```

Names are loaded on first use: importing this package pulls in no PDF library, no HTTP client and no framework.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsocr_loaders.chunking import reconstruct_table
    from dsocr_loaders.citations import HighlightedPage, highlight
    from dsocr_loaders.errors import (
        DsocrError,
        EngineDead,
        EngineError,
        EngineRejected,
        EngineUnavailable,
        JournalError,
        LimitExceeded,
        MissingDependency,
        OutputError,
        PagesFailed,
        PasswordRequired,
        SettingsError,
        SourceDamaged,
        SourceError,
        SourceNotFound,
        SourceUnsupported,
    )
    from dsocr_loaders.geometry import Box
    from dsocr_loaders.grounding import AnswerScanner, parse_answer
    from dsocr_loaders.quotes import Quotation, QuotePlace, locate_quote
    from dsocr_loaders.reader import Reader
    from dsocr_loaders.settings import Limits, Settings
    from dsocr_loaders.shortcuts import aiter_pages, aread, chunk, iter_pages, read
    from dsocr_loaders.tables import Table, table_html, table_markdown
    from dsocr_loaders.values import (
        Answer,
        Chunk,
        ChunkMetadata,
        ChunkPiece,
        Decoding,
        Document,
        FigureReading,
        LayoutAnswer,
        LocatedWords,
        PageError,
        PageImage,
        PageResult,
        PageStatus,
        ParsedAnswer,
        RawAnswer,
        ReadRequest,
        Region,
        RegionType,
        RgbImage,
        Source,
        SourceFailure,
        Task,
        TextSource,
    )

_HOMES = {
    "chunking": ("reconstruct_table",),
    "citations": ("HighlightedPage", "highlight"),
    "errors": (
        "DsocrError",
        "EngineDead",
        "EngineError",
        "EngineRejected",
        "EngineUnavailable",
        "JournalError",
        "LimitExceeded",
        "MissingDependency",
        "OutputError",
        "PagesFailed",
        "PasswordRequired",
        "SettingsError",
        "SourceDamaged",
        "SourceError",
        "SourceNotFound",
        "SourceUnsupported",
    ),
    "geometry": ("Box",),
    "grounding": ("AnswerScanner", "parse_answer"),
    "quotes": ("Quotation", "QuotePlace", "locate_quote"),
    "reader": ("Reader",),
    "settings": ("Limits", "Settings"),
    "shortcuts": ("aiter_pages", "aread", "chunk", "iter_pages", "read"),
    "tables": ("Table", "table_html", "table_markdown"),
    "values": (
        "Answer",
        "Chunk",
        "ChunkMetadata",
        "ChunkPiece",
        "Decoding",
        "Document",
        "FigureReading",
        "LayoutAnswer",
        "LocatedWords",
        "PageError",
        "PageImage",
        "PageResult",
        "PageStatus",
        "ParsedAnswer",
        "RawAnswer",
        "ReadRequest",
        "Region",
        "RegionType",
        "RgbImage",
        "Source",
        "SourceFailure",
        "Task",
        "TextSource",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "AnswerScanner",
    "Box",
    "Chunk",
    "ChunkMetadata",
    "ChunkPiece",
    "Decoding",
    "Document",
    "DsocrError",
    "EngineDead",
    "EngineError",
    "EngineRejected",
    "EngineUnavailable",
    "FigureReading",
    "HighlightedPage",
    "JournalError",
    "LayoutAnswer",
    "LimitExceeded",
    "Limits",
    "LocatedWords",
    "MissingDependency",
    "OutputError",
    "PageError",
    "PageImage",
    "PageResult",
    "PageStatus",
    "PagesFailed",
    "ParsedAnswer",
    "PasswordRequired",
    "Quotation",
    "QuotePlace",
    "RawAnswer",
    "ReadRequest",
    "Reader",
    "Region",
    "RegionType",
    "RgbImage",
    "Settings",
    "SettingsError",
    "Source",
    "SourceDamaged",
    "SourceError",
    "SourceFailure",
    "SourceNotFound",
    "SourceUnsupported",
    "Table",
    "Task",
    "TextSource",
    "aiter_pages",
    "aread",
    "chunk",
    "highlight",
    "iter_pages",
    "locate_quote",
    "parse_answer",
    "read",
    "reconstruct_table",
    "table_html",
    "table_markdown",
]


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
