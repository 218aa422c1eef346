"""Values <-> what JSON knows: dicts, lists, strings, numbers, true, false and null.

Writing takes any frozen dataclass apart. Reading goes by the type hints of its fields and is strict: a field too
many, a missing one, a number where a text belongs, each is an error that says where. A field with a default may be
missing, so that what an older release wrote can be read after a field was added.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from dsocr_loaders import values
from dsocr_loaders.geometry import Box

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["PlainDataError", "from_plain", "to_plain"]

T = TypeVar("T")

_LONGEST_SHOWN = 60


class PlainDataError(ValueError):
    """Data does not have the form of the value that is read from it.

    Attributes:
        path: the way from the outermost value to the wrong one: names of fields and positions in lists.
        problem: what was expected there and what was found.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.path: list[str | int] = []

    def __str__(self) -> str:
        where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path).lstrip(".")
        return f"{where}: {self.problem}" if where else self.problem


def to_plain(value: object) -> Any:  # noqa: ANN401 - any JSON value
    """Return dataclasses as dicts in the order of their fields, tuples as lists, all else as it is.

    A field that is no part of what makes two values equal, such as the time of a file, is left out.
    """
    if isinstance(value, tuple):
        return [to_plain(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value) if field.compare
        }
    return value


def from_plain(kind: type[T], data: object) -> T:
    """Return the dataclass `kind` that `data`, as `json.loads` gives it, stands for.

    Raises:
        PlainDataError: it does not have that form.
    """
    return typing.cast("T", _Readers().reader_of(kind)(data))


class _Readers:
    """Makes a function for each type hint that turns data into such a value; each is made once."""

    def __init__(self) -> None:
        self._names = {**vars(values), "Box": Box}
        self._made: dict[object, Callable[[object], object]] = {}

    def reader_of(self, hint: object) -> Callable[[object], object]:
        if hint not in self._made:
            self._made[hint] = self._make(hint)
        return self._made[hint]

    def _make(self, hint: object) -> Callable[[object], object]:
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin is tuple:
            return _list_reader(self.reader_of(arguments[0]))
        if origin is typing.Literal:
            return _word_reader(arguments, str)
        if origin in {types.UnionType, typing.Union}:
            return self._union_reader(arguments)
        if isinstance(hint, type) and issubclass(hint, StrEnum):
            return _word_reader(tuple(word.value for word in hint), hint)
        if isinstance(hint, type) and dataclasses.is_dataclass(hint):
            return self._dataclass_reader(hint)
        return _SCALARS[hint]

    def _dataclass_reader(self, kind: type) -> Callable[[object], object]:
        hints = typing.get_type_hints(kind, localns=self._names)
        fields = {field.name: self.reader_of(hints[field.name]) for field in dataclasses.fields(kind) if field.compare}
        required = _required(kind)

        def read(data: object) -> object:
            if not isinstance(data, dict):
                raise _mismatch(f"an object ({kind.__name__})", data)
            if not data.keys() <= fields.keys():
                unknown = next(name for name in data if name not in fields)
                raise PlainDataError(f"{kind.__name__} has no field {unknown!r}")
            if not required <= data.keys():
                missing = next(name for name in fields if name in required and name not in data)
                raise PlainDataError(f"the field {missing!r} of {kind.__name__} is missing")
            found = {}
            for name, item in data.items():
                try:
                    found[name] = fields[name](item)
                except PlainDataError as error:
                    error.path.insert(0, name)
                    raise
            try:
                return kind(**found)
            except ValueError as error:
                raise PlainDataError(str(error)) from error

        return read

    def _union_reader(self, members: Sequence[object]) -> Callable[[object], object]:
        readers = [(member, self.reader_of(member)) for member in members if member is not types.NoneType]
        takes_none = len(readers) < len(members)

        def read(data: object) -> object:
            if data is None and takes_none:
                return None
            for member, reader in readers[:-1]:
                # Several members are dataclasses, told apart by what they cannot do without.
                if isinstance(member, type) and isinstance(data, dict) and _required(member) <= data.keys():
                    return reader(data)
            return readers[-1][1](data)

        return read


def _required(kind: type) -> frozenset[str]:
    return frozenset(
        field.name
        for field in dataclasses.fields(kind)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    )


def _list_reader(reader: Callable[[object], object]) -> Callable[[object], object]:
    def read(data: object) -> object:
        if not isinstance(data, list):
            raise _mismatch("a list", data)
        found = []
        for position, item in enumerate(data):
            try:
                found.append(reader(item))
            except PlainDataError as error:
                error.path.insert(0, position)
                raise
        return tuple(found)

    return read


def _word_reader(words: Sequence[str], made: Callable[[str], object]) -> Callable[[object], object]:
    def read(data: object) -> object:
        if not isinstance(data, str) or data not in words:
            raise _mismatch(f"one of {', '.join(words)}", data)
        return made(data)

    return read


def _read_text(data: object) -> str:
    if not isinstance(data, str):
        raise _mismatch("a text", data)
    return data


def _read_whole_number(data: object) -> int:
    if not isinstance(data, int) or isinstance(data, bool):
        raise _mismatch("a whole number", data)
    return data


def _read_number(data: object) -> float:
    if not isinstance(data, int | float) or isinstance(data, bool):
        raise _mismatch("a number", data)
    try:
        number = float(data)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise PlainDataError("expected a number that a float can hold")
    return number


def _read_truth(data: object) -> bool:
    if not isinstance(data, bool):
        raise _mismatch("true or false", data)
    return data


_SCALARS: types.MappingProxyType[object, Callable[[object], object]] = types.MappingProxyType(
    {str: _read_text, int: _read_whole_number, float: _read_number, bool: _read_truth}
)


def _mismatch(expected: str, found: object) -> PlainDataError:
    if isinstance(found, dict | list):
        shown = "an object" if isinstance(found, dict) else "a list"
    else:
        shown = "null" if found is None else repr(found)
    if len(shown) > _LONGEST_SHOWN:
        shown = shown[: _LONGEST_SHOWN - 3] + "..."
    return PlainDataError(f"expected {expected}, found {shown}")
