"""What an opened source can do, whatever library opened it, and the rules that all of them share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from dsocr_loaders.errors import LimitExceeded, PasswordRequired, SettingsError, SourceDamaged
from dsocr_loaders.geometry import FULL_PAGE
from dsocr_loaders.pages.pixels import POINTS_PER_INCH

if TYPE_CHECKING:
    from dsocr_loaders.geometry import Box
    from dsocr_loaders.settings.limits import Limits
    from dsocr_loaders.values import OutlineEntry, PageUnit, RgbImage, Source

__all__ = [
    "MAX_BOOKMARKS",
    "PAGES_PER_OPENING",
    "OpenedSource",
    "PageFrame",
    "damaged",
    "password_required",
    "require_page",
    "require_pages",
    "scaled_down",
]

PAGES_PER_OPENING = 50
"""After so many rendered pages a PDF is closed and opened again.

Both libraries keep what they parsed: over 2,000 pages of one open PDF they grew to 490 MB (MuPDF) and 930 MB (pdfium);
opened again every 25 to 100 pages they stayed at 170 to 200 MB, for 2 to 4 % of the time (measured).
"""

MAX_BOOKMARKS = 20_000
"""Bookmarks that are kept of a file; more are left out."""


_SAME_DPI = 0.999


@dataclass(frozen=True, slots=True)
class PageFrame:
    """A page as a viewer shows it.

    Attributes:
        width, height: of the page as shown (the CropBox after /Rotate and UserUnit, or the image after its EXIF
            orientation), in `unit`; points to three decimals.
        unit: `"pt"` or `"px"`.
        rotation: degrees clockwise that were applied to show it.
    """

    width: float
    height: float
    unit: PageUnit
    rotation: int


class OpenedSource(Protocol):
    """A source that is open in this process. Pages count from 1; not to be shared between threads."""

    @property
    def backend(self) -> str:
        """`"pymupdf"`, `"pdfium"` or `"pillow"`."""
        ...

    @property
    def total_pages(self) -> int:
        """Number of pages, at least 1."""
        ...

    @property
    def labels(self) -> tuple[str, ...]:
        """One label for each page: the PDF's own, else the number."""
        ...

    @property
    def bookmarks(self) -> tuple[OutlineEntry, ...]:
        """The PDF's bookmarks that lead to a page, in order; empty if they cannot be read."""
        ...

    @property
    def complaint(self) -> str:
        """What the library said about broken content of the page that was rendered last, `""` if nothing.

        Both PDF libraries draw what they can and leave out the rest; pdfium does not even say so.
        """
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said about the page that was rendered last, see `PageImage.notes`."""
        ...

    def frame(self, page_number: int) -> PageFrame:
        """Return the page's size and rotation."""
        ...

    def render(self, page_number: int, dpi: float, part: Box = FULL_PAGE) -> RgbImage:
        """Return the page as shown, on white, annotations and form fields drawn in; an image ignores `dpi`.

        Of `part`, every pixel that it touches: the limit of pixels then counts for the part alone.

        Raises:
            SourceDamaged: the page cannot be drawn.
            LimitExceeded: an image has more than `limits.page_pixels` and cannot be scaled down while it is read.
        """
        ...

    def close(self) -> None:
        """Give the file back."""
        ...


def require_pages(source: Source, total_pages: int, limits: Limits) -> None:
    """Check the number of pages that a file claims to have.

    Raises:
        SourceDamaged: there is none.
        LimitExceeded: there are more than `limits.pages`.
    """
    if total_pages < 1:
        raise SourceDamaged(f"{source.name}: the PDF has no pages. Make or download it again.")
    if total_pages > limits.pages:
        raise LimitExceeded(
            f"{source.name}: {total_pages} pages are more than limits.pages={limits.pages}. Split the file, or raise "
            "the limit."
        )


def require_page(source: Source, page_number: int, total_pages: int) -> None:
    """Check that the page exists.

    Raises:
        SettingsError: it does not.
    """
    if not 1 <= page_number <= total_pages:
        raise SettingsError(f"page={page_number} is not allowed: {source.name} has pages 1 to {total_pages}.")


def scaled_down(dpi: float, zoom: float, limits: Limits) -> tuple[str, ...]:
    """Return the note on a PDF page that was rendered at `zoom` pixels a point and not at `dpi`; none if it was."""
    shown_dpi = zoom * POINTS_PER_INCH
    if shown_dpi >= dpi * _SAME_DPI:
        return ()
    return (f"The page was rendered at {shown_dpi:.3g} dpi to stay within limits.page_pixels={limits.page_pixels}.",)


def password_required(source: Source, password: str | None) -> PasswordRequired:
    """Return the error for an encrypted file; it never shows the password."""
    if password is None:
        return PasswordRequired(f'{source.name}: the PDF is encrypted. Pass its password: password="...".')
    return PasswordRequired(f'{source.name}: the PDF is encrypted and the password is wrong. Pass password="...".')


def damaged(source: Source, reason: object) -> SourceDamaged:
    """Return the error for a file that cannot be opened at all."""
    return SourceDamaged(
        f"{source.name}: the file cannot be opened; it is damaged. Make or download it again. ({reason})"
    )
