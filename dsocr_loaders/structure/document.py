"""Structured pages -> the document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsocr_loaders.structure.headings import HEADINGS
from dsocr_loaders.structure.references import References
from dsocr_loaders.values import Document, OutlineEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dsocr_loaders.values import PageResult, Source, SourceInfo

__all__ = ["build_document"]


def build_document(source: Source, info: SourceInfo, pages: Iterable[PageResult]) -> Document:
    """Return the document that pages which went through a `Structurer` make.

    Links between mentions and figures are completed over all pages. The outline is the PDF's bookmarks where it has
    any, else the headings of the pages, each with where its level comes from.
    """
    references = References()
    kept = tuple(pages)
    for page in kept:
        references.observe(page)
    kept = tuple(references.linked(page) for page in kept)
    return Document(
        source=source,
        pages=kept,
        outline=info.bookmarks or tuple(_headings(kept)),
        pdf_backend=info.backend,
        total_pages=info.total_pages,
    )


def _headings(pages: Sequence[PageResult]) -> Iterator[OutlineEntry]:
    for page in pages:
        joins = {
            region.order: region.continues.order
            for region in page.regions
            if region.type in HEADINGS and region.continues and region.continues.page_number == page.page_number
        }
        continued = set(joins.values())
        for region in page.regions:
            if region.type not in HEADINGS or not region.text or region.order in continued:
                continue
            texts = [region.text]
            order = region.order
            while order in joins:
                order = joins[order]
                texts.append(page.regions[order].text)
            title = " ".join(" ".join(reversed(texts)).split())
            yield OutlineEntry(region.level, title, page.page_number, region.heading_source or "markup")
