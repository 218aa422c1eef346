"""`dsocr convert` as a user runs it: files, report, exit statuses, and one clear line for each failure."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pymupdf
import pytest

from dsocr_loaders.export import document_from_json
from dsocr_loaders.testing import Fault, ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("warm_page_workers")

ANSWER = "<|ref|>text<|/ref|><|det|>[[0, 0, 999, 999]]<|/det|>\nwords"


@pytest.fixture(autouse=True)
def _no_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DSOCR_ENDPOINT", raising=False)
    monkeypatch.delenv("DSOCR_API_KEY", raising=False)


def test_writes_three_files_and_a_report(
    dsocr: Callable[..., tuple[int, str, str]], make_pdf: Callable[..., Path], tmp_path: Path
) -> None:
    """A born-digital PDF becomes a document, chunks and Markdown, and the report counts them."""
    path = make_pdf("It rains.", "", "It ends.")

    status, out, err = dsocr(
        "convert", path, "-o", tmp_path / "out", "--engine", "text_layer", "--granularity", "region"
    )

    document = document_from_json((tmp_path / "out" / "report.json").read_text())
    lines = (tmp_path / "out" / "report.chunks.jsonl").read_text().splitlines()
    assert (0, "") == (status, err)
    assert ["ok", "blank", "ok"] == [page.status for page in document.pages]
    assert ["It rains.", "It ends."] == [json.loads(line)["text"] for line in lines]
    assert "It rains.\n\nIt ends." == (tmp_path / "out" / "report.md").read_text().strip()
    assert [
        f"files   1 written to {tmp_path / 'out'}",
        "pages   3: 1 blank, 2 ok",
        "chunks  2: 2 text",
    ] == out.splitlines()[:3]
    assert out.splitlines()[3].startswith("time    ")


def test_reads_with_a_server(
    dsocr: Callable[..., tuple[int, str, str]], make_pdf: Callable[..., Path], tmp_path: Path
) -> None:
    """A server that enforces vLLM's rules answers, and the boxes are the model's."""
    with ScriptedServer(ANSWER) as server:
        status, _, err = dsocr("convert", make_pdf("1", "2"), "-o", tmp_path, "--engine", server.base_url)

    metadata = json.loads((tmp_path / "report.chunks.jsonl").read_text().splitlines()[0])["metadata"]
    assert (0, "") == (status, err)
    assert ("model", "ocr", 1, 2) == (
        metadata["bbox_source"],
        metadata["text_source"],
        metadata["page_number"],
        metadata["page_end"],
    )


def test_reads_figures_on_request(
    dsocr: Callable[..., tuple[int, str, str]], make_pdf: Callable[..., Path], tmp_path: Path
) -> None:
    """What figures show is in the chunks and the Markdown, and the report counts the extra reads."""
    picture = "<|ref|>image<|/ref|><|det|>[[0, 0, 999, 999]]<|/det|>"

    with ScriptedServer(lambda request: "rain: 71" if "figure" in request.prompt else picture) as server:
        options = ("--engine", server.base_url, "--read-figures", "--no-repair")
        status, out, _ = dsocr("convert", make_pdf("It rains."), "-o", tmp_path / "out", *options)

    (line,) = (tmp_path / "out" / "report.chunks.jsonl").read_text().splitlines()
    assert (0, "rain: 71") == (status, json.loads(line)["text"])
    assert "rain: 71" == (tmp_path / "out" / "report.md").read_text().strip()
    assert "figures 1 read; 1 extra reads" in out.splitlines()


def test_files_of_one_name_keep_their_folders(
    dsocr: Callable[..., tuple[int, str, str]],
    make_pdf: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Sources whose results would collide go into folders of their own, the first one too."""
    content = make_pdf("words").read_bytes()
    for name in ("a/report.pdf", "b/report.pdf", "other.pdf"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)

    status, _, _ = dsocr("convert", "a", "other.pdf", "b/report.pdf", "-o", "out", "--engine", "text_layer")

    written = sorted(str(path.relative_to("out")) for path in Path("out").rglob("*.json"))
    assert (0, ["a/report.json", "b/report.json", "other.json"]) == (status, written)
    assert "a/report.pdf" == document_from_json(Path("out/a/report.json").read_text()).source.name
    assert 9 == sum(path.is_file() for path in Path("out").rglob("*"))


