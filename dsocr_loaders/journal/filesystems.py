"""Whether a file would lie on a disk that other machines share, where SQLite's write-ahead log cannot work.

The log needs memory that every process with the file open shares, and locks that hold: a network filesystem gives
neither, and the file would be damaged sooner or later. On Linux `/proc/self/mounts` tells the kind of filesystem. On
Windows a path that begins with a server's name is taken for a network's. Elsewhere (macOS, a mapped drive letter)
nothing is detected, and it is for the user to choose a local disk.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

__all__ = ["network_filesystem", "network_filesystem_of"]

_MOUNTS: Final = Path("/proc/self/mounts")
_NETWORK_KINDS: Final = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "coda", "ceph", "glusterfs", "lustre", "beegfs"),
        *("gpfs", "wekafs", "panfs", "pvfs2", "orangefs", "ocfs2", "gfs2", "acfs", "davfs", "davfs2", "s3fs"),
    }
)
_NETWORK_PROGRAMS: Final = frozenset(
    {
        *(
            "sshfs",
            "s3fs",
            "gcsfuse",
            "goofys",
            "mountpoint-s3",
            "blobfuse",
            "blobfuse2",
            "rclone",
            "ceph",
            "ceph-fuse",
        ),
        *("glusterfs", "juicefs", "JuiceFS", "davfs", "davfs2", "curlftpfs", "smbnetfs", "cvmfs", "moosefs", "mfs"),
    }
)
_OCTAL: Final = re.compile(r"\\([0-7]{3})")  # how the kernel writes blanks in a path


def network_filesystem(path: Path) -> str | None:
    """Return the kind of network filesystem that `path` lies on, or would; None for a local one or an unknown one."""
    if os.name == "nt":
        return "a network share" if str(path.absolute()).startswith("\\\\") else None
    try:
        mounts = _MOUNTS.read_text(errors="surrogateescape")
    except OSError:
        return None
    return network_filesystem_of(Path(os.path.realpath(path)), mounts)


def network_filesystem_of(path: Path, mounts: str) -> str | None:
    """Return the kind of network filesystem that `path` lies on, by the text of `/proc/mounts`; None for a local one.

    Args:
        path: absolute, without links.
        mounts: one mount a line: device, folder, kind, options. Of two on one folder the later one counts.
    """
    best, kind = -1, ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:  # noqa: PLR2004 - device, folder, kind
            continue
        folder = Path(_OCTAL.sub(lambda found: chr(int(found[1], 8)), fields[1]))
        depth = len(folder.parts)
        if depth >= best and path.is_relative_to(folder):
            best, kind = depth, fields[2]
    family, _, program = kind.partition(".")
    is_network = kind in _NETWORK_KINDS or (family == "fuse" and program in _NETWORK_PROGRAMS)
    return kind if is_network else None
