"""How a subprocess of ours begins: what its owner gives it, and how the two find and lose each other.

For processes that are started with `python -P -m MODULE`, talk over their standard input and output in the frames of
`dsocr_loaders.pages.wire`, and end with their owner.
"""

from __future__ import annotations

import io
import os
import sys
import sysconfig
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from io import FileIO

__all__ = ["end_with_owner", "environment_for_child", "import_like_owner", "import_paths", "take_over_pipes"]

_LOOK_FOR_OWNER_S = 2.0


def environment_for_child() -> dict[str, str]:
    """Return the environment for a child; with this package's folder, where the child would not find it."""
    environment = dict(os.environ)
    folder = str(Path(__file__).resolve().parents[2])
    # A site-packages folder must not come before the standard library, which is where PYTHONPATH would put it.
    if folder not in {str(Path(sysconfig.get_path(name)).resolve()) for name in ("purelib", "platlib")}:
        others = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = os.pathsep.join([folder, others] if others else [folder])
    return environment


def import_paths() -> tuple[str, ...]:
    """Return this process's `sys.path`, absolute, for `import_like_owner` in the child."""
    # An empty entry stands for the current folder.
    return tuple(os.path.abspath(entry) for entry in sys.path if isinstance(entry, str))  # noqa: PTH100 - "" too


def take_over_pipes() -> tuple[FileIO, FileIO]:
    """Return the two ends of the conversation, out of reach of whatever prints: 1 becomes 2, 0 becomes empty."""
    requests, replies = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return io.FileIO(requests, "r"), io.FileIO(replies, "w")


def import_like_owner(paths: tuple[str, ...]) -> None:
    """Import from now on what the owner would, which sent its `import_paths`."""
    known = set(paths)
    sys.path[:] = [*paths, *(entry for entry in sys.path if entry not in known)]


def end_with_owner() -> None:
    """End this process within seconds when its owner is gone.

    The input does not end if the owner forked and died: its child still holds the other end of the pipe.
    """
    if hasattr(os, "getppid") and sys.platform != "win32":
        threading.Thread(target=_wait_for_end, args=(os.getppid(),), daemon=True).start()


def _wait_for_end(owner: int) -> None:
    while os.getppid() == owner:
        time.sleep(_LOOK_FOR_OWNER_S)
    os._exit(1)
