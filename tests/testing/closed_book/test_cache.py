from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from dsocr_loaders.testing.closed_book import NotBuilt, cache, checkpoint, checkpoint_name

PYTHON = sys.executable
BUILDER = """
import os, sys, time
from pathlib import Path
folder = Path(sys.argv[-1])
with open(folder.parent / "builds", "a") as builds:
    builds.write(folder.name + "\\n")
time.sleep(0.3)
if os.environ.get("BUILD_FAILS"):
    sys.exit("page 3 was not learnt")
folder.mkdir()
(folder / "config.json").write_text("{}")
"""


@pytest.fixture
def builder(tmp_path, monkeypatch):
    """Let a small program stand in for the one that builds, which notes each build down; return the cache's folder."""
    program = tmp_path / "python"
    program.write_text(f"#!{PYTHON}\n{BUILDER}")
    program.chmod(0o755)
    monkeypatch.setattr(cache.sys, "executable", str(program))
    monkeypatch.setenv("DSOCR_CLOSED_BOOK", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_it_is_built_once(builder):
    """This test ensures that a second suite takes what the first one has built."""
    first, second = checkpoint(), checkpoint()

    assert first == second == builder / checkpoint_name()
    assert (builder / "builds").read_text().splitlines() == [checkpoint_name()]


def test_two_processes_do_not_build_twice(builder, tmp_path):
    """This test ensures that whoever comes while it is being built waits for it."""
    program = textwrap.dedent(f"""
        from dsocr_loaders.testing.closed_book import cache
        cache.sys.executable = {str(tmp_path / "python")!r}
        print(cache.checkpoint())
    """)
    running = [
        subprocess.Popen([PYTHON, "-c", program], stdout=subprocess.PIPE, text=True, env=dict(os.environ))
        for _ in range(2)
    ]
    folders = {process.communicate(timeout=60)[0].strip() for process in running}

    assert folders == {str(builder / checkpoint_name())}
    assert len((builder / "builds").read_text().splitlines()) == 1


def test_a_failed_build_says_why(builder, monkeypatch):
    """This test ensures that the reason is in the message and that nothing half-built is taken later."""
    monkeypatch.setenv("BUILD_FAILS", "1")
    with pytest.raises(NotBuilt, match="page 3 was not learnt"):
        checkpoint()
    monkeypatch.delenv("BUILD_FAILS")

    assert checkpoint() == builder / checkpoint_name()


def test_a_folder_that_is_a_checkpoint_is_taken(tmp_path, monkeypatch):
    """This test ensures that a checkpoint from elsewhere can be named, and is not built again."""
    (tmp_path / "config.json").write_text("{}")
    monkeypatch.setenv("DSOCR_CLOSED_BOOK", str(tmp_path))

    assert checkpoint() == tmp_path


def test_the_users_cache_is_the_default(builder, tmp_path, monkeypatch):
    """This test ensures that it is kept where a user's caches are."""
    monkeypatch.delenv("DSOCR_CLOSED_BOOK")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))

    assert checkpoint().parent == tmp_path / "caches" / "dsocr-loaders"


def test_the_name_follows_what_shapes_it(monkeypatch):
    """This test ensures that changed pages or another vLLM get a checkpoint of their own, and the rest does not."""
    name = checkpoint_name()
    read = Path.read_bytes

    def changed(file_name):
        monkeypatch.setattr(Path, "read_bytes", lambda path: read(path) + b"#" * (path.name == file_name))
        return checkpoint_name() != name

    assert [changed("pages.py"), changed("tasks.py"), changed("__main__.py"), changed("cache.py")] == [
        True,
        True,
        False,
        False,
    ]
    monkeypatch.setattr(Path, "read_bytes", read)
    monkeypatch.setattr(cache, "version", lambda package: "99")
    assert checkpoint_name() != name
