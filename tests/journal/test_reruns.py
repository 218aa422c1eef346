"""Reruns through the reader: what is read again, and what is not even rendered."""

from __future__ import annotations

import gc
from collections import Counter

import pytest

from dsocr_loaders import Reader, read
from dsocr_loaders.errors import JournalError, PagesFailed, engine_error
from dsocr_loaders.journal import JOURNAL_FILE, JournalFile
from dsocr_loaders.pages import PagePool
from dsocr_loaders.testing import ScriptedEngine, ScriptedServer
from dsocr_loaders.values import TextSource

ANSWER = "<|ref|>text<|/ref|><|det|>[[0, 0, 999, 999]]<|/det|>\nIt rains on page {}."
STRIPPED = "text[[0, 0, 999, 999]]\nIt rains."

pytestmark = pytest.mark.usefixtures("warm_page_workers")


@pytest.fixture
def counts(monkeypatch):
    """Count the pages that are rendered."""
    counts = Counter()
    run = PagePool.run

    async def counted(self, job, **more):
        counts[type(job).__name__] += 1
        return await run(self, job, **more)

    monkeypatch.setattr(PagePool, "run", counted)
    return counts


def answers(request):
    return ANSWER.format(request.page.page_number)


def test_a_rerun_with_other_chunks_asks_and_renders_nothing(make_pdf, tmp_path, counts):
    """This test ensures that changed chunk and structure settings cost neither a request nor a rendering."""
    path, journal = make_pdf("1", "", "3"), str(tmp_path / "j.sqlite")
    with ScriptedServer(ANSWER) as server:
        with Reader(server.base_url, journal=journal) as reader:
            first = reader.load(path)
        asked, listed, rendered = len(server.requests), server.models_requests, counts["RenderJob"]
        for change in ({"chunk_tokens": 64}, {"granularity": "page"}, {"structure": "whole"}, {"timeout_s": 5.0}):
            with Reader(server.base_url, journal=journal, **change) as reader:
                again = reader.load(path)
            assert again
        with Reader(server.base_url, journal=journal) as reader:
            same = reader.load(path)

        assert (2, 1) == (asked, listed)
        assert (asked, listed, rendered) == (len(server.requests), server.models_requests, counts["RenderJob"])
        assert first == same


def test_pages_from_the_journal_say_so(make_pdf, tmp_path):
    """This test ensures that a recalled page has no attempts, and is otherwise what it was."""
    path, journal = make_pdf("1", "", "3"), str(tmp_path / "j.sqlite")
    engine = ScriptedEngine(answers)
    first = read(path, engine=engine, journal=journal).pages
    again = read(path, engine=engine, journal=journal).pages

    assert [(1, False), (0, False), (1, False)] == [(page.attempts, page.is_recalled) for page in first]
    assert [(0, True), (0, False), (0, True)] == [(page.attempts, page.is_recalled) for page in again]
    for before, after in zip(first, again, strict=True):
        assert (before.status, before.regions, before.answer) == (after.status, after.regions, after.answer)
        assert (before.width, before.height, before.label) == (after.width, after.height, after.label)
    assert 2 == len(engine.requests)
    engine.close()


@pytest.mark.parametrize(
    "change",
    [
        {"dpi": 100},
        {"prompt": "Read it."},
        {"task": "free"},
        {"model": "deepseek-ai/DeepSeek-OCR-2"},
        {"revision": "2"},
    ],
)
def test_what_changes_the_answer_is_read_anew(make_pdf, tmp_path, change):
    """This test ensures that no answer is used that was given to another question."""
    path, journal = make_pdf("1", "2"), str(tmp_path / "j.sqlite")
    engine = ScriptedEngine(answers)
    read(path, engine=engine, journal=journal)
    read(path, engine=engine, journal=journal, **change)
    read(path, engine=engine, journal=journal, **change)

    assert 4 == len(engine.requests)
    engine.close()


def test_another_server_is_asked_anew(make_pdf, tmp_path):
    """This test ensures that the answers of one server are not taken for those of another."""
    path, journal = make_pdf("1", "2"), str(tmp_path / "j.sqlite")
    with ScriptedServer(ANSWER) as one, ScriptedServer(ANSWER) as other:
        for server in (one, other, one, other):
            read(path, engine=server.base_url, journal=journal)

        assert (2, 2) == (len(one.requests), len(other.requests))


def test_another_file_with_the_same_pages(make_pdf, tmp_path, counts):
    """This test ensures that a file that was saved again is rendered, and not read."""
    path, journal = make_pdf("1", "2"), str(tmp_path / "j.sqlite")
    changed = tmp_path / "copy.pdf"
    changed.write_bytes(path.read_bytes() + b"\n% saved again\n")
    engine = ScriptedEngine(answers)
    read(path, engine=engine, journal=journal)
    again = read(changed, engine=engine, journal=journal)
    read(changed, engine=engine, journal=journal)

    assert (2, 4) == (len(engine.requests), counts["RenderJob"])
    assert [True, True] == [page.is_recalled for page in again.pages]
    engine.close()


