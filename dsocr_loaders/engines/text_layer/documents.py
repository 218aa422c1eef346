"""Open PDFs, as the text layer reads them.

A page worker asks for the pages of one file one after the other, so the last few files stay open in it.
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from dsocr_loaders.errors import MissingDependency, PasswordRequired, SourceDamaged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsocr_loaders.values import Source

__all__ = [
    "Painted",
    "Password",
    "PdfDocument",
    "PdfPage",
    "PdfRectangle",
    "backend_version",
    "damage_as_error",
    "opened",
]

_INSTALL = 'The text layer of PDFs is read with PyMuPDF, which is not installed. Run: pip install "pymupdf>=1.26,<2"'
_OPEN_FILES = 2


Painted = tuple[str, tuple[float, float, float, float]]
"""Kind and place of something that was painted, such as `("fill-text", (x0, y0, x1, y1))`."""


class PdfRectangle(Protocol):
    """What is used of `pymupdf.Rect`."""

    width: float
    height: float


class PdfPage(Protocol):
    """What is used of `pymupdf.Page`; the library ships no types."""

    rect: PdfRectangle
    rotation: int
    first_link: object

    def get_links(self) -> list[dict[str, Any]]:
        """Return the links, in points of the page as shown."""
        ...

    def get_text(self, option: str, *, flags: int) -> dict[str, Any]:
        """Return the text as blocks, lines and spans, in points of the CropBox before /Rotate."""
        ...

    def get_bboxlog(self) -> list[Painted]:
        """Return kind and place of everything that is painted, in order."""
        ...

    def get_cdrawings(self) -> list[dict[str, Any]]:
        """Return the paths that are painted."""
        ...

    def get_image_info(self) -> list[dict[str, Any]]:
        """Return the images that are painted."""
        ...


class PdfDocument(Protocol):
    """What is used of `pymupdf.Document`."""

    page_count: int

    def __getitem__(self, index: int) -> PdfPage:
        """Return a page, from 0."""
        ...


@dataclass(frozen=True, slots=True)
class Password:
    """A password that no `repr` shows."""

    value: str | None = field(default=None, repr=False)


def _pymupdf() -> Any:  # noqa: ANN401 - the library ships no types
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its generated bindings warn on newer Pythons
            import pymupdf  # noqa: PLC0415 - optional dependency, imported where it is needed
    except ImportError as error:
        raise MissingDependency(_INSTALL) from error
    return pymupdf


def backend_version() -> str:
    """Return PyMuPDF's version.

    Raises:
        MissingDependency: it is not installed.
    """
    return str(_pymupdf().__version__)


@contextmanager
def damage_as_error(where: str) -> Iterator[None]:
    """Turn what PyMuPDF raises for broken content into `SourceDamaged`; `where` names the file and the page."""
    pymupdf = _pymupdf()
    # PyMuPDF has no error of its own for damage: it lets MuPDF's through or turns them into one of Python's.
    damage = (pymupdf.mupdf.FzErrorBase, RuntimeError, ValueError, LookupError, OSError)
    try:
        yield
    except damage as error:
        raise SourceDamaged(
            f"{where}: PyMuPDF cannot read it ({error}). Check whether the file is complete."
        ) from error


def opened(source: Source, password: Password) -> PdfDocument:
    """Return the open file of `source`. It stays open until other files take its place, and is not to be closed.

    Raises:
        SourceDamaged: it is no PDF that can be opened.
        PasswordRequired: it is encrypted, and the password is missing or wrong.
        MissingDependency: PyMuPDF is not installed.
    """
    return _opened(source.path, source.sha256, source.name, password)


@lru_cache(maxsize=_OPEN_FILES)
def _opened(path: str, _sha256: str, name: str, password: Password) -> PdfDocument:
    pymupdf = _pymupdf()
    # MuPDF's remarks go to standard output, where a page worker may be talking.
    pymupdf.TOOLS.mupdf_display_errors(False)  # noqa: FBT003 - the library takes it by position
    pymupdf.TOOLS.mupdf_display_warnings(False)  # noqa: FBT003 - the library takes it by position
    with damage_as_error(name):
        document: Any = pymupdf.open(path, filetype="pdf")
    if document.needs_pass and not document.authenticate(password.value or ""):
        problem = "the password is wrong" if password.value else "no password was given"
        raise PasswordRequired(f"{name}: the PDF is encrypted and {problem}. Pass password=...")
    return document  # type: ignore[no-any-return]  # it has the protocol's parts
