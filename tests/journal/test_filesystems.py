from __future__ import annotations

from pathlib import Path

import pytest

from dsocr_loaders.errors import JournalError
from dsocr_loaders.journal import JournalFile, filesystems

MOUNTS = """\
sysfs /sys sysfs rw 0 0
/dev/vda1 / ext4 rw,relatime 0 0
server:/export/home /home nfs4 rw,vers=4.2 0 0
/dev/vdb1 /home/me/disk xfs rw 0 0
//office/share /mnt/my\\040share cifs rw 0 0
me@host: /mnt/there fuse.sshfs rw 0 0
portal /run/user/1000/doc fuse.portal rw 0 0
tmpfs /twice tmpfs rw 0 0
server:/export /twice nfs rw 0 0
broken line
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/j.sqlite", None),
        ("/home/me/j.sqlite", "nfs4"),
        ("/home/me/disk/j.sqlite", None),
        ("/homes/j.sqlite", None),
        ("/mnt/my share/j.sqlite", "cifs"),
        ("/mnt/there/a/b/j.sqlite", "fuse.sshfs"),
        ("/run/user/1000/doc/j.sqlite", None),
        ("/twice/j.sqlite", "nfs"),
    ],
)
def test_which_filesystems_are_networks(path, kind):
    """This test ensures that the innermost mount that holds a path decides, and the later one of two."""
    assert kind == filesystems.network_filesystem_of(Path(path), MOUNTS)


def test_a_journal_on_a_network_filesystem_is_refused(tmp_path, monkeypatch):
    """This test ensures that no file is made there, and that the message says what to do."""
    mounts = tmp_path / "mounts"
    mounts.write_text(f"server:/x {tmp_path / 'far'} nfs rw 0 0\n")
    monkeypatch.setattr(filesystems, "_MOUNTS", mounts)

    with pytest.raises(JournalError, match=r"network filesystem \(nfs\).*local disk"):
        JournalFile.opened(tmp_path / "far" / "j.sqlite")

    assert not (tmp_path / "far").exists()


def test_without_a_list_of_mounts(tmp_path, monkeypatch):
    """This test ensures that a machine that does not tell its mounts can still keep a journal."""
    monkeypatch.setattr(filesystems, "_MOUNTS", tmp_path / "missing")

    assert filesystems.network_filesystem(tmp_path) is None