def test_names_that_collide_twice_keep_their_suffixes(
    dsocr: Callable[..., tuple[int, str, str]],
    make_pdf: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What has moved once moves again where a third source asks for the name; no file of any is lost."""
    content = make_pdf("words").read_bytes()
    for name in ("in/a/report.pdf", "in/b/report.pdf", "in/a/report.png", "t:wo.pdf"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    monkeypatch.chdir(tmp_path / "in")

    status, _, err = dsocr(
        "convert", "a/report.pdf", "b/report.pdf", "a/report.png", "./a/../b/report.pdf", "../t:wo.pdf", "-o", "out",
        "--engine", "text_layer",
    )  # fmt: skip

    assert (0, "") == (status, err)
    stems = ("a/report.pdf", "a/report.png", "b/report", "t-wo")
    assert sorted(f"{stem}{suffix}" for stem in stems for suffix in (".chunks.jsonl", ".json", ".md")) == sorted(
        str(path.relative_to("out")) for path in Path("out").rglob("*") if path.is_file()
    )


def test_a_file_that_cannot_be_written_costs_no_other(
    dsocr: Callable[..., tuple[int, str, str]], make_pdf: Callable[..., Path], tmp_path: Path
) -> None:
    """A folder where a result should go is one line and status 3; the other source is written."""
    (tmp_path / "first.json").mkdir()
    paths = [make_pdf("words", name=name) for name in ("first.pdf", "second.pdf")]

    status, out, err = dsocr("convert", *paths, "-o", tmp_path, "--engine", "text_layer")

    assert 3 == status
    assert err.startswith(f"Error: {tmp_path / 'first.json'}: cannot be written")
    assert 1 == len(err.splitlines())
    assert "1 failed" in out.splitlines()[0]
    assert (tmp_path / "second.md").exists()


def test_structures_whole_documents_on_request(
    dsocr: Callable[..., tuple[int, str, str]], make_pdf: Callable[..., Path], tmp_path: Path
) -> None:
    """With `--structure whole` no page is lost."""
    heading = "<|ref|>sub_title<|/ref|><|det|>[[0, 0, 9, 9]]<|/det|>\n#### Deep"
    with ScriptedServer(heading) as server:
        dsocr("convert", make_pdf("1"), "-o", tmp_path, "--engine", server.base_url, "--structure", "whole")

    assert "#### Deep\n" == (tmp_path / "report.md").read_text()


def test_one_line_for_each_file_that_fails(
    dsocr: Callable[..., tuple[int, str, str]], make_pdf: Callable[..., Path], tmp_path: Path
) -> None:
    """Missing, empty, wrong, truncated and encrypted files are one line each, and the good file is done."""
    good = make_pdf("words")
    empty, text, cut_off, locked = (tmp_path / name for name in ("empty.pdf", "text.pdf", "cut.pdf", "locked.pdf"))
    empty.write_bytes(b"")
    text.write_text("just text")
    cut_off.write_bytes(b"%PDF-1.7\n1 0 obj\n<<")
    locked.write_bytes(make_pdf("secret", encryption=5, user_pw="key", owner_pw="key").read_bytes())
    missing = tmp_path / "missing.pdf"

    status, out, err = dsocr(
        "convert", missing, empty, text, cut_off, locked, good, "-o", tmp_path / "out", "--engine", "text_layer"
    )

    lines = err.splitlines()
    assert 3 == status
    assert 5 == len(lines)
    for path, line in zip((missing, empty, text, cut_off, locked), lines, strict=True):
        assert line.startswith("Error: ")
        assert str(path) in line
    assert "password" in lines[4]
    assert f"files   1 written to {tmp_path / 'out'}, 5 failed" == out.splitlines()[0]


def test_nothing_read_leaves_earlier_results_alone(
    dsocr: Callable[..., tuple[int, str, str]], make_pdf: Callable[..., Path], tmp_path: Path
) -> None:
    """A run that reads no page of a file does not replace what an earlier run wrote of it."""
    path = make_pdf("It rains.", "It ends.")
    dsocr("convert", path, "-o", tmp_path, "--engine", "text_layer")
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}

    with ScriptedServer(ANSWER, faults=lambda _: Fault(status=400)) as server:
        refused, _, err = dsocr("convert", path, "-o", tmp_path, "--engine", server.base_url, "--no-journal")
    none_chosen, _, _ = dsocr("convert", path, "-o", tmp_path, "--engine", "text_layer", "--pages", "9")

    assert (5, 5) == (refused, none_chosen)
    assert "report.pdf: no page was read, so nothing is written for it" in err
    assert before == {file.name: file.read_bytes() for file in tmp_path.iterdir()}


def test_a_run_that_ends_early_writes_what_was_read(
    dsocr: Callable[..., tuple[int, str, str]], make_pdf: Callable[..., Path], tmp_path: Path
) -> None:
    """An engine's error in the middle of a file keeps its pages; those behind have failed with that error."""
    with ScriptedServer(ANSWER, faults=lambda number: Fault(status=401) if number > 2 else None) as server:
        status, out, _ = dsocr(
            "convert", make_pdf("1", "2", "3", "4"), "-o", tmp_path, "--engine", server.base_url,
            "--max-in-flight", "1",
        )  # fmt: skip

    pages = document_from_json((tmp_path / "report.json").read_text()).pages
    assert 4 == status
    assert [(1, "ok"), (2, "ok"), (3, "failed"), (4, "failed")] == [(page.page_number, page.status) for page in pages]
    assert {("unauthorized", 0.0, ())} == {(page.error.cause, page.width, page.repairs) for page in pages[2:]}
    assert ["1", "2", "3", "4"] == [page.label for page in pages]
    assert "pages   4: 2 failed, 2 ok" in out


def test_the_ways_to_an_engine_are_told_once(
    dsocr: Callable[..., tuple[int, str, str]], make_pdf: Callable[..., Path], tmp_path: Path
) -> None:
    """A scan of many pages without an engine is one line a page, and one of them says what to do."""
    scan = tmp_path / "scan.pdf"
    with pymupdf.open() as document:
        for _ in range(3):
            page = document.new_page(width=200, height=100)
            page.draw_rect((20, 20, 180, 80), fill=(0, 0, 0))
        document.save(scan)

    status, _, err = dsocr("convert", scan, make_pdf("typed"), "-o", tmp_path / "out", "--engine", "text_layer")

    assert 3 == status
    assert 1 == err.count("DSOCR_ENDPOINT")
    assert ["page 1", "page 2", "page 3"] == re.findall(r"scan\.pdf, (page \d)", err)


def test_a_server_that_goes_away_ends_the_run(
    dsocr: Callable[..., tuple[int, str, str]],
    make_pdf: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """When page after page cannot reach the server, the run ends with status 4 and keeps what was read."""
    monkeypatch.setattr("dsocr_loaders.pipeline.retries._FIRST_DELAY_S", 0.01)
    server = ScriptedServer(lambda request: server.__exit__(None, None, None) or ANSWER)
    with server:
        status, out, _ = dsocr(
            "convert", make_pdf(*map(str, range(9))), "-o", tmp_path, "--engine", server.base_url,
            "--max-in-flight", "1",
        )  # fmt: skip

    assert 4 == status
    assert "pages   9: " in out


def test_opens_an_encrypted_file_with_its_password(
    dsocr: Callable[..., tuple[int, str, str]], make_pdf: Callable[..., Path], tmp_path: Path
) -> None:
    """The password opens it, and stands in no file that is written."""
    path = make_pdf("secret words", encryption=5, user_pw="the-key", owner_pw="the-key")

    status, _, err = dsocr("convert", path, "-o", tmp_path, "--engine", "text_layer", "--password", "the-key")

    assert (0, "") == (status, err)
    assert "secret words" in (tmp_path / "report.md").read_text()
    assert not any(b"the-key" in written.read_bytes() for written in tmp_path.iterdir())


def test_tells_which_pages_failed(
    dsocr: Callable[..., tuple[int, str, str]], make_pdf: Callable[..., Path], tmp_path: Path
) -> None:
    """A page that the server refuses is a line and a failed page in the document; its text is nobody's."""
    with ScriptedServer(ANSWER, faults={2: Fault(status=400)}) as server:
        status, out, err = dsocr(
            "convert", make_pdf("1", "2", "3"), "-o", tmp_path, "--engine", server.base_url, "--max-in-flight", "1"
        )

    document = document_from_json((tmp_path / "report.json").read_text())
    assert 3 == status
    assert ["ok", "failed", "ok"] == [page.status for page in document.pages]
    assert 1 == len(err.splitlines())
    assert "report.pdf, page 2" in err
    assert "1 failed, 2 ok" in out
    assert "words\n\nwords" == json.loads((tmp_path / "report.chunks.jsonl").read_text())["text"]


def test_a_page_that_no_way_could_read_makes_no_chunk(
    dsocr: Callable[..., tuple[int, str, str]], make_pdf: Callable[..., Path], tmp_path: Path
) -> None:
    """With `text_layer` a page that has none either is left out of the chunks; a placeholder is one without text."""
    path = make_pdf("words", "")
    with pymupdf.open(path) as document:
        document[1].draw_rect((20, 20, 180, 100), fill=(0, 0, 0))
        document.saveIncr()

    texts = {}
    for policy in ("skip", "text_layer", "placeholder"):
        with ScriptedServer(ANSWER, faults={2: Fault(status=400)}) as server:
            words = ["--engine", server.base_url, "--max-in-flight", 1, "--on-page-error", policy]
            status, _, err = dsocr("convert", path, "-o", tmp_path / policy, *words)
        texts[policy] = [
            json.loads(line)["text"] for line in (tmp_path / policy / "report.chunks.jsonl").read_text().splitlines()
        ]
        assert 3 == status
        assert "report.pdf, page 2" in err

    assert {"skip": ["words"], "text_layer": ["words"], "placeholder": ["words", ""]} == texts


@pytest.mark.parametrize(
    ("words", "status", "line"),
    [
        (["--engine", "http://127.0.0.1:9/v1"], 4, "http://127.0.0.1:9"),
        (["--engine", "vllm"], 4, 'pip install "vllm'),
        (["--engine", "replay:/nowhere"], 4, "/nowhere"),
        (["--dpi", "1"], 2, "dpi='1' is not allowed; allowed: a whole number from 36 to 600."),
        (["--engine", "nonsense"], 2, "engine='nonsense' is not allowed"),
        (["--no-such-option"], 2, "--no-such-option"),
        (["--pages", ""], 2, "pages='' is not allowed"),
        (["--pages", "7"], 5, "report.pdf: --pages chooses none of its 1 pages"),
    ],
)
def test_exit_statuses(
    words: list[str],
    status: int,
    line: str,
    dsocr: Callable[..., tuple[int, str, str]],
    make_pdf: Callable[..., Path],
    tmp_path: Path,
) -> None:
    """No engine is 4, a wrong command line 2, each with a message that says what to do and no traceback."""
    actual, _, err = dsocr("convert", make_pdf("1"), "-o", tmp_path, *words)

    assert status == actual
    assert line in err
    assert "Traceback" not in err


def test_nothing_read_is_five(dsocr: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    """If no page at all could be read, the status says so."""
    status, _, err = dsocr("convert", tmp_path / "missing.pdf", "-o", tmp_path / "out", "--engine", "text_layer")

    assert 5 == status
    assert 1 == len(err.splitlines())


@pytest.mark.parametrize(
    ("fault", "status", "line"),
    [
        (Fault(status=401), 4, "api_key"),
        (Fault.html(), 3, "it is a web page"),
    ],
)
def test_a_server_that_is_none(
    fault: Fault,
    status: int,
    line: str,
    dsocr: Callable[..., tuple[int, str, str]],
    make_pdf: Callable[..., Path],
    tmp_path: Path,
) -> None:
    """A refused key ends the run, behind the page that met it; a page of HTML instead of an answer costs a page."""
    with ScriptedServer(ANSWER, faults=[None, fault]) as server:
        actual, _, err = dsocr(
            "convert", make_pdf("1", "2"), "-o", tmp_path, "--engine", server.base_url, "--max-in-flight", "1"
        )

    assert status == actual
    assert line in err
    assert (2 if status == 4 else 1) == len(err.splitlines())
    assert "page 2: " in err


def test_an_output_folder_that_cannot_be_made(
    dsocr: Callable[..., tuple[int, str, str]], make_pdf: Callable[..., Path], tmp_path: Path
) -> None:
    """A file where the folder should be is one line."""
    (tmp_path / "out").write_text("in the way")

    status, _, err = dsocr("convert", make_pdf("1"), "-o", tmp_path / "out", "--engine", "text_layer")

    assert 5 == status
    assert err.startswith(f"Error: {tmp_path / 'out'}: the output folder cannot be made")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_keeps_what_is_finished(make_pdf: Callable[..., Path], tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C or SIGTERM ends with status 130, not waiting for the server; a file that was finished is written."""
    with ScriptedServer(ANSWER, faults=[None, *([Fault(delay_s=60.0)] * 20)]) as server:
        process = subprocess.Popen(
            [
                sys.executable, "-m", "dsocr_loaders", "convert", make_pdf("1", name="first.pdf"),
                make_pdf("2", "3", name="second.pdf"), "-o", tmp_path, "--engine", server.base_url,
                "--max-in-flight", "1",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )  # fmt: skip
        deadline = time.monotonic() + 60
        while (
            not {"first.md", "first.json"} <= {path.name for path in tmp_path.iterdir()} and time.monotonic() < deadline
        ):
            time.sleep(0.05)
        os.kill(process.pid, number)
        started = time.monotonic()
        _, err = process.communicate(timeout=50)

    assert time.monotonic() - started < 20.0  # of the minute that the server would take
    assert 130 == process.returncode
    assert "Interrupted" in err
    assert "Traceback" not in err
    assert (tmp_path / "first.json").exists()
    assert not (tmp_path / "second.json").exists()


@pytest.mark.parametrize("options", ["[1]", "{", "max_model_len=1"])
def test_options_of_an_engine_are_json(
    dsocr: Callable[..., tuple[int, str, str]], make_pdf: Callable[..., Path], tmp_path: Path, options: str
) -> None:
    """What is no JSON object is refused with an example; what is one reaches the settings."""
    arguments = ("convert", make_pdf("It rains."), "-o", tmp_path / "out", "--engine", "text_layer", "--engine-options")

    status, _, err = dsocr(*arguments, options)
    fine, _, _ = dsocr(*arguments, '{"max_model_len": 4096}')

    assert (2, 0) == (status, fine)
    assert '{"max_model_len": 4096}' in err
