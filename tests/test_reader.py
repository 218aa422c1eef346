"""The reader: every form of reading, the error policies, sharing and closing."""

from __future__ import annotations

import asyncio
import io
import pickle
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import closing
from typing import TYPE_CHECKING

import fsspec
import pytest
from PIL import Image, ImageDraw

import dsocr_loaders
from dsocr_loaders import PagesFailed, Reader, SettingsError, SourceError, SourceNotFound
from dsocr_loaders.errors import EngineDead, EngineRejected, engine_error
from dsocr_loaders.export import document_from_json
from dsocr_loaders.observers import RunFinished
from dsocr_loaders.structure import PAGES_HELD_BACK
from dsocr_loaders.testing import ScriptedEngine
from dsocr_loaders.values import PageStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("warm_page_workers")

ANSWER = "<|ref|>text<|/ref|><|det|>[[0, 0, 999, 999]]<|/det|>\nWords of page "


@pytest.fixture
def engine() -> Iterator[ScriptedEngine]:
    """An engine that reads every page but the second."""

    def answer(request: object) -> str | Exception:
        number = request.page.page_number
        return engine_error("bad_request", "no") if number == 2 else f"{ANSWER}{number}"

    engine = ScriptedEngine(answer)
    yield engine
    engine.close()


def test_reads_a_document(make_pdf: Callable[..., Path]) -> None:
    """`read` returns every page with its regions, and what `chunk` makes of it is what `lazy_load` yields."""
    path = make_pdf("1", "2")
    engine = ScriptedEngine(lambda request: f"{ANSWER}{request.page.page_number}")

    with Reader(engine) as reader:
        document = reader.read(path)
        lazy = list(reader.lazy_load(path))

    assert (2, 2, str(path)) == (document.total_pages, len(document.pages), document.source.name)
    assert list(dsocr_loaders.chunk(document)) == lazy
    assert ["Words of page 1\n\nWords of page 2"] == [chunk.text for chunk in lazy]
    engine.close()


def test_every_form_reads_the_same(make_pdf: Callable[..., Path]) -> None:
    """Blocking, awaitable, lazy and eager forms and the shortcuts agree."""
    path = make_pdf("1", "2")
    engine = ScriptedEngine(lambda request: f"{ANSWER}{request.page.page_number}")
    reader = Reader(engine, granularity="region")

    async def each_way() -> list[object]:
        return [
            [page async for page in reader.aiter_pages(path)],
            [page async for page in dsocr_loaders.aiter_pages(path, engine=engine)],
            [chunk async for chunk in reader.alazy_load(path)],
            await reader.aload(path),
            await reader.aread(path),
            await dsocr_loaders.aread(path, engine=engine),
        ]

    expected_pages = list(reader.iter_pages(path))
    expected_chunks = reader.load(path)
    document = reader.read(path)

    assert [
        expected_pages,
        expected_pages,
        expected_chunks,
        expected_chunks,
        document,
        document,
    ] == asyncio.run(each_way())
    assert expected_pages == list(dsocr_loaders.iter_pages(path, engine=engine))
    assert document == dsocr_loaders.read(path, engine=engine)
    elsewhere = dsocr_loaders.read(str(path), fs=fsspec.filesystem("file"), engine=engine)
    assert [page.regions for page in document.pages] == [page.regions for page in elsewhere.pages]
    reader.close()
    engine.close()


def test_takes_bytes_streams_lists_and_folders(make_pdf: Callable[..., Path]) -> None:
    """All kinds of sources are read, and unnamed bytes are named by their digest."""
    path = make_pdf("1", name="a.pdf")
    content = path.read_bytes()
    engine = ScriptedEngine(ANSWER)

    with Reader(engine) as reader:
        names = [
            [page.source.name for page in reader.iter_pages(source, **more)]
            for source, more in (
                (content, {}),
                (content, {"name": "upload.pdf"}),
                (io.BytesIO(content), {"name": "stream.pdf"}),
                ([path, str(path)], {}),
                (path.parent, {}),
                (str(path.parent / "*.pdf"), {}),
            )
        ]

    sha = dsocr_loaders.read(content, engine=engine).source.sha256
    assert [
        [f"bytes:{sha[:12]}"],
        ["upload.pdf"],
        ["stream.pdf"],
        [str(path), str(path)],
        [str(path)],
        [str(path)],
    ] == names
    engine.close()


