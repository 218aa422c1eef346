from __future__ import annotations

import dataclasses
import importlib
import inspect
import pickle
import pkgutil
import re

import pytest

from dsocr_loaders import values
from dsocr_loaders.geometry import FULL_PAGE
from dsocr_loaders.values import (
    Document,
    InkGrid,
    LayoutAnswer,
    Line,
    OutlineEntry,
    PageError,
    PageImage,
    PageResult,
    PageStatus,
    RawAnswer,
    Region,
    RegionType,
    RgbImage,
    Source,
    Span,
    TextSource,
)

MODULES = tuple(
    importlib.import_module(f"{values.__name__}.{found.name}") for found in pkgutil.iter_modules(values.__path__)
)
VALUE_CLASSES = tuple(
    cls
    for module in MODULES
    for cls in vars(module).values()
    if dataclasses.is_dataclass(cls) and cls.__module__ == module.__name__
)
every_value = pytest.mark.parametrize("cls", VALUE_CLASSES, ids=lambda cls: cls.__name__)

SOURCE = Source("in/report.pdf", "/tmp/report.pdf", "ab" * 32, "application/pdf", 12, "/in/report.pdf")  # noqa: S108 - a name, no file


def test_every_public_value_was_found():
    """This test ensures that the tests below look at every dataclass that the package offers."""
    public = {name for name in values.__all__ if dataclasses.is_dataclass(getattr(values, name))}

    assert {cls.__name__ for cls in VALUE_CLASSES} == public


def test_the_package_offers_all_that_its_modules_offer():
    """This test ensures that no value is public in its module and missing in the package, and that names are sorted."""
    offered = {name for module in MODULES for name in module.__all__}

    assert set(values.__all__) == offered
    assert values.__all__ == sorted(values.__all__)


@every_value
def test_values_are_slotted(cls):
    """This test ensures that a value has its fields and room for nothing else."""
    empty = object.__new__(cls)

    assert not hasattr(empty, "__dict__")
    assert {field.name for field in dataclasses.fields(cls)} == set(cls.__slots__)


@every_value
def test_values_are_frozen(cls):
    """This test ensures that no layer can change what another one was handed."""
    empty = object.__new__(cls)

    for field in dataclasses.fields(cls):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(empty, field.name, None)


@every_value
def test_defaults_are_immutable(cls):
    """This test ensures that no two values share a list, set or dict that someone could add to."""
    for field in dataclasses.fields(cls):
        assert field.default_factory is dataclasses.MISSING, field.name
        assert not isinstance(field.default, (list, set, dict)), field.name


@every_value
def test_attributes_are_described_in_order(cls):
    """This test ensures that a docstring which lists attributes lists every field, in the order of definition."""
    _, heading, listed = inspect.getdoc(cls).partition("Attributes:\n")
    if not heading:
        return
    named = re.findall(r"^    (\w+(?:, \w+)*):", listed, flags=re.MULTILINE)

    assert [name for names in named for name in names.split(", ")] == [field.name for field in dataclasses.fields(cls)]


def sample_document():
    region = Region(
        type=RegionType.TEXT,
        label="text",
        boxes=(FULL_PAGE,),
        text="one",
        spans=(Span(0, 3),),
        lines=(Line(FULL_PAGE, 0, 3),),
    )
    answer = RawAnswer("one", "stop", None, 3, "model", "engine")
    page = PageResult(
        source=SOURCE,
        page_number=1,
        status=PageStatus.OK,
        regions=(region,),
        answer=answer,
        attempts=1,
        repairs=(),
        error=None,
        width=595.0,
        height=842.0,
        unit="pt",
        label="i",
        text_source=TextSource.OCR,
        total_pages=2,
    )
    failed = dataclasses.replace(
        page,
        page_number=2,
        status=PageStatus.FAILED,
        regions=(),
        answer=LayoutAnswer((), "text layer"),
        error=PageError("EngineDead", "died", "what happened"),
    )
    return Document(SOURCE, (page, failed), (OutlineEntry(1, "One", 1, "bookmark"),), "pdfium", 2)


def test_a_document_survives_pickling():
    """This test ensures that values cross processes whole, although they are slotted and frozen."""
    document = sample_document()

    assert pickle.loads(pickle.dumps(document)) == document  # noqa: S301 - bytes made in this line


def test_an_image_does_not_print_its_pixels():
    """This test ensures that a page in a log line or a traceback does not fill it with bytes."""
    image = RgbImage(2, 1, b"\x00\x01\x02\x03\x04\x05")
    page = PageImage(SOURCE, 1, "1", 2.0, 1.0, "px", image=image)

    assert repr(image) == "RgbImage(width_px=2, height_px=1)"
    assert "\\x" not in repr(page)


@pytest.mark.parametrize(("shares", "expected"), [(b"\x00\x00", True), (b"\x00\x01", False), (b"\xff\xff", False)])
def test_one_cell_with_ink_is_not_blank(shares, expected):
    """This test ensures that only a page without any ink at all counts as blank."""
    assert InkGrid(2, 1, shares).is_blank is expected
