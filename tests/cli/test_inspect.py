"""The small commands."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from dsocr_loaders.cli.exits import status_of
from dsocr_loaders.errors import (
    DsocrError,
    MissingDependency,
    OutputError,
    SettingsError,
    SourceDamaged,
    engine_error,
)
from dsocr_loaders.testing import ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("warm_page_workers")

ANSWER = "<|ref|>text<|/ref|><|det|>[[100, 200, 300, 400]]<|/det|>\nwords  \n"


def test_parse_shows_the_regions(
    dsocr: Callable[..., tuple[int, str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer from a file or from standard input is shown as JSON with the model's own numbers."""
    (tmp_path / "answer.txt").write_text(ANSWER)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(ANSWER.encode())))

    status, out, _ = dsocr("parse", tmp_path / "answer.txt")
    from_stdin = dsocr("parse", "-", "--finish-reason", "length")

    shown = json.loads(out)
    assert (0, "grounded", 1.0) == (status, shown["dialect"], shown["text_coverage"])
    assert [("text", "words", [[100, 200, 300, 400]])] == [
        (region["type"], region["text"], region["model_boxes"]) for region in shown["regions"]
    ]
    assert ["truncated"] == [issue["code"] for issue in json.loads(from_stdin[1])["issues"]]


def test_parse_tells_what_is_wrong(dsocr: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    """The faults of an answer are shown with the characters that they are about."""
    (tmp_path / "answer.txt").write_text(ANSWER + "again " * 2000)

    shown = json.loads(dsocr("parse", tmp_path / "answer.txt", "--finish-reason", "length")[1])

    assert ["loop", "truncated"] == [finding["fault"] for finding in shown["health"]]
    assert len(ANSWER) < shown["health"][0]["span"][0] < shown["health"][0]["span"][1] == len(ANSWER) + 12_000


def test_json_is_utf8_whatever_the_terminal_speaks(make_pdf: Callable[..., Path], tmp_path: Path) -> None:
    """A standard output of another encoding gets JSON as UTF-8 all the same, and names that it cannot show escaped."""
    (tmp_path / "answer.txt").write_text("中文", encoding="utf-8")
    (tmp_path / "中.pdf").write_bytes(make_pdf("1").read_bytes())

    def run(*words: object) -> subprocess.CompletedProcess[bytes]:
        environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
        return subprocess.run(
            [sys.executable, "-m", "dsocr_loaders", *map(str, words)], capture_output=True, check=False, env=environment
        )

    parsed, digested = run("parse", tmp_path / "answer.txt"), run("digest", tmp_path / "中.pdf")

    assert (0, b"") == (parsed.returncode, parsed.stderr)
    assert "中文" == json.loads(parsed.stdout)["regions"][0]["text"]
    assert (0, b"") == (digested.returncode, digested.stderr)
    assert rb"\u4e2d.pdf, page 1" in digested.stdout


def test_parse_tells_that_there_is_no_such_file(dsocr: Callable[..., tuple[int, str, str]]) -> None:
    """A missing answer is one line."""
    status, _, err = dsocr("parse", "/nowhere.txt")

    assert (5, "Error: /nowhere.txt: cannot be read (No such file or directory)\n") == (status, err)


def test_chunks_cuts_again_without_reading(
    dsocr: Callable[..., tuple[int, str, str]], make_pdf: Callable[..., Path], tmp_path: Path
) -> None:
    """A converted document is chunked again with other settings; the same settings give the same lines."""
    dsocr("convert", make_pdf("words " * 20), "-o", tmp_path, "--engine", "text_layer")

    _, same, _ = dsocr("chunks", tmp_path / "report.json")
    _, small, _ = dsocr("chunks", tmp_path / "report.json", "--chunk-tokens", "16")
    status, _, err = dsocr("chunks", tmp_path / "report.md")
    mixed = dsocr("chunks", tmp_path / "missing.json", tmp_path / "report.json")
    dsocr("chunks", tmp_path / "report.json", "-o", tmp_path / "again.jsonl")

    assert (3, same) == mixed[:2]
    assert mixed[2].startswith(f"Error: {tmp_path / 'missing.json'}: ")
    assert (tmp_path / "report.chunks.jsonl").read_text() == same
    assert (tmp_path / "again.jsonl").read_text() == same
    assert 1 < len(small.splitlines())
    assert (5, 1) == (status, len(err.splitlines()))


def test_engines_says_what_would_help(
    dsocr: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each engine has a line, and one that does not work a command."""
    monkeypatch.delenv("DSOCR_ENDPOINT", raising=False)

    status, out, _ = dsocr("engines")

    assert 0 == status
    assert "vllm serve deepseek-ai/DeepSeek-OCR" in out
    assert any(line.startswith("text_layer") and "works" in line for line in out.splitlines())


def test_engines_asks_the_servers_that_are_named(dsocr: Callable[..., tuple[int, str, str]]) -> None:
    """A server is checked with the model that pages would be read with."""
    with ScriptedServer() as server:
        _, good, _ = dsocr("engines", server.base_url)
        _, wrong, _ = dsocr("engines", server.base_url, "--model", "other/model")

    assert f"{server.base_url:{len(server.base_url)}}  works" in good
    assert "'deepseek-ai/DeepSeek-OCR'" in wrong.splitlines()[-2]


def test_digest_names_pages(
    dsocr: Callable[..., tuple[int, str, str]], make_pdf: Callable[..., Path], tmp_path: Path
) -> None:
    """Each page has a digest that stays; a blank one has none; a file that cannot be read is told."""
    path = make_pdf("1", "", "1")

    status, out, err = dsocr("digest", path, tmp_path / "missing.pdf")
    _, again, _ = dsocr("digest", path)
    nothing, _, _ = dsocr("digest", tmp_path / "missing.pdf")

    first, blank, third = (line.split()[0] for line in out.splitlines())
    assert (64, "blank", first) == (len(first), blank, third)
    assert out == again
    assert (3, 1, 5) == (status, len(err.splitlines()), nothing)


def test_a_reader_of_the_output_may_leave(tmp_path: Path) -> None:
    """`dsocr parse answer | head` ends without a word when `head` has seen enough."""
    (tmp_path / "answer.txt").write_text(ANSWER * 5000)
    command = f"{sys.executable} -m dsocr_loaders parse {tmp_path}/answer.txt | head -n 1; echo ${{PIPESTATUS[0]}}"

    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)

    assert ("{\n0\n", "") == (done.stdout, done.stderr)


def test_leaves_logging_as_it_was(dsocr: Callable[..., tuple[int, str, str]]) -> None:
    """A program that calls the command line keeps its own handlers and level."""
    logger = logging.getLogger("dsocr_loaders")
    before = (logger.level, list(logger.handlers))

    dsocr("--verbose", "engines")

    assert before == (logger.level, logger.handlers)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (SettingsError("no"), 2),
        (engine_error("died", "no"), 4),
        (MissingDependency("no"), 4),
        (SourceDamaged("no"), 5),
        (OutputError("no"), 5),
    ],
)
def test_the_status_tells_what_ended_a_command(error: DsocrError, status: int) -> None:
    """Scripts can tell a wrong command line from a missing engine from a file that cannot be read."""
    assert status == status_of(error)


def test_no_command_shows_a_traceback(
    dsocr: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A bug of ours is one line, and a traceback only with --debug."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("dsocr_loaders.grounding.parse_answer", broken)
    (tmp_path / "answer.txt").write_text(ANSWER)

    status, _, err = dsocr("parse", tmp_path / "answer.txt")
    _, _, debugged = dsocr("--debug", "parse", tmp_path / "answer.txt")

    assert (5, 1) == (status, len(err.splitlines()))
    assert "unexpected RuntimeError: boom" in err
    assert "Traceback" in debugged
