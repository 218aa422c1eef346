"""The frozen values that one page passes through, from the file it stands in to the chunks that come out.

```
Source -> PageImage -> ReadRequest -> RawAnswer or LayoutAnswer -> ParsedAnswer -> PageResult -> Document -> Chunk
```

They carry data and read-only properties, nothing else. Every box is in fractions of the page as a viewer shows it,
origin top left (`dsocr_loaders.geometry.Box`). Page numbers count from 1. Character ranges are `start <= i < end`.
"""

from __future__ import annotations

from dsocr_loaders.values.answers import (
    Answer,
    AnswerIssue,
    Drop,
    FigurePart,
    FigureReading,
    Join,
    LayoutAnswer,
    Line,
    Link,
    ParsedAnswer,
    RawAnswer,
    Reference,
    Region,
    Span,
)
from dsocr_loaders.values.chunks import Chunk, ChunkMetadata, ChunkPiece
from dsocr_loaders.values.documents import Document, LocatedWords, PageError, PageResult
from dsocr_loaders.values.health import AnswerFault, HealthFinding, RepairStep
from dsocr_loaders.values.pages import Decoding, InkGrid, PageImage, ReadRequest, RgbImage
from dsocr_loaders.values.sources import OutlineEntry, PagePlace, Source, SourceFailure, SourceInfo
from dsocr_loaders.values.vocabulary import (
    BoxSource,
    Dialect,
    HeadingSource,
    JoinKind,
    PageStatus,
    PageUnit,
    RegionType,
    Task,
    TextSource,
    worst_status,
)

__all__ = [
    "Answer",
    "AnswerFault",
    "AnswerIssue",
    "BoxSource",
    "Chunk",
    "ChunkMetadata",
    "ChunkPiece",
    "Decoding",
    "Dialect",
    "Document",
    "Drop",
    "FigurePart",
    "FigureReading",
    "HeadingSource",
    "HealthFinding",
    "InkGrid",
    "Join",
    "JoinKind",
    "LayoutAnswer",
    "Line",
    "Link",
    "LocatedWords",
    "OutlineEntry",
    "PageError",
    "PageImage",
    "PagePlace",
    "PageResult",
    "PageStatus",
    "PageUnit",
    "ParsedAnswer",
    "RawAnswer",
    "ReadRequest",
    "Reference",
    "Region",
    "RegionType",
    "RepairStep",
    "RgbImage",
    "Source",
    "SourceFailure",
    "SourceInfo",
    "Span",
    "Task",
    "TextSource",
    "worst_status",
]
