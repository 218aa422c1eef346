"""Other processes, and LlamaIndex's own ways of calling a reader."""

from __future__ import annotations

import asyncio
import pickle
import subprocess
import sys
import textwrap
import warnings

import fsspec
import pytest
from dsocr_loaders import SettingsError
from dsocr_loaders.errors import engine_error
from dsocr_loaders.testing import ScriptedEngine
from llama_index.core import SimpleDirectoryReader

from llama_index.readers.deepseek_ocr import DeepSeekOCRReader


@pytest.fixture
def folder(make_pdf, tmp_path):
    """Return a folder with two files of two pages each."""
    for name in ("a.pdf", "b.pdf"):
        make_pdf(f"first of {name}", f"second of {name}", name=name, folder=tmp_path)
    return tmp_path


def pages_of(documents):
    return [(document.metadata["file_name"], document.metadata["page_number"], document.text) for document in documents]


EXPECTED = [
    ("a.pdf", 1, "first of a.pdf"),
    ("a.pdf", 2, "second of a.pdf"),
    ("b.pdf", 1, "first of b.pdf"),
    ("b.pdf", 2, "second of b.pdf"),
]


def test_a_pickled_reader_makes_its_own_engine(report, caplog):
    """This test ensures that a reader in use can be sent to another process, quietly, and reads there."""
    with DeepSeekOCRReader("text_layer", granularity="page", task="free", password="word") as reader:  # noqa: S106 - opens nothing
        expected = reader.load_data(report)

        with warnings.catch_warnings():
            warnings.simplefilter("error")
            data = pickle.dumps(reader)
        with pickle.loads(data) as again:  # noqa: S301 - ours
            found = again.load_data(report)

    assert expected == found
    assert reader.to_dict() == again.to_dict()
    assert reader.password == again.password
    assert [] == caplog.records
    assert len(data) < 5000


def test_a_key_is_never_pickled():
    """This test ensures that a reader with an explicit key refuses to travel and says what to do instead."""
    reader = DeepSeekOCRReader("http://localhost:8000/v1", api_key="key-123")

    with pytest.raises(SettingsError, match="DSOCR_API_KEY") as caught:
        pickle.dumps(reader)

    assert "key-123" not in str(caught.value)


def test_an_engine_object_is_never_pickled(engine):
    """This test ensures that nobody tries to pickle the weights of a model."""

    def fail():
        pytest.fail("the engine was pickled")

    engine.__getstate__ = fail
    reader = DeepSeekOCRReader(engine)

    with pytest.raises(SettingsError, match=r"engine=ScriptedEngine\(\.\.\.\) cannot be sent to another process"):
        pickle.dumps(reader)


def test_simple_directory_reader_reads_with_it(folder):
    """This test ensures that it works as a file extractor, blocking and awaited, and gets the files' own metadata."""
    extractor = DeepSeekOCRReader("text_layer", granularity="page").as_file_extractor()
    directory = SimpleDirectoryReader(str(folder), file_extractor=extractor, raise_on_error=True)

    documents = directory.load_data()
    awaited = asyncio.run(directory.aload_data())

    assert EXPECTED == pages_of(documents)
    assert documents == awaited
    assert str(folder / "a.pdf") == documents[0].metadata["file_path"]


@pytest.mark.slow
def test_simple_directory_reader_reads_in_worker_processes(folder):
    """This test ensures that readers in spawned, daemonic workers read with page workers of their own."""
    extractor = DeepSeekOCRReader("text_layer", granularity="page").as_file_extractor()
    directory = SimpleDirectoryReader(str(folder), file_extractor=extractor, raise_on_error=True)

    assert EXPECTED == pages_of(directory.load_data(num_workers=2))


def test_simple_directory_reader_reads_from_other_file_systems(folder):
    """This test ensures that the file system that LlamaIndex hands over is the one that is read."""
    fs = fsspec.filesystem("memory")
    for path in folder.iterdir():
        fs.pipe(f"/shelf/{path.name}", path.read_bytes())
    extractor = DeepSeekOCRReader("text_layer", granularity="page").as_file_extractor()

    documents = SimpleDirectoryReader("/shelf", file_extractor=extractor, fs=fs, raise_on_error=True).load_data()

    assert EXPECTED == pages_of(documents)


def test_one_bad_page_costs_one_page(folder, caplog):
    """This test ensures that SimpleDirectoryReader keeps the good pages of a file, and the bad one is logged."""

    def answer(request):
        is_bad = request.page.source.file_name == "a.pdf" and request.page.page_number == 2
        return engine_error("bad_request", "no") if is_bad else "words"

    engine = ScriptedEngine(answer)
    extractor = DeepSeekOCRReader(engine, granularity="page").as_file_extractor()

    documents = SimpleDirectoryReader(str(folder), file_extractor=extractor, raise_on_error=True).load_data()
    engine.close()

    assert [("a.pdf", 1, "words"), ("b.pdf", 1, "words"), ("b.pdf", 2, "words")] == pages_of(documents)
    assert "page 2" in caplog.text


@pytest.mark.slow
def test_a_script_needs_no_guard(report, tmp_path):
    """This test ensures that a plain script reads, without `if __name__ == "__main__"`, and ends."""
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(f"""
            from llama_index.readers.deepseek_ocr import DeepSeekOCRReader

            reader = DeepSeekOCRReader("text_layer", granularity="page")
            for document in reader.load_data({str(report)!r}):
                print(document.text)
        """)
    )

    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False, timeout=60)

    assert ("the first page\nthe second page\n", "", 0) == (done.stdout, done.stderr, done.returncode)
