"""The form of a document's JSON as a JSON Schema (draft 2020-12), made from the values themselves."""

from __future__ import annotations

import dataclasses
import types
import typing
from enum import StrEnum
from typing import Any

from dsocr_loaders import values
from dsocr_loaders.export.document_json import SCHEMA, VERSION
from dsocr_loaders.geometry import Box
from dsocr_loaders.values import Document

__all__ = ["document_schema"]

_SCALARS = types.MappingProxyType(
    {str: "string", int: "integer", float: "number", bool: "boolean", types.NoneType: "null"}
)


def document_schema() -> dict[str, Any]:
    """Return the schema that everything `document_to_json` writes fulfils, as `json.dumps` takes it.

    A field with a default is not required, as in `document_from_json`; a page's `source` may be left out where it is
    the document's.
    """
    definitions: dict[str, Any] = {}
    names = {**vars(values), "Box": Box}
    document = _object(Document, names, definitions)
    definitions["PageResult"]["required"].remove("source")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A document read by dsocr-loaders",
        "type": "object",
        "properties": {"schema": {"const": SCHEMA}, "version": {"const": VERSION}, **document["properties"]},
        "required": ["schema", "version", *document["required"]],
        "additionalProperties": False,
        "$defs": dict(sorted(definitions.items())),
    }


def _object(kind: type, names: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    hints = typing.get_type_hints(kind, localns=names)
    fields = [field for field in dataclasses.fields(kind) if field.compare]
    required = [
        field.name
        for field in fields
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]
    return {
        "type": "object",
        "properties": {field.name: _schema(hints[field.name], names, definitions) for field in fields},
        "required": required,
        "additionalProperties": False,
    }


def _schema(hint: Any, names: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - a type hint
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        return {"type": "array", "items": _schema(arguments[0], names, definitions)}
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin in {types.UnionType, typing.Union}:
        return {"anyOf": [_schema(argument, names, definitions) for argument in arguments]}
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return {"enum": [word.value for word in hint]}
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if hint.__name__ not in definitions:
            definitions[hint.__name__] = {}  # a value may hold others of its kind
            definitions[hint.__name__] = _object(hint, names, definitions)
        return {"$ref": f"#/$defs/{hint.__name__}"}
    return {"type": _SCALARS[hint]}
