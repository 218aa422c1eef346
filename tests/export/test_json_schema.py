"""The JSON Schema of a document: committed, true, and strict."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from dsocr_loaders.export import document_schema, document_to_json
from dsocr_loaders.structure import build_document
from dsocr_loaders.testing.pages import failed_page, page_from_answer, report_source
from dsocr_loaders.values import OutlineEntry, SourceInfo

COMMITTED = Path(__file__).parents[2] / "docs" / "dsocr-document.schema.json"
ANSWER = """<|ref|>title<|/ref|><|det|>[[100, 50, 900, 90]]<|/det|>
# Tides

<|ref|>table<|/ref|><|det|>[[100, 430, 900, 600]]<|/det|>
<table><tr><td>Oak</td></tr></table>
"""


@pytest.fixture
def written() -> dict:
    bookmarks = (OutlineEntry(1, "Tides", 1, "bookmark"),)
    info = SourceInfo(2, ("i", "ii"), bookmarks, "pymupdf")
    pages = [page_from_answer(ANSWER), failed_page(page_number=2)]
    return json.loads(document_to_json(build_document(report_source(), info, pages)))


def test_committed_schema_is_the_current_one():
    """This test ensures that docs/ shows the schema of this very code.

    To write it anew, print `json.dumps(document_schema(), indent=2)` into it.
    """
    assert document_schema() == json.loads(COMMITTED.read_text(encoding="utf-8"))


def test_schema_is_one():
    """This test ensures that the schema itself is a valid JSON Schema."""
    jsonschema.Draft202012Validator.check_schema(document_schema())


def test_documents_fulfil_it(written):
    """This test ensures that a document with answers, errors and bookmarks fulfils the schema."""
    assert [] == list(jsonschema.Draft202012Validator(document_schema()).iter_errors(written))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.pop("pages"),
        lambda data: data.update(version=2),
        lambda data: data.update(schema="other"),
        lambda data: data.update(colour="blue"),
        lambda data: data["pages"][0].update(status="fine"),
        lambda data: data["pages"][0]["regions"][0].update(level="1"),
        lambda data: data["pages"][0]["regions"][0]["boxes"][0].pop("x1"),
    ],
)
def test_others_do_not(written, spoil):
    """This test ensures that a missing field, one too many or a wrong type is found."""
    spoil(written)

    assert not jsonschema.Draft202012Validator(document_schema()).is_valid(written)
