"""What a page worker can be asked for, as values that travel to it and back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from dsocr_loaders.settings.limits import Limits
from dsocr_loaders.values import OutlineEntry, SourceInfo

if TYPE_CHECKING:
    from collections.abc import Callable

    from dsocr_loaders.geometry import Box
    from dsocr_loaders.values import Decoding, PageImage, ReadRequest, Source, Task

__all__ = ["BookmarkJob", "CropJob", "DescribeJob", "Job", "OpenOptions", "PdfBackend", "RenderJob", "RenderedPage"]

ResultT_co = TypeVar("ResultT_co", covariant=True)
PdfBackend = Literal["pymupdf", "pdfium"]


@dataclass(frozen=True, slots=True)
class OpenOptions:
    """How a source is opened and rendered.

    Attributes:
        dpi: dots per inch for PDF pages; images are taken pixel by pixel.
        pdf_backend: the library that renders PDFs; None takes pymupdf if it is installed, else pdfium.
        password: for encrypted PDFs; never shown.
        limits: the most that a source may hold.
    """

    dpi: int = 144
    pdf_backend: PdfBackend | None = None
    password: str | None = field(default=None, repr=False)
    limits: Limits = field(default_factory=Limits)


class Job(Generic[ResultT_co]):
    """One thing to do with one source; `ResultT_co` is what comes back."""

    __slots__ = ()

    source: Source
    options: OpenOptions

    @property
    def place(self) -> str:
        """The file, and the page if there is one, as error messages name them."""
        return self.source.name


@dataclass(frozen=True, slots=True)
class DescribeJob(Job[SourceInfo]):
    """Count the pages, read labels and bookmarks.

    Attributes:
        source, options: what to open.
        needs_bookmarks: if not, `SourceInfo.bookmarks` is empty: a `BookmarkJob` reads them when there is time.
    """

    source: Source
    options: OpenOptions
    needs_bookmarks: bool = True


@dataclass(frozen=True, slots=True)
class BookmarkJob(Job[tuple[OutlineEntry, ...]]):
    """Read the bookmarks: ten thousand take 0.2 to 0.4 s (measured)."""

    source: Source
    options: OpenOptions


@dataclass(frozen=True, slots=True)
class RenderedPage:
    """A page that went through the worker.

    Attributes:
        page: without its pixels, with its ink and its notes.
        prepared: what the engine's `prepare` returned; None for a blank page, which is never prepared.
    """

    page: PageImage
    prepared: object | None


@dataclass(frozen=True, slots=True)
class RenderJob(Job[RenderedPage]):
    """Render a page, measure its ink, and prepare it for the engine unless it is blank.

    Attributes:
        source, page_number, options: what to render; pages count from 1.
        needs_image: whether `prepare` gets the pixels. If not, the page is rendered small, for its ink alone.
        prepare: the engine's; picklable by name, so a function of an importable module or a partial of one.
        task, prompt, resolution, decoding, attempt: of the `ReadRequest` that `prepare` gets.
        label: the page's own label where it is known already; None has the worker read the labels of the file.
    """

    source: Source
    page_number: int
    options: OpenOptions
    needs_image: bool
    prepare: Callable[[PageImage, ReadRequest], object]
    task: Task
    prompt: str
    resolution: str
    decoding: Decoding
    attempt: int = 1
    label: str | None = None

    @property
    def place(self) -> str:
        """The file and the page."""
        return f"{self.source.name}, page {self.page_number}"


@dataclass(frozen=True, slots=True)
class CropJob(Job[bytes]):
    """Cut a box out of a page, as the bytes of a PNG file; every pixel that the box touches is in it."""

    source: Source
    page_number: int
    box: Box
    options: OpenOptions

    @property
    def place(self) -> str:
        """The file and the page."""
        return f"{self.source.name}, page {self.page_number}"
