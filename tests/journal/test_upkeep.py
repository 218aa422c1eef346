from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from dataclasses import replace

import pytest

from dsocr_loaders.errors import JournalError
from dsocr_loaders.journal import JournalFile, JournalStore
from dsocr_loaders.journal.upkeep import Pruned, Selection, exported, prune, setups, sources
from dsocr_loaders.settings import Settings
from dsocr_loaders.testing import ScriptedEngine
from dsocr_loaders.values import AnswerFault, HealthFinding

STRIPPED = "text[[0, 0, 999, 999]]\nIt rains."


@pytest.fixture
def path(tmp_path, finished):
    """Return a journal: a.pdf with pages 1 to 3 and a blank one, b.pdf with page 3 of a.pdf and page 4; two setups."""
    path = tmp_path / "j.sqlite"
    engine = ScriptedEngine()
    file = JournalFile.opened(path)

    async def fill():
        store = JournalStore(file, Settings(), engine)
        for page in (
            *(finished(number, name="a.pdf") for number in (1, 2, 3)),
            *(finished(5, "", name="a.pdf"), finished(3, name="b.pdf"), finished(4, STRIPPED, name="b.pdf")),
        ):
            await store.record(page)
        await JournalStore(file, Settings(revision="2"), engine).record(finished(1, name="a.pdf"))

    asyncio.run(fill())
    file.close()
    engine.close()
    return path


def lines(path):
    return [json.loads(line) for line in exported(path)]


def digests(path):
    return [line["digest"] for line in lines(path)]


def test_what_is_wrong_with_an_answer(tmp_path, finished):
    """This test ensures that the faults of an answer are kept, each once, the gravest first."""
    engine = ScriptedEngine()
    file = JournalFile.opened(tmp_path / "j.sqlite")
    findings = tuple(
        HealthFinding(fault, "why") for fault in (AnswerFault.LOOP, AnswerFault.LOOP, AnswerFault.TRUNCATED)
    )
    asyncio.run(JournalStore(file, Settings(), engine).record(replace(finished(1), health=findings)))
    asyncio.run(JournalStore(file, Settings(), engine).record(finished(2)))
    file.close()
    engine.close()

    assert [["loop", "truncated"], []] == [line["health"] for line in lines(tmp_path / "j.sqlite")]


def test_what_is_in_it(path, finished):
    """This test ensures that setups and files are listed with what belongs to them."""
    first, second = setups(path)
    one, two = sources(path)

    assert [(4, 40, 1, ""), (1, 10, 0, "2")] == [
        (each.answers, each.output_tokens, each.not_final, each.setup.revision) for each in (first, second)
    ]
    assert [("b.pdf", 2), ("a.pdf", 4)] == [(each.file_name, each.pages) for each in (one, two)]
    assert finished(1, name="b.pdf").place.source.sha256 == one.sha256
    assert first.name == first.setup.name


def test_an_answer_as_json(path, finished):
    """This test ensures that a line of the export has the answer, what was asked, and the pages it answers."""
    page = finished(3)
    line = next(line for line in lines(path) if line["digest"] == "digest 3")

    assert page.answer.text == line["text"]
    assert ("stop", 900, 10, "served", "ok", True) == tuple(
        line[name] for name in ("finish_reason", "prompt_tokens", "output_tokens", "model", "status", "is_final")
    )
    assert ("document", "scripted 1") == (line["setup"]["task"], line["setup"]["engine"])
    assert [("a.pdf", 3), ("b.pdf", 3)] == [(each["file_name"], each["page_number"]) for each in line["pages"]]


@pytest.mark.parametrize(
    ("selection", "pruned", "left"),
    [
        (Selection(), Pruned(5, 6), []),
        (Selection(not_final=True), Pruned(1, 1), ["digest 1", "digest 1", "digest 2", "digest 3"]),
        (Selection(source="b.pdf"), Pruned(1, 2), ["digest 1", "digest 1", "digest 2", "digest 3"]),
        (Selection(source="a.pdf"), Pruned(3, 4), ["digest 3", "digest 4"]),
        (Selection(source=""), Pruned(0, 0), ["digest 1", "digest 1", "digest 2", "digest 3", "digest 4"]),
        (Selection(older_than_days=1), Pruned(0, 0), ["digest 1", "digest 1", "digest 2", "digest 3", "digest 4"]),
        (Selection(setup="unknown"), Pruned(0, 0), ["digest 1", "digest 1", "digest 2", "digest 3", "digest 4"]),
    ],
)
def test_what_is_removed(path, selection, pruned, left):
    """This test ensures that exactly what is meant goes, and pages of the index that lead nowhere with it."""
    assert pruned == prune(path, selection)
    assert left == sorted(digests(path))


def test_by_age_setup_and_hash(path):
    """This test ensures that old answers, one setup's, and those of a file by its hash can be removed."""
    with sqlite3.connect(path) as other:
        other.execute("UPDATE answers SET created_s = ? WHERE digest = 'digest 2'", (time.time() - 3 * 86_400,))
    other.close()
    second = setups(path)[1].name if setups(path)[1].setup.revision else setups(path)[0].name

    assert Pruned(1, 1) == prune(path, Selection(older_than_days=2))
    assert Pruned(1, 0) == prune(path, Selection(setup=second))
    assert Pruned(1, 2) == prune(path, Selection(source=sources(path)[0].sha256[:8]))
    assert ["digest 1", "digest 3"] == sorted(digests(path))
    assert 1 == len(setups(path))


def test_the_room_is_given_back(path):
    """This test ensures that the file is smaller afterwards, and still a journal."""
    with sqlite3.connect(path) as other:
        other.execute("UPDATE answers SET text = ? WHERE digest = 'digest 2'", ("long " * 40_000,))
    other.close()
    before = path.stat().st_size
    prune(path, Selection())

    assert 200_000 < before
    assert 100_000 > path.stat().st_size
    JournalFile.opened(path).close()


def test_a_journal_in_use(path):
    """This test ensures that a journal can be pruned while a reader has it open."""
    file = JournalFile.opened(path)
    rows = file.read(lambda db: db.execute("SELECT count(*) FROM answers").fetchone()[0]).result()
    pruned = prune(path, Selection())
    after = file.read(lambda db: db.execute("SELECT count(*) FROM answers").fetchone()[0]).result()
    file.close()

    assert (5, Pruned(5, 6), 0) == (rows, pruned, after)


def test_no_journal(tmp_path):
    """This test ensures that looking at a journal makes none, and that a damaged one is left for the next run."""
    with pytest.raises(JournalError, match="no journal here"):
        setups(tmp_path / "j.sqlite")
    (tmp_path / "d.sqlite").write_bytes(b"x" * 5000)
    with pytest.raises(JournalError, match="damaged"):
        setups(tmp_path / "d.sqlite")

    assert ["d.sqlite"] == [entry.name for entry in tmp_path.iterdir()]
