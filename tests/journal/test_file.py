from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import stat
import threading
import time

import pytest

from dsocr_loaders.errors import JournalError
from dsocr_loaders.journal import JOURNAL_FILE, JournalFile, JournalStore, journal_path
from dsocr_loaders.journal.schema import APPLICATION_ID, FORMAT_VERSION
from dsocr_loaders.settings import Settings
from dsocr_loaders.testing import ScriptedEngine


@pytest.fixture
def path(tmp_path):
    return tmp_path / "j.sqlite"


@pytest.fixture
def engine():
    engine = ScriptedEngine()
    yield engine
    engine.close()


def record(file, engine, *pages):
    async def go():
        store = JournalStore(file, Settings(), engine)
        await asyncio.gather(*(store.record(page) for page in pages))

    asyncio.run(go())


def find(file, engine, page):
    return asyncio.run(JournalStore(file, Settings(), engine).find_page(page.place))


def filled(path, engine, *pages):
    file = JournalFile.opened(path)
    record(file, engine, *pages)
    file.close()


def test_the_file(path, engine, finished):
    """This test ensures that the file says what it is, keeps a write-ahead log, and is the user's alone."""
    file = JournalFile.opened(path)
    record(file, engine, finished(1))
    with sqlite3.connect(path) as other:
        pragmas = [other.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
        mode = other.execute("PRAGMA journal_mode").fetchone()[0]
    other.close()
    synchronous = file.write(lambda db: db.execute("PRAGMA synchronous").fetchone()[0]).result()
    file.close()

    assert [APPLICATION_ID, FORMAT_VERSION] == pragmas
    assert ("wal", 2) == (mode, synchronous)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert [path.name] == [entry.name for entry in path.parent.iterdir()]


def test_one_writing_thread_in_a_process(path):
    """This test ensures that all who use a journal in a process share it, and the last one closes it."""
    first = JournalFile.opened(path)
    link = path.with_name("link.sqlite")
    link.symlink_to(path)
    second = JournalFile.opened(link)
    names = [thread.name for thread in threading.enumerate()]
    first.close()
    is_open = second.write(lambda db: db.execute("SELECT 1").fetchone()[0]).result()
    second.close()
    second.close()

    assert first is second
    assert 1 == names.count("dsocr-journal-writer")
    assert 1 == is_open
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("dsocr-journal")]


def test_what_waits_is_written_together(path, engine, finished):
    """This test ensures that one sync pays for all that came meanwhile."""
    file = JournalFile.opened(path)
    began, go_on = threading.Event(), threading.Event()
    file.write(lambda db: (began.set(), go_on.wait(5)))
    began.wait(5)
    seen = [file.write(lambda db: (db.total_changes, db.execute("DELETE FROM pages").rowcount)) for _ in range(20)]
    commits = file.write(lambda db: db.in_transaction)
    go_on.set()

    assert commits.result(5)
    assert 20 == len([future.result(5) for future in seen])
    file.close()


def test_a_work_that_fails_costs_no_other(path, engine, finished):
    """This test ensures that of the works in one transaction those that can be done are kept."""
    file = JournalFile.opened(path)
    began, go_on = threading.Event(), threading.Event()
    file.write(lambda db: (began.set(), go_on.wait(5)))
    began.wait(5)
    insert = "INSERT INTO setups VALUES ('{}', '', '', '', '', '', '', '', '', 0)"
    good = [file.write(lambda db, name=name: db.execute(insert.format(name))) for name in "ab"]
    bad = file.write(lambda db: db.execute("INSERT INTO nowhere VALUES (1)"))
    go_on.set()
    names = file.read(lambda db: db.execute("SELECT count(*) FROM setups").fetchone()[0])

    assert [True, True] == [future.exception(5) is None for future in good]
    assert isinstance(bad.exception(5), JournalError)
    assert 2 == file.write(lambda db: db.execute("SELECT count(*) FROM setups").fetchone()[0]).result(5)
    assert names.result(5) <= 2
    file.close()


def cut_short(path):
    os.truncate(path, path.stat().st_size // 2)


def overwrite_the_head(path):
    with path.open("r+b") as file:
        file.write(b"\0" * 100)


def overwrite_the_middle(path):
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (size - 4096))


