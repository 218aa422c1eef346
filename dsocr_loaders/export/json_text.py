"""JSON as text: what is written reads back equal, fits on lines, and can be stored as UTF-8."""

from __future__ import annotations

import json
import re

from dsocr_loaders.errors import OutputError

__all__ = ["json_block", "json_line", "parse_json"]

_LINE_LENGTH = 120
_INDENT = "  "
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)

# Lone surrogates have no UTF-8; the others end a line for `str.splitlines`, which readers of JSON Lines may use.
_ESCAPED = re.compile("[\ud800-\udfff\x85\u2028\u2029]")


def json_line(data: object, what: str) -> str:
    """Return `data` as JSON in one line, keys in their own order.

    Raises:
        OutputError: it holds a number that is not finite; the message begins with `what`.
    """
    return _escaped(_dumped(data, what))


def json_block(data: object, what: str) -> str:
    """Return `data` as JSON for people: what fits on a line is on one line, the rest is indented.

    Raises:
        OutputError: as for `json_line`.
    """
    return _escaped(_indented(data, what, 0))


def _indented(data: object, what: str, depth: int) -> str:
    line = _dumped(data, what)
    if len(line) + len(_INDENT) * depth <= _LINE_LENGTH or not isinstance(data, dict | list) or not data:
        return line
    outer, inner = f"\n{_INDENT * depth}", f"\n{_INDENT * (depth + 1)}"
    if isinstance(data, dict):
        items = [f"{_dumped(key, what)}: {_indented(item, what, depth + 1)}" for key, item in data.items()]
        return f"{{{inner}{f',{inner}'.join(items)}{outer}}}"
    return f"[{inner}{f',{inner}'.join(_indented(item, what, depth + 1) for item in data)}{outer}]"


def _dumped(data: object, what: str) -> str:
    try:
        return _ENCODER.encode(data)
    except ValueError as error:
        raise OutputError(f"{what} cannot be written as JSON: {error}") from error


def _escaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def parse_json(text: str, expected: str) -> object:
    """Return what the JSON `text` holds.

    Raises:
        OutputError: it is no JSON; the message says that `expected` was expected.
    """
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise OutputError(f"Expected {expected}, found something that is no JSON ({error}).") from error


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is no JSON")