def test_failed_pages_are_read_again(make_pdf, tmp_path):
    """This test ensures that a failure is never remembered, and what was read beside it is."""
    path, journal = make_pdf("1", "2", "3"), str(tmp_path / "j.sqlite")
    engine = ScriptedEngine({1: "", 2: engine_error("bad_request", "no"), 3: ANSWER})
    with pytest.raises(PagesFailed):
        read(path, engine=engine, journal=journal, repair=False)
    better = ScriptedEngine(answers)
    pages = read(path, engine=better, journal=journal, repair=False).pages

    assert [1, 1, 0] == [page.attempts for page in pages]
    engine.close()
    better.close()


def test_stripped_answers_are_read_again(make_pdf, tmp_path):
    """This test ensures that a server's mistake in setting up is not kept for good."""
    path, journal = make_pdf("1"), str(tmp_path / "j.sqlite")
    engine = ScriptedEngine({1: STRIPPED})
    for _ in range(2):
        read(path, engine=engine, journal=journal)
    better = ScriptedEngine(answers)
    for _ in range(2):
        read(path, engine=better, journal=journal)

    assert (2, 1) == (len(engine.requests), len(better.requests))
    engine.close()
    better.close()


def test_engines_that_keep_no_journal(make_pdf, tmp_path):
    """This test ensures that the text layer leaves no file behind."""
    path, journal = make_pdf("It rains."), tmp_path / "j.sqlite"
    engine = ScriptedEngine(answers, text_source=TextSource.TEXT_LAYER)
    read(path, engine="text_layer", journal=str(journal))
    read(path, engine=engine, journal=str(journal))
    engine.close()

    assert not journal.exists()


def test_no_journal_by_default(make_pdf, tmp_path, monkeypatch):
    """This test ensures that nothing is stored unless it is asked for, and True asks for the user's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    path = make_pdf("1")
    engine = ScriptedEngine(answers)
    for journal in (None, False):
        read(path, engine=engine, journal=journal)
    before = list(tmp_path.iterdir())
    for _ in range(2):
        read(path, engine=engine, journal=True)
    engine.close()

    assert ([], 3) == (before, len(engine.requests))


def test_a_journal_that_cannot_be_written_ends_the_run(make_pdf, tmp_path, monkeypatch):
    """This test ensures that the error carries what was read before, which is in the journal."""
    path, journal = make_pdf("1", "2", "3", "4", "5"), str(tmp_path / "j.sqlite")
    write, written = JournalFile.write, []

    def fills_up(self, work):
        written.append(work)
        if len(written) > 3:  # the first opens the file

            def work(db):
                raise JournalError("the disk is full")

        return write(self, work)

    monkeypatch.setattr(JournalFile, "write", fills_up)
    engine = ScriptedEngine(answers, capacity=1)
    with pytest.raises(JournalError, match="the disk is full") as caught:
        read(path, engine=engine, journal=journal)
    monkeypatch.setattr(JournalFile, "write", write)
    handed_over = [page.page_number for page in caught.value.results]
    recalled = [page.page_number for page in read(path, engine=engine, journal=journal).pages if page.is_recalled]

    assert 2 == len(recalled)
    assert set(handed_over) <= set(recalled)
    engine.close()


def test_a_reader_that_nobody_closes(make_pdf, tmp_path):
    """This test ensures that the file is closed with its last reader, even if that is only forgotten."""
    engine = ScriptedEngine(answers)
    reader = Reader(engine, journal=str(tmp_path))
    reader.read(make_pdf("1"))
    is_open = sorted(path.name for path in tmp_path.iterdir())
    del reader
    gc.collect()
    engine.close()

    assert [JOURNAL_FILE, f"{JOURNAL_FILE}-shm", f"{JOURNAL_FILE}-wal"] == is_open
    assert [JOURNAL_FILE] == [path.name for path in tmp_path.iterdir()]


def test_no_key_is_stored(make_pdf, tmp_path):
    """This test ensures that neither a key nor the query of a URL is anywhere in the file."""
    secret = "sk-0123456789abcdef"  # noqa: S105 - nobody's
    with (
        ScriptedServer(ANSWER, api_key=secret) as server,
        Reader(server.base_url, api_key=secret, journal=str(tmp_path)) as reader,
    ):
        reader.load(make_pdf("1").read_bytes(), name=f"https://me:{secret}@host/report.pdf?key={secret}")
        content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    stored = (tmp_path / JOURNAL_FILE).read_bytes()

    assert 1 == len(server.requests)
    assert b"It rains" in content
    assert b"It rains" in stored
    assert secret.encode() not in content + stored


def test_readers_share_a_journal(make_pdf, tmp_path):
    """This test ensures that two readers of one process use each other's answers, and either may close first."""
    path, journal = make_pdf("1", "2"), str(tmp_path / "j.sqlite")
    engine = ScriptedEngine(answers)
    with Reader(engine, journal=journal) as other:
        with Reader(engine, journal=journal) as reader:
            reader.read(path)
        again = other.read(path)
        other.close()
        after = other.read(path)

    assert [True, True] == [page.is_recalled for page in again.pages]
    assert again == after
    engine.close()