def test_raises_at_the_end_and_loses_nothing(make_pdf: Callable[..., Path], engine: ScriptedEngine) -> None:
    """By default a failed page raises once everything else is read; eager forms carry every page."""
    path = make_pdf("1", "2", "3")
    reader = Reader(engine, granularity="page")
    lazy = []

    with pytest.raises(PagesFailed, match=r"report.pdf, page 2: no") as caught_lazy:
        lazy.extend(chunk.metadata.page_number for chunk in reader.lazy_load(path))
    with pytest.raises(PagesFailed) as caught_eager:
        reader.load(path)
    with pytest.raises(PagesFailed) as caught_read:
        reader.read(path)

    assert [1, 3] == lazy
    assert [2] == [result.page_number for result in caught_lazy.value.results]
    assert [1, 2, 3] == [result.page_number for result in caught_eager.value.results]
    assert [1, 2, 3] == [result.page_number for result in caught_read.value.results]
    reader.close()


def test_skips_or_marks_failed_pages_on_request(
    make_pdf: Callable[..., Path], engine: ScriptedEngine, caplog: pytest.LogCaptureFixture
) -> None:
    """`skip` leaves a failed page out with a warning, `placeholder` gives an object without text."""
    path = make_pdf("1", "2", "3")

    with Reader(engine, granularity="page", on_page_error="skip") as reader:
        skipped = [chunk.metadata.page_number for chunk in reader.lazy_load(path)]
    with Reader(engine, granularity="page", on_page_error="placeholder") as reader:
        marked = [(chunk.metadata.page_status, chunk.text) for chunk in reader.lazy_load(path)]

    assert [1, 3] == skipped
    assert "page 2" in caplog.text
    assert [("ok", "Words of page 1"), ("failed", ""), ("ok", "Words of page 3")] == marked


def test_reads_failed_pages_from_the_text_layer_on_request(
    make_pdf: Callable[..., Path], engine: ScriptedEngine
) -> None:
    """`text_layer` fills a failed page from the PDF and says whose text it is."""
    path = make_pdf("one", "two from the layer", "three")

    with Reader(engine, granularity="page", on_page_error="text_layer") as reader:
        pages = [(chunk.text, chunk.metadata.text_source, chunk.metadata.page_status) for chunk in reader.load(path)]

    assert [
        ("Words of page 1", "ocr", "ok"),
        ("two from the layer", "text_layer", "repaired"),
        ("Words of page 3", "ocr", "ok"),
    ] == pages


def test_raises_the_one_sources_own_error(tmp_path: Path) -> None:
    """A single missing file is its own error; among others it is part of PagesFailed, and they are read."""
    engine = ScriptedEngine(ANSWER)

    with Reader(engine) as reader, pytest.raises(SourceNotFound, match=r"missing\.pdf"):
        reader.load(tmp_path / "missing.pdf")

    engine.close()


def test_a_missing_file_does_not_cost_the_others(make_pdf: Callable[..., Path], tmp_path: Path) -> None:
    """In a list a missing file is told at the end, after the other files' chunks."""
    engine = ScriptedEngine(ANSWER)
    seen = []

    with Reader(engine) as reader, pytest.raises(PagesFailed, match=r"missing\.pdf") as caught:
        seen.extend(reader.lazy_load([tmp_path / "missing.pdf", make_pdf("1")]))

    assert 1 == len(seen)
    assert ["SourceNotFound"] == [failure.kind for failure in caught.value.sources]
    engine.close()


def test_skipping_skips_sources_too(make_pdf: Callable[..., Path], tmp_path: Path) -> None:
    """With `skip` a file that is not there among others is a warning and nothing else."""
    engine = ScriptedEngine(ANSWER)

    with Reader(engine, on_page_error="skip") as reader:
        names = [page.source.file_name for page in reader.iter_pages([tmp_path / "missing.pdf", make_pdf("1")])]

    assert ["report.pdf"] == names
    engine.close()


def test_a_page_that_no_way_could_read_is_told(tmp_path: Path) -> None:
    """With `text_layer` a page that has none is a failed page at the end, in the lazy forms too."""
    path = tmp_path / "scan.png"
    image = Image.new("L", (200, 100), 255)
    ImageDraw.Draw(image).text((20, 40), "ink", fill=0)
    image.save(path)
    engine = ScriptedEngine(engine_error("bad_request", "no"))

    with Reader(engine, on_page_error="text_layer") as reader, pytest.raises(PagesFailed) as caught:
        list(reader.lazy_load(path))

    assert ["bad_request"] == [page.error.cause for page in caught.value.results]
    engine.close()


