"""What the model's labels mean.

The set is open: the labels below were seen in real answers (`title, sub_title, text, image, image_caption,
image_footnote, table, table_caption, table_footnote, equation` from DeepSeek-OCR, `header, footer, page_number, aside`
from Unlimited-OCR, `figure_title` from an MLX port) or are common synonyms. Any other is text, and the region keeps it.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from dsocr_loaders.values import RegionType

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["REGION_TYPES", "captioned_type", "is_known", "region_type"]

REGION_TYPES: Mapping[str, RegionType] = MappingProxyType(
    {
        "title": RegionType.TITLE,
        "sub_title": RegionType.HEADING,
        "subtitle": RegionType.HEADING,
        "section_header": RegionType.HEADING,
        "heading": RegionType.HEADING,
        "text": RegionType.TEXT,
        "paragraph": RegionType.TEXT,
        "list": RegionType.LIST,
        "table": RegionType.TABLE,
        "image": RegionType.FIGURE,
        "figure": RegionType.FIGURE,
        "chart": RegionType.FIGURE,
        "equation": RegionType.FORMULA,
        "formula": RegionType.FORMULA,
        "caption": RegionType.CAPTION,
        "table_caption": RegionType.CAPTION,
        "image_caption": RegionType.CAPTION,
        "figure_caption": RegionType.CAPTION,
        "figure_title": RegionType.CAPTION,
        "chart_caption": RegionType.CAPTION,
        "footnote": RegionType.FOOTNOTE,
        "table_footnote": RegionType.FOOTNOTE,
        "image_footnote": RegionType.FOOTNOTE,
        "header": RegionType.HEADER,
        "footer": RegionType.FOOTER,
        "page_number": RegionType.PAGE_NUMBER,
        "abstract": RegionType.TEXT,
        "aside": RegionType.TEXT,
        "code": RegionType.TEXT,
        "reference": RegionType.TEXT,
    }
)


def region_type(label: str) -> RegionType:
    """Return the type that `label` stands for: text if it is not known."""
    return REGION_TYPES.get(label) or REGION_TYPES.get(_key(label), RegionType.TEXT)


def is_known(label: str) -> bool:
    """Whether `label` is a word for a kind of region, and not text that stands where a label should."""
    return _key(label) in REGION_TYPES


def _key(label: str) -> str:
    return label.strip().lower().replace(" ", "_").replace("-", "_")


def captioned_type(label: str) -> RegionType | None:
    """Return what a caption or footnote with this label belongs to, or None where the label does not say."""
    label = _key(label)
    if label.startswith("table"):
        return RegionType.TABLE
    if label.startswith(("image", "figure", "chart")):
        return RegionType.FIGURE
    return None
