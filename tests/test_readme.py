"""README's first command, as a new user runs it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import dsocr_loaders

ROOT = Path(dsocr_loaders.__file__).parents[1]
LEFT_OUT = shutil.ignore_patterns(".git", ".venv*", "out", "dist", "*cache*", ".hypothesis", "*.egg-info")


def blocks() -> list[str]:
    """Return README's first two bash blocks: command one, and the line that reads the scanned letter."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    first = readme.index("<!-- command one -->")
    return re.findall(r"^```bash\n(.*?)^```", readme[first:], flags=re.DOTALL | re.MULTILINE)[:2]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_command_one_converts_the_examples(tmp_path: Path) -> None:
    """In a fresh environment, command one installs and reads every document, and the next line reads the letter."""
    tree = tmp_path / "tree"
    shutil.copytree(ROOT, tree, ignore=LEFT_OUT)
    script = "set -e\n" + "\n".join(blocks())

    done = subprocess.run(["bash", "-c", script], cwd=tree, capture_output=True, text=True, timeout=500, check=False)

    assert (0, "") == (done.returncode, done.stderr if done.returncode else "")
    documents = sorted((tree / "examples" / "documents").glob("*.pdf"))
    assert [path.stem for path in documents] == sorted(path.stem for path in (tree / "out/documents").glob("*.json"))
    lines = (tree / "out/scans/letter.chunks.jsonl").read_text(encoding="utf-8").splitlines()
    assert {"model"} == {json.loads(line)["metadata"]["bbox_source"] for line in lines}