def test_closing_ends_everything_that_was_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader's own page workers, engine and fallback end with it."""
    made = [ScriptedEngine(), ScriptedEngine()]
    ended = []

    class Workers:
        def __init__(self, workers: int) -> None:
            assert 1 <= workers <= 4

        def close(self) -> None:
            ended.append(self)

    monkeypatch.setattr("dsocr_loaders.reader.PagePool", Workers)
    engines = iter(made)
    monkeypatch.setattr("dsocr_loaders.reader.make_engine", lambda _: next(engines))
    reader = Reader("auto", on_page_error="text_layer")
    with pytest.raises(SourceNotFound):
        reader.load(tmp_path / "missing.pdf")
    before = [engine.is_closed for engine in made]
    reader.close()
    reader.close()

    assert ([False, False], [True, True]) == (before, [engine.is_closed for engine in made])
    assert 1 == len(ended)


def test_tells_its_progress_on_request(make_pdf: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    """`show_progress` writes to standard error how far the run is."""
    engine = ScriptedEngine(ANSWER)

    with Reader(engine, show_progress=True) as reader:
        reader.load(make_pdf("1", ""), name="report.pdf")

    assert capsys.readouterr().err.startswith("2/2 pages, ")
    engine.close()


def test_reports_what_a_run_did(make_pdf: Callable[..., Path]) -> None:
    """After a run, blocking or not, given up or not, the reader has its numbers, and observers have seen them."""
    engine = ScriptedEngine(ANSWER)
    watching = Watching()

    with Reader(engine, observers=[watching]) as reader:
        before = reader.last_report
        list(reader.iter_pages(make_pdf("1", "")))
        whole = reader.last_report
        with closing(reader.iter_pages(make_pdf("1", "2", "3"))) as pages:
            next(pages)
        given_up = reader.last_report
        asyncio.run(reader.aload(make_pdf("1")))

    assert before is None
    assert ((PageStatus.OK, 1), (PageStatus.BLANK, 1)) == whole.statuses
    assert given_up.pages in {1, 2, 3}
    assert 1 == reader.last_report.pages
    assert [whole, given_up, reader.last_report] == watching.reports
    engine.close()


class Watching:
    """Remembers the reports of runs."""

    def __init__(self) -> None:
        self.reports: list[object] = []

    def observe(self, event: object) -> None:
        if isinstance(event, RunFinished):
            self.reports.append(event.report)


def test_read_has_no_document_of_files_that_are_not_there(tmp_path: Path) -> None:
    """Even where failures are skipped, `read` says what could not be read, each source by its name."""
    engine = ScriptedEngine(ANSWER)

    with Reader(engine, on_page_error="skip") as reader:
        with pytest.raises(SourceNotFound, match=r"first\.pdf"):
            reader.read(tmp_path / "first.pdf")
        with pytest.raises(PagesFailed, match=r"first\.pdf[^$]*second\.pdf"):
            reader.read([tmp_path / "first.pdf", tmp_path / "second.pdf"])

    engine.close()


def test_reads_one_document_at_a_time(make_pdf: Callable[..., Path]) -> None:
    """`read` refuses several sources, and none."""
    engine = ScriptedEngine(ANSWER)

    with Reader(engine) as reader:
        with pytest.raises(SourceError, match="takes one source"):
            reader.read([make_pdf("1"), make_pdf("2")])
        with pytest.raises(SourceError, match="no source"):
            reader.read([])

    engine.close()


def test_shares_an_engine_object(make_pdf: Callable[..., Path]) -> None:
    """An engine that was passed in outlives the reader; one that the reader made does not."""
    path = make_pdf("typed")
    engine = ScriptedEngine(ANSWER)
    with Reader(engine) as first:
        first.load(path)
    with Reader(engine) as second:
        chunks = second.load(path)
    own = Reader("text_layer")
    made = own.engine
    own.close()
    own.close()

    assert 1 == len(chunks)
    assert not engine.is_closed
    with pytest.raises(EngineDead):
        made.loop.submit(asyncio.sleep(0)).result()
    engine.close()


def test_grounded_text_reads_back(make_pdf: Callable[..., Path]) -> None:
    """The grounded object is the document, and its name does not depend on its content."""
    path = make_pdf("1")
    engine, other = ScriptedEngine(ANSWER), ScriptedEngine("other words")

    with Reader(engine, granularity="grounded") as reader:
        (grounded,) = reader.load(path)
        document = reader.read(path)
    with Reader(other, granularity="grounded") as reader:
        (changed,) = reader.load(path)

    assert document == document_from_json(grounded.text)
    assert grounded.id == changed.id
    assert grounded.text != changed.text
    engine.close()
    other.close()


def test_pages_and_documents_are_markdown(make_pdf: Callable[..., Path]) -> None:
    """Granularity page has one object a page, blank ones empty; document has one a file."""
    path = make_pdf("1", "", "3")
    engine = ScriptedEngine(lambda request: f"{ANSWER}{request.page.page_number}")

    with Reader(engine, granularity="page") as reader:
        pages = [(chunk.text, chunk.metadata.page_status) for chunk in reader.load(path)]
    with Reader(engine, granularity="document") as reader:
        (document,) = reader.load(path)

    assert [("Words of page 1", "ok"), ("", "blank"), ("Words of page 3", "ok")] == pages
    assert ("Words of page 1\n\nWords of page 3", 1, 3) == (
        document.text.strip(),
        document.metadata.page_number,
        document.metadata.page_end,
    )
    engine.close()


def test_both_ways_of_structure_have_one_scale(make_pdf: Callable[..., Path]) -> None:
    """`structure="whole"` and `stream` give a short document the same levels, and the same texts from them."""
    heading = "<|ref|>sub_title<|/ref|><|det|>[[0, 0, 9, 9]]<|/det|>\n"
    engine = ScriptedEngine({1: f"{heading}## Wide", 2: f"{heading}#### Narrow"})
    path = make_pdf("1", "2")

    levels, texts = {}, {}
    for structure in ("stream", "whole"):
        with Reader(engine, structure=structure, granularity="page") as reader:
            levels[structure] = [entry.level for entry in reader.read(path).outline]
            texts[structure] = [chunk.text for chunk in reader.lazy_load(path)]

    assert {"stream": [2, 4], "whole": [2, 4]} == levels
    assert {"stream": ["## Wide", "#### Narrow"], "whole": ["## Wide", "#### Narrow"]} == texts
    engine.close()


def test_refuses_settings_early() -> None:
    """A setting that is not allowed is told when the reader is made."""
    with pytest.raises(SettingsError, match="dpi=1 is not allowed"):
        Reader("auto", dpi=1)


def test_needs_ocr_names_the_ways_to_an_engine(tmp_path: Path) -> None:
    """A scan without an engine is a failed page whose error says how to get one."""
    path = tmp_path / "scan.png"
    from PIL import Image, ImageDraw  # noqa: PLC0415 - this test alone draws

    image = Image.new("L", (200, 100), 255)
    ImageDraw.Draw(image).text((20, 40), "ink", fill=0)
    image.save(path)

    with Reader("text_layer") as reader:
        (page,) = [item for item in reader.iter_items(path) if hasattr(item, "status")]

    assert (PageStatus.FAILED, "needs_ocr") == (page.status, page.error.cause)
    assert "DSOCR_ENDPOINT" in page.error.message


def test_the_callers_exception_ends_the_reads(make_pdf: Callable[..., Path]) -> None:
    """An exception out of the caller's own code leaves no read behind, even while the exception is held."""
    path = make_pdf(*map(str, range(1, PAGES_HELD_BACK + 3)))
    engine = ScriptedEngine(
        ANSWER, delay_s=lambda request: 0.0 if request.page.page_number <= PAGES_HELD_BACK + 1 else 60.0
    )

    def counter(_: str) -> int:
        while not engine.in_flight:
            time.sleep(0.01)
        raise ZeroDivisionError

    async def eager() -> None:
        await reader.aload(path)

    held, in_flight = [], []
    with Reader(engine, token_counter=counter) as reader:
        for load in (lambda: reader.load(path), lambda: asyncio.run(eager()), lambda: list(reader.lazy_load(path))):
            with pytest.raises(ZeroDivisionError) as caught:
                load()
            held.append(caught)
            in_flight.append(engine.in_flight)

    assert [0, 0, 0] == in_flight
    engine.close()


def test_a_source_that_gives_nothing_holds_nobody_up(tmp_path: Path) -> None:
    """Ctrl-C while a source is waited for ends the program at once, though nothing can wake the source."""
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
        import time
        import dsocr_loaders

        class Silent:
            def read(self, size):
                print("asked", flush=True)
                time.sleep(60)

        reader = dsocr_loaders.Reader("text_layer")
        try:
            list(reader.iter_pages(Silent()))
        except KeyboardInterrupt:
            reader.close()
        """)
    )
    process = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE)
    process.stdout.readline()

    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    try:
        status = process.wait(timeout=50)
    finally:
        process.kill()
        process.communicate()

    assert 0 == status
    assert time.monotonic() - started < 20.0  # of the minute that the source would take


def test_works_in_a_script_without_main_guard_and_ends(make_pdf: Callable[..., Path], tmp_path: Path) -> None:
    """A plain script reads, may leave an iterator half used, and ends by itself without a word."""
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(f"""
        import dsocr_loaders
        reader = dsocr_loaders.Reader("text_layer")
        print(len(reader.load({str(make_pdf("one", "two"))!r})))
        pages = reader.iter_pages({str(make_pdf("one", "two"))!r})
        print(next(pages).page_number)
        """)
    )

    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, check=False)

    assert (0, "1\n1\n", "") == (done.returncode, done.stdout, done.stderr)


def test_a_forked_process_reads_with_an_engine_of_its_own(make_pdf: Callable[..., Path], tmp_path: Path) -> None:
    """A reader that was used before a fork works in the child; an engine object that was made before says why not."""
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(f"""
        import multiprocessing, warnings
        import dsocr_loaders
        from dsocr_loaders.testing import ScriptedEngine
        warnings.simplefilter("ignore")
        path = {str(make_pdf("one"))!r}
        reader = dsocr_loaders.Reader("text_layer")
        given = dsocr_loaders.Reader(ScriptedEngine("words"))

        def refused():
            try:
                return given.load(path)
            except dsocr_loaders.EngineDead as error:
                return str(error)

        def again():
            return len(reader.load(path))

        print([len(each.load(path)) for each in (reader, given)])
        context = multiprocessing.get_context("fork")
        with context.Pool(1) as pool:
            print(pool.apply(again), pool.apply(refused))
        """)
    )

    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, check=False)

    expected = "[1, 1]\n1 The engine was made before this process was forked. Make a new one in each process.\n"
    assert (0, expected) == (done.returncode, done.stdout)


def test_a_reader_travels_as_its_settings() -> None:
    """A pickled reader is a reader with the same settings."""
    reader = Reader("text_layer", chunk_tokens=99)

    assert reader.settings == pickle.loads(pickle.dumps(reader)).settings  # noqa: S301 - our own bytes


def test_an_engines_error_hands_over_what_was_read(make_pdf: Callable[..., Path]) -> None:
    """When the run cannot go on, the eager forms' error carries the results so far."""
    engine = ScriptedEngine({1: ANSWER, 2: engine_error("unauthorized", "wrong key")})

    with Reader(engine, max_in_flight=1) as reader:
        with pytest.raises(EngineRejected) as from_load:
            reader.load(make_pdf("1", "2", "3"))
        with pytest.raises(EngineRejected) as from_read:
            reader.read(make_pdf("1", "2", "3"))

    expected = [(1, "ok"), (2, "failed")]
    assert expected == [(result.page_number, result.status) for result in from_load.value.results]
    assert expected == [(result.page_number, result.status) for result in from_read.value.results]
    engine.close()


def test_a_slow_neighbour_costs_no_page_its_time(make_pdf: Callable[..., Path]) -> None:
    """Waiting for the engine's slot does not count into `timeout_s`, also when two runs share the engine."""
    engine = ScriptedEngine(ANSWER, capacity=1, delay_s=0.2)

    with Reader(engine, timeout_s=0.5, max_in_flight=6, granularity="page") as reader:
        pages = reader.load(make_pdf(*map(str, range(6))))

    assert {"ok"} == {page.metadata.page_status for page in pages}
    assert 6 == len(engine.requests)
    engine.close()


def test_headings_go_into_the_text_on_request(make_pdf: Callable[..., Path]) -> None:
    """With `contextualize` the headings above stand in the text, and the pieces' ranges fit it."""
    heading = "<|ref|>sub_title<|/ref|><|det|>[[0, 0, 9, 9]]<|/det|>\n## 2 Rain\n\n"
    engine = ScriptedEngine({1: f"{heading}{ANSWER}1", 2: f"{ANSWER}2 {'more ' * 30}"})

    with Reader(engine, contextualize=True, chunk_tokens=40) as reader:
        first, second = reader.load(make_pdf("1", "2"))

    assert "2 Rain\n\nWords of page 2" == second.text[:23]
    assert ("", "") == (first.context, second.context)
    assert first.text.startswith("## 2 Rain\n\nWords")
    for chunk in (first, second):
        last = chunk.regions[-1]
        assert chunk.text[last.start : last.end].startswith("Words of page")
    engine.close()


def test_pages_that_a_file_has_not(make_pdf: Callable[..., Path], caplog: pytest.LogCaptureFixture) -> None:
    """A choice of pages that leaves nothing of a file is said, since the result looks like that of an empty file."""
    with Reader(ScriptedEngine(ANSWER), pages="4-9") as reader:
        chunks = reader.load(make_pdf("1", "2", name="short.pdf"))

    assert [] == chunks
    assert "short.pdf: pages='4-9' chooses none of its 2 pages." in caplog.text