@pytest.mark.parametrize("damage", [cut_short, overwrite_the_head, overwrite_the_middle])
def test_a_damaged_file_is_set_aside(path, engine, finished, damage, caplog):
    """This test ensures that a damaged journal is kept beside a new one, with a message, and stops nothing."""
    filled(path, engine, *(finished(number) for number in range(1, 40)))
    damage(path)

    with caplog.at_level(logging.WARNING):
        file = JournalFile.opened(path)
        found = find(file, engine, finished(1))
        record(file, engine, finished(2))
        again = find(file, engine, finished(2))
        file.close()

    assert found is None
    assert again is not None
    assert 1 == len([record for record in caplog.records if "damaged" in record.message])
    assert 1 == len(list(path.parent.glob("j.sqlite.damaged-*[0-9]")))
    assert str(path) in caplog.text


def test_damage_while_it_is_open(path, engine, finished, caplog):
    """This test ensures that damage that shows in the middle of a run is survived by both threads."""
    filled(path, engine, *(finished(number) for number in range(1, 40)))
    file = JournalFile.opened(path)
    overwrite_the_middle(path)

    with caplog.at_level(logging.WARNING):
        found = find(file, engine, finished(1))
        record(file, engine, finished(2))
        again = find(file, engine, finished(2))
    file.close()

    assert (None, True) == (found, again is not None)
    assert 1 == caplog.text.count("It was set aside")


def test_files_of_others_stay_as_they_are(tmp_path):
    """This test ensures that neither another program's database nor any other file is touched."""
    foreign, text = tmp_path / "mine.sqlite", tmp_path / "report.pdf"
    with sqlite3.connect(foreign) as other:
        other.execute("CREATE TABLE mine (x)")
    other.close()
    text.write_bytes(b"%PDF-1.7 and much more than sixteen bytes")
    before = foreign.read_bytes()

    for path, words in ((foreign, "some other program"), (text, "some other file"), (tmp_path, "cannot be opened")):
        with pytest.raises(JournalError, match=words):
            JournalFile.opened(path)

    assert before == foreign.read_bytes()
    assert {"mine.sqlite", "report.pdf"} == {entry.name for entry in tmp_path.iterdir()}


def test_an_older_release_wrote_it(path, engine, finished):
    """This test ensures that a file of version 1, without the column of faults, is brought up to date and goes on."""
    filled(path, engine, finished(1))
    with sqlite3.connect(path) as other:
        other.execute("ALTER TABLE answers DROP COLUMN health")
        other.execute("PRAGMA user_version = 1")
    other.close()

    file = JournalFile.opened(path)
    known = find(file, engine, finished(1))
    record(file, engine, finished(2))
    file.close()
    with sqlite3.connect(path) as other:
        health = [row[0] for row in other.execute("SELECT health FROM answers")]
        version = other.execute("PRAGMA user_version").fetchone()[0]
    other.close()

    assert finished(1).answer.text == known.answer.text
    assert (["[]", "[]"], FORMAT_VERSION) == (health, version)


def test_a_newer_release_wrote_it(path, engine, finished):
    """This test ensures that an older release refuses a newer format and leaves it alone."""
    filled(path, engine, finished(1))
    with sqlite3.connect(path) as other:
        other.execute(f"PRAGMA user_version = {FORMAT_VERSION + 1}")
    other.close()

    with pytest.raises(JournalError, match="newer release"):
        JournalFile.opened(path)


def test_a_folder_that_cannot_be_made(tmp_path):
    """This test ensures that a place where nothing can be written is a clear error at once."""
    (tmp_path / "file").write_text("x")

    with pytest.raises(JournalError, match=r"cannot be opened \(.*journal="):
        JournalFile.opened(tmp_path / "file" / "j.sqlite")


def test_where_a_journal_lies(tmp_path, monkeypatch):
    """This test ensures that a file is a file, a folder holds one, and None is the user's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))

    assert tmp_path / "a.db" == journal_path(str(tmp_path / "a.db"))
    assert tmp_path / JOURNAL_FILE == journal_path(str(tmp_path))
    assert tmp_path / "new" / JOURNAL_FILE == journal_path(f"{tmp_path}/new/")
    assert tmp_path / "x.sqlite" == journal_path("~/x.sqlite")
    assert JOURNAL_FILE == journal_path(None).name


def test_another_process_holds_the_lock_for_a_while(path, engine, finished):
    """This test ensures that a write waits until another process is done."""
    file = JournalFile.opened(path)
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.3, other.execute, ["COMMIT"])
    timer.start()
    began = time.perf_counter()
    record(file, engine, finished(1))
    took_s = time.perf_counter() - began
    timer.join()
    other.close()

    assert 0.2 < took_s < 5
    assert find(file, engine, finished(1)) is not None
    file.close()
