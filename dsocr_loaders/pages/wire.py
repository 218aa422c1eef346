"""What a page worker and its owner say to each other: pickles, each after its length in eight bytes.

The owner begins with a `Greeting` and gets one reply to it, an empty `Done`; then each `Order` gets one reply. Both
sides are the same user's processes running the same code, so pickles cross no border of trust.
"""

from __future__ import annotations

import pickle
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from io import FileIO

__all__ = ["Done", "Failed", "Greeting", "Order", "Reply", "read_frame", "write_frame"]

_LENGTH = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class Greeting:
    """The owner's `sys.path`, absolute, so that the worker imports what the owner would."""

    sys_path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """A job, and the seconds after which its owner gives it up.

    The job is pickled by itself, so that a `prepare` that the worker cannot import fails alone.
    """

    pickled_job: bytes
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Done:
    """The job's result."""

    result: object


@dataclass(frozen=True, slots=True)
class Failed:
    """The error to raise, and the worker's traceback for the log."""

    error: Exception
    traceback: str


Reply = Done | Failed


def write_frame(stream: FileIO, value: object) -> None:
    """Send one value.

    Raises:
        OSError: the other side is gone.
        Exception: the value cannot be pickled; nothing was sent then.
    """
    payload = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    for part in (_LENGTH.pack(len(payload)), payload):
        rest = memoryview(part)
        while rest:
            rest = rest[stream.write(rest) :]


def read_frame(stream: FileIO) -> bytearray | None:
    """Return the next pickle, or None if the other side is gone."""
    header = _read_exactly(stream, _LENGTH.size)
    return None if header is None else _read_exactly(stream, _LENGTH.unpack(header)[0])


def _read_exactly(stream: FileIO, length: int) -> bytearray | None:
    buffer = bytearray(length)
    rest = memoryview(buffer)
    while rest:
        count = stream.readinto(rest)
        if not count:
            return None
        rest = rest[count:]
    return buffer
