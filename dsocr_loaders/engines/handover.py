"""Big arrays from page workers to an engine in this process: through memory-mapped temporary files.

A pipe would copy and pickle them on the way; /dev/shm is 64 MB small in most containers. A worker writes a file, the
engine maps it and deletes it at once, so that it is gone when the array is. What is never fetched goes too:

* with its `ArrayFile`, when nobody holds that any more (a page that was cancelled);
* with the folder, when the engine is closed or forgotten, or the program ends;
* with the workers, when the engine's process is killed;
* and what is left behind even so is deleted by the next folder that is made in the same place.

```python
class Inside:
    def __init__(self) -> None:
        self._folder = HandoverFolder()
        self.prepare = partial(prepare_tensors, folder=self._folder.path)  # returns Prepared(digest, ArrayFile)

    async def read(self, prepared: Prepared, request: ReadRequest) -> Answer:
        pixels = numpy.frombuffer(prepared.payload.take(), prepared.payload.dtype).reshape(prepared.payload.shape)
```
"""

from __future__ import annotations

import atexit
import functools
import mmap
import os
import shutil
import sys
import tempfile
import time
import weakref
from contextlib import suppress
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dsocr_loaders.errors import DsocrError, OutputError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ArrayFile", "HandoverFolder", "hand_over"]

_PREFIX: Final = "dsocr-handover-"
_LOCK: Final = "owner.lock"
_SHARED_MEMORY: Final = "/dev/shm"  # noqa: S108 - to be avoided
_ON_DISK: Final = "/var/tmp"  # noqa: S108 - mkdtemp makes a private folder in it
_LONGEST_WAIT_S: Final = 1.0


class ArrayFile:
    """An array in a file, on its way from a page worker to the engine.

    Once it has arrived in the engine's process, the file lives no longer than this object.

    Attributes:
        path: of the file.
        shape: of the array.
        dtype: of its elements, in the words of whoever takes it (`"uint8"`, `"bfloat16"`).
    """

    def __init__(self, path: str, shape: tuple[int, ...], dtype: str) -> None:
        self.path = path
        self.shape = shape
        self.dtype = dtype

    def __reduce__(self) -> tuple[Callable[..., ArrayFile], tuple[object, ...]]:
        return _arrived, (self.path, self.shape, self.dtype)

    def __repr__(self) -> str:
        return f"ArrayFile({self.path!r}, {self.shape}, {self.dtype!r})"

    def take(self) -> memoryview:
        """Return the array's bytes, and delete the file. Once only.

        They are mapped, writable for this process alone, and there as long as the memoryview, or an array made of it.

        Raises:
            DsocrError: the file is gone.
        """
        try:
            with open(self.path, "rb") as file:  # noqa: PTH123 - as short as can be, between two pages
                size = os.fstat(file.fileno()).st_size
                mapped = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_COPY) if size else bytearray()
        except OSError as error:
            raise DsocrError(f"The prepared page in {self.path} is gone: {error}. Was it taken before?") from error
        _delete(self.path)
        return memoryview(mapped)


def _arrived(path: str, shape: tuple[int, ...], dtype: str) -> ArrayFile:
    file = ArrayFile(path, shape, dtype)
    weakref.finalize(file, _delete, path)
    return file


def _delete(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)  # noqa: PTH108 - may run while the interpreter ends


def hand_over(folder: str, array: bytes | bytearray | memoryview, shape: tuple[int, ...], dtype: str) -> ArrayFile:
    """Write an array into a file of the engine's folder. For page workers.

    Args:
        folder: `HandoverFolder.path`.
        array: its bytes, in the order of `shape`, without padding.
        shape: of the array.
        dtype: of its elements.

    Raises:
        OutputError: the file cannot be written, as on a full disk; it is a failure of this page.
        ValueError: the array's length is no multiple of the number of elements.
    """
    data = memoryview(array).cast("B")
    elements = prod(shape)
    if (elements == 0) != (data.nbytes == 0) or (elements and data.nbytes % elements):
        raise ValueError(f"{data.nbytes} bytes are no array of shape {shape}")
    _end_with_owner(folder)
    path = ""
    try:
        descriptor, path = tempfile.mkstemp(dir=folder)
        with open(descriptor, "wb", buffering=0) as file:  # noqa: PTH123 - it is open already
            # Written rather than mapped: on a full disk a mapping kills the process.
            while data:
                data = data[file.write(data) :]
    except OSError as error:
        if path:
            _delete(path)
        raise OutputError(
            f"A prepared page of {len(memoryview(array).cast('B'))} bytes cannot be written to {folder}: {error}. "
            "Set TMPDIR to a folder with more space."
        ) from error
    return ArrayFile(path, shape, dtype)


class HandoverFolder:
    """The engine's side: a private folder, which ends with it.

    Args:
        parent: where it is made; by default the system's place for temporary files, or /var/tmp if that is /dev/shm.

    Raises:
        OutputError: it cannot be made.
    """

    def __init__(self, parent: str | None = None) -> None:
        base = Path(parent or _place())
        _sweep(base)
        try:
            self.path = tempfile.mkdtemp(prefix=_PREFIX, dir=base)
            self._lock = open(Path(self.path) / _LOCK, "wb")  # noqa: SIM115, PTH123 - held until the end
            _try_lock(self._lock.fileno())
        except OSError as error:
            raise OutputError(
                f"No folder for prepared pages can be made in {base}: {error}. Set TMPDIR to another folder."
            ) from error
        self._finalizer = weakref.finalize(self, _remove, self.path, self._lock.close, os.getpid())

    def close(self) -> None:
        """Delete the folder and what is in it. Arrays that were taken stay. Safe to call twice."""
        self._finalizer()


def _place() -> str:
    place = tempfile.gettempdir()
    return _ON_DISK if Path(place).is_relative_to(_SHARED_MEMORY) and os.access(_ON_DISK, os.W_OK) else place


def _remove(path: str, unlock: Callable[[], None], owner: int) -> None:
    if os.getpid() != owner:  # a forked process has no say
        return
    shutil.rmtree(path, ignore_errors=True)
    unlock()


def _try_lock(descriptor: int) -> bool:
    """Return whether the lock is this process's now; where there are no such locks, False."""
    if sys.platform == "win32":
        return False
    import fcntl  # noqa: PLC0415 - not on Windows

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_ownerless(folder: Path) -> bool:
    try:
        with (folder / _LOCK).open("rb") as lock:
            return _try_lock(lock.fileno())
    except OSError:  # being made, being deleted, or somebody else's
        return False


def _sweep(base: Path) -> None:
    """Delete the folders whose owner was killed."""
    with suppress(OSError):
        for folder in base.glob(f"{_PREFIX}*"):
            if _is_ownerless(folder):
                shutil.rmtree(folder, ignore_errors=True)


@functools.cache  # once in each worker; it is the interpreter's list of exits that remembers
def _end_with_owner(folder: str) -> None:
    """Delete the folder when this worker ends because the engine's process did."""
    atexit.register(_delete_if_ownerless, folder, os.getpid())


def _delete_if_ownerless(folder: str, worker: int) -> None:
    deadline = time.monotonic() + _LONGEST_WAIT_S
    while os.getpid() == worker and Path(folder).is_dir() and time.monotonic() < deadline:
        if _is_ownerless(Path(folder)):  # a process that is killed lets go of its locks one by one
            shutil.rmtree(folder, ignore_errors=True)
            return
        time.sleep(0.02)
