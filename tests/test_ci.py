from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import dsocr_loaders

ROOT = Path(dsocr_loaders.__file__).parents[1]
SCRIPT = ROOT / ".ci" / "run"
MARK = "<!-- command two -->"

STEPS_AFTER = [
    "ruff check .",
    "ruff format --check .",
    "mypy",
    "pytest -m slow -n 0",
    ".ci/vllm-environment ../vllm python",
    "../vllm/bin/python -m pytest -m vllm -n 0 -W ignore tests/in_vllm",
    "../vllm/bin/python -m pytest -m transformers -n 0 -W ignore tests/in_transformers",
]


@pytest.fixture
def tree(tmp_path):
    """Return a small tree with our `.ci/run`, a README and tools that only note down how they were called."""
    made = tmp_path / "tree"
    (made / ".ci").mkdir(parents=True)
    shutil.copy(SCRIPT, made / ".ci" / "run")
    (made / "tools").mkdir()
    for tool in ("ruff", "mypy", "pytest"):
        path = made / "tools" / tool
        write_tool(path, tool)
    write_tool(made / "tools" / "vllm-python", "../vllm/bin/python")
    # vLLM's environment has a "python" that notes down its calls, too.
    making = 'mkdir -p "$1/bin" && cp "$(command -v vllm-python)" "$1/bin/python"'
    write_tool(made / ".ci" / "vllm-environment", ".ci/vllm-environment", making)
    return made


def write_tool(path, name, what_it_does="true"):
    """Write a program that notes down how it was called, and fails where the test says so."""
    note = f'echo "{name} $*" | sed "s/ *$//" >>"$CALLS"'
    path.write_text(f'#!/bin/sh\n{note}\n{what_it_does}\n[ "$FAILS" != "{name} $1" ]\n')
    path.chmod(0o755)


def write_readme(tree, block):
    (tree / "README.md").write_text(
        f"# Title\n\n```bash\necho the first block, not run\n```\n\n## Tests\n\n{MARK}\n```bash\n{block}\n```\n"
    )


def run_in(tree, *arguments, fails=""):
    """Run the tree's `.ci/run` and return how it ended with the calls that were noted down."""
    calls = tree.parent / "calls"
    environment = {
        **os.environ,
        "PATH": f"{tree / 'tools'}:{os.environ['PATH']}",
        "CALLS": str(calls),
        "FAILS": fails,
        "TMPDIR": str(tree.parent),
    }
    done = subprocess.run(
        [tree / ".ci" / "run", *arguments], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    return done, calls.read_text().splitlines() if calls.exists() else []


def marked_block(readme):
    """Return the bash block that README marks, as a reader finds it."""
    (block,) = re.findall(rf"^{re.escape(MARK)}\n```bash\n(.*?)^```$", readme, flags=re.DOTALL | re.MULTILINE)
    return block.rstrip("\n")


def test_the_command_that_readme_shows_is_the_one_that_is_run():
    """This test ensures that what a user is told to type for the tests is what the checks run, letter by letter."""
    shown = subprocess.run([SCRIPT, "--show"], capture_output=True, text=True, check=False, timeout=60)

    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.rstrip("\n") == marked_block((ROOT / "README.md").read_text(encoding="utf-8"))


def test_readmes_command_is_one_chain_that_installs_and_tests_everything():
    """This test ensures that the command stops at the first failure, installs the three folders and runs the tests."""
    block = marked_block((ROOT / "README.md").read_text(encoding="utf-8")).replace("\\\n", " ")
    steps = [" ".join(step.split()) for step in block.split("&&")]
    folders = ["integrations/llama-index-readers-deepseek-ocr", "integrations/langchain-deepseek-ocr"]

    assert "\n" not in block
    assert steps[0] == "python -m venv .venv"
    assert steps[-1] == "pytest"
    assert [step for step in steps if step.startswith("pip install") and all(folder in step for folder in folders)]


def test_all_steps_run_in_order(tree):
    """This test ensures that README's command comes first and that the linters, the types and the slow tests follow."""
    write_readme(tree, 'echo "block 1" >>"$CALLS" && \\\n    echo "block 2" >>"$CALLS"')

    done, calls = run_in(tree)

    assert done.returncode == 0, done.stderr
    assert calls == ["block 1", "block 2", *STEPS_AFTER]
    assert [line[3:] for line in done.stdout.splitlines() if line.startswith("== ")][2:-1] == STEPS_AFTER


def test_the_block_and_the_steps_share_an_environment(tree):
    """This test ensures that the environment which README's command activates is the one of the later steps."""
    (tree / "tools" / "activate").write_text('PATH="$PWD/own:$PATH"\n')
    own = tree / "own"
    own.mkdir()
    (own / "mypy").write_text('#!/bin/sh\necho "own mypy" >>"$CALLS"\n')
    (own / "mypy").chmod(0o755)
    write_readme(tree, "python --version && . ./tools/activate")

    done, calls = run_in(tree)

    assert done.returncode == 0, done.stderr
    assert "own mypy" in calls


@pytest.mark.parametrize(
    "block", ["false", "false && echo never", "true && false && echo never", "true && . ./no-such-file && echo never"]
)
def test_a_failing_command_stops_it(tree, block):
    """This test ensures that nothing is called passed once README's command failed, whichever part of it did."""
    write_readme(tree, block)

    done, calls = run_in(tree)

    assert done.returncode != 0
    assert calls == []


@pytest.mark.parametrize(
    "fails",
    ["ruff check", "ruff format", "mypy ", "pytest -m", ".ci/vllm-environment ../vllm", "../vllm/bin/python -m"],
)
def test_a_failing_step_stops_it(tree, fails):
    """This test ensures that each step's failure is the failure of the whole."""
    write_readme(tree, "true")

    done, calls = run_in(tree, fails=fails)

    assert done.returncode != 0
    assert calls[-1].startswith(fails.strip())
    assert "all checks passed" not in done.stdout


def test_the_tree_it_is_started_from_stays_as_it_is(tree):
    """This test ensures that checks run in a copy: a user's own environment is neither used nor overwritten."""
    (tree / ".venv").mkdir()
    (tree / ".venv" / "kept").write_text("mine")
    write_readme(tree, "test ! -e .venv && mkdir .venv && touch .venv/theirs new-file")
    before = sorted(tree.rglob("*"))

    done, _ = run_in(tree)

    assert done.returncode == 0, done.stderr
    assert sorted(tree.rglob("*")) == before
    assert not list(tree.parent.glob("dsocr-ci.*"))


@pytest.mark.parametrize(
    "readme",
    [
        "# No block\n",
        f"{MARK}\n\n```bash\necho not directly below\n```\n",
        f"{MARK}\n```python\nprint()\n```\n",
        f"{MARK}\n```bash\necho no end\n",
    ],
)
def test_a_readme_without_the_block_is_an_error(tree, readme):
    """This test ensures that a README from which the command went missing is noticed."""
    (tree / "README.md").write_text(readme)

    done, calls = run_in(tree)

    assert done.returncode != 0
    assert "command two" in done.stderr
    assert calls == []
