"""The journal on the command line: on by default where pages are read, and looked after by `dsocr journal`."""

from __future__ import annotations

import json

import pytest

from dsocr_loaders.journal import JOURNAL_FILE, filesystems
from dsocr_loaders.testing import ScriptedServer

pytestmark = pytest.mark.usefixtures("warm_page_workers")

ANSWER = "<|ref|>text<|/ref|><|det|>[[0, 0, 999, 999]]<|/det|>\nwords"


@pytest.fixture
def server():
    with ScriptedServer(ANSWER) as server:
        yield server


def test_convert_again(dsocr, make_pdf, tmp_path, server):
    """This test ensures that a second conversion with other chunks reads nothing, and its report says so."""
    path, out = make_pdf("1", "", "3"), tmp_path / "out"
    first = dsocr("convert", path, "-o", out, "--engine", server.base_url)
    again = dsocr("convert", path, "-o", out, "--engine", server.base_url, "--granularity", "page")

    assert (0, 0, "", "") == (first[0], again[0], first[2], again[2])
    assert (2, 1) == (len(server.requests), server.models_requests)
    assert "journal" not in first[1]
    assert "journal 2 of these pages were read before" in again[1].splitlines()
    assert (out / JOURNAL_FILE).is_file()


def test_no_journal(dsocr, make_pdf, tmp_path, server):
    """This test ensures that the journal can be turned off, and put elsewhere, and not both."""
    path, out = make_pdf("1"), tmp_path / "out"
    for _ in range(2):
        dsocr("convert", path, "-o", out, "--engine", server.base_url, "--no-journal")
    made = [entry.name for entry in out.iterdir()]
    status, _, err = dsocr("convert", path, "-o", out, "--engine", server.base_url, "--journal", tmp_path / "j.db")
    both, _, usage = dsocr("convert", path, "-o", out, "--journal", tmp_path / "j.db", "--no-journal")

    assert (3, False) == (len(server.requests), JOURNAL_FILE in made)
    assert (0, "", True) == (status, err, (tmp_path / "j.db").exists())
    assert (2, True) == (both, "exclude each other" in usage)


def test_an_output_folder_on_a_network(dsocr, make_pdf, tmp_path, server, monkeypatch):
    """This test ensures that the default gives way with a warning, and a journal that was asked for is an error."""
    mounts = tmp_path / "mounts"
    mounts.write_text(f"server:/x {tmp_path} nfs rw 0 0\n")
    monkeypatch.setattr(filesystems, "_MOUNTS", mounts)
    path, out = make_pdf("1"), tmp_path / "out"
    status, _, err = dsocr("convert", path, "-o", out, "--engine", server.base_url)
    asked, _, refusal = dsocr("convert", path, "-o", out, "--engine", server.base_url, "--journal", out / "j.db")

    assert (0, True) == (status, err.startswith("Warning:") and "network filesystem (nfs)" in err)
    assert (5, True) == (asked, refusal.startswith("Error:") and "network filesystem (nfs)" in refusal)
    assert 1 == len(server.requests)


def test_list_prune_and_export(dsocr, make_pdf, tmp_path, server):
    """This test ensures that a journal can be looked at, written out and emptied."""
    path, out = make_pdf("1", "2"), tmp_path / "out"
    dsocr("convert", path, "-o", out, "--engine", server.base_url)
    listed = dsocr("journal", "list", out)
    exported = dsocr("journal", "export", out)
    to_file = dsocr("journal", "export", out / JOURNAL_FILE, "-o", tmp_path / "lines.jsonl")
    pruned = dsocr("journal", "prune", out, "--source", "report.pdf")
    empty = dsocr("journal", "list", out)

    assert [0, 0, 0, 0, 0] == [result[0] for result in (listed, exported, to_file, pruned, empty)]
    assert "2 pages" in listed[1]
    assert f"engine   remote {server.base_url} auto deepseek-ai/DeepSeek-OCR jpeg" in listed[1]
    assert [ANSWER, ANSWER] == [json.loads(line)["text"] for line in exported[1].splitlines()]
    assert exported[1] == (tmp_path / "lines.jsonl").read_text()
    assert "removed 2 answers and 2 pages of the index\n" == pruned[1]
    assert "report.pdf" not in empty[1]


@pytest.mark.parametrize("words", [[], ["--all", "--not-final"]])
def test_prune_wants_to_be_told_what(dsocr, tmp_path, words):
    """This test ensures that nothing is removed by a slip."""
    status, _, err = dsocr("journal", "prune", tmp_path, *words)

    assert (2, True) == (status, "say what to remove" in err)


def test_a_folder_without_a_journal(dsocr, tmp_path):
    """This test ensures that a wrong folder is one clear line."""
    status, out, err = dsocr("journal", "list", tmp_path)

    assert (5, "", f"Error: {tmp_path / JOURNAL_FILE}: there is no journal here.\n") == (status, out, err)
