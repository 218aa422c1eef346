"""A document as JSON, and back without loss.

```
{
  "schema": "dsocr-document", "version": 1,
  "source": {"name": "report.pdf", "path": ..., "sha256": ..., ...},
  "pages": [
    {"page_number": 1, "status": "ok", "regions": [{"type": "title", "boxes": [{"x0": 0.1, ...}], ...}],
     "answer": {"text": "<|ref|>title<|/ref|>...", ...}, "error": null, ...},
    ...
  ],
  "outline": [...], "pdf_backend": "pymupdf", "total_pages": 12
}
```

The fields are those of `dsocr_loaders.values.Document`, in their order, with raw answers, boxes in full precision
and errors. One thing is left out: the `source` of a page where it is the document's own, as it nearly always is.
Fields may be added within a version; a reader of the same version takes their defaults where they are missing.
"""

from __future__ import annotations

from typing import Final

from dsocr_loaders.errors import OutputError
from dsocr_loaders.export.json_text import json_block, parse_json
from dsocr_loaders.export.plain_data import PlainDataError, from_plain, to_plain
from dsocr_loaders.values import Document

__all__ = ["SCHEMA", "VERSION", "document_from_json", "document_to_json"]

SCHEMA: Final = "dsocr-document"
VERSION: Final = 1
_EXPECTED: Final = f'a document as `document_to_json` writes it, with "schema": "{SCHEMA}" and "version": {VERSION}'


def document_to_json(document: Document) -> str:
    """Return the document as JSON, the same text for equal documents.

    What fits on a line of 120 characters stands on one line. `document_from_json` returns an equal document. The
    text can be stored as UTF-8 whatever the document holds.

    Raises:
        OutputError: a number in it is not finite.
    """
    plain = to_plain(document)
    for page in plain["pages"]:
        if page["source"] == plain["source"]:
            del page["source"]
    return json_block({"schema": SCHEMA, "version": VERSION, **plain}, f"The document of {document.source.name}")


def document_from_json(text: str) -> Document:
    """Return the document that `document_to_json` wrote.

    Raises:
        OutputError: `text` is something else, or was written by a release whose documents this one cannot read; the
            message says what was expected and where it was not found.
    """
    data = parse_json(text, _EXPECTED)
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise OutputError(f"Expected {_EXPECTED}; found JSON without that schema.")
    version = data.get("version")
    if version != VERSION or isinstance(version, bool):
        raise OutputError(
            f"Expected {_EXPECTED}; found version {version!r}. Read it with the release that wrote it, or convert "
            "the source again."
        )
    fields = {name: item for name, item in data.items() if name not in {"schema", "version"}}
    pages, source = fields.get("pages"), fields.get("source")
    if isinstance(pages, list):
        fields["pages"] = [{"source": source, **page} if isinstance(page, dict) else page for page in pages]
    try:
        return from_plain(Document, fields)
    except PlainDataError as error:
        raise OutputError(f"Expected {_EXPECTED}; in it, {error}.") from error
