from __future__ import annotations

import json
import pickle

import pytest

from dsocr_loaders.engines.protocol import Engine
from dsocr_loaders.engines.replay import LARGEST_FILE_BYTES, ReplayEngine
from dsocr_loaders.errors import EngineError, EngineRejected, EngineUnavailable
from dsocr_loaders.pages.digest import pixel_digest
from dsocr_loaders.testing import sample_page, sample_request
from dsocr_loaders.values import RawAnswer

DIGESTS = [pixel_digest(sample_page(number).image) for number in range(5)]


def folder_with(folder, entries, **texts):
    folder.mkdir(exist_ok=True)
    content = entries if isinstance(entries, str) else json.dumps(entries)
    (folder / "answers.json").write_text(content, encoding="utf-8")
    for name, text in texts.items():
        (folder / f"{name}.txt").write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


def read(engine, page):
    request = sample_request(page)
    return engine.loop.submit(engine.read(engine.prepare(page, request), request)).result(10)


def test_the_same_pixels_get_the_recorded_answer(tmp_path):
    """This test ensures that answers are found by pixels, unchanged to the last byte."""
    text = "<|ref|>title<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>\r\n# Brief ünd 中文 \n\n"
    entries = [
        {"digest": DIGESTS[1], "answer": "one.txt", "source": "letter.pdf", "page": 1},
        {"digest": [DIGESTS[2].upper(), DIGESTS[3]], "answer": "two.txt", "finish_reason": "length"},
    ]
    engine = ReplayEngine(folder_with(tmp_path / "answers", entries, one=text, two="half"))

    answers = [read(engine, sample_page(number)) for number in (1, 2, 3)]

    assert answers == [
        RawAnswer(text, "stop", None, None, "replay", engine.fingerprint),
        RawAnswer("half", "length", None, None, "replay", engine.fingerprint),
        RawAnswer("half", "length", None, None, "replay", engine.fingerprint),
    ]
    engine.close()


def test_it_is_an_engine(tmp_path):
    """This test ensures that it has all of the protocol, and that its fingerprint follows the list."""
    one = ReplayEngine(folder_with(tmp_path, [{"digest": DIGESTS[1], "answer": "a.txt"}]))
    two = ReplayEngine(folder_with(tmp_path, [{"digest": DIGESTS[2], "answer": "a.txt"}]))

    assert isinstance(one, Engine)
    assert pickle.loads(pickle.dumps(one.prepare)) is one.prepare  # noqa: S301 - pickled here
    assert one.fingerprint.startswith("replay ")
    assert one.fingerprint != two.fingerprint
    one.close()
    two.close()


def test_a_page_without_an_answer_tells_how_to_add_one(tmp_path):
    """This test ensures that the message has the page, its digest and the command that prints digests."""
    engine = ReplayEngine(str(folder_with(tmp_path, [])))

    with pytest.raises(EngineRejected) as caught:
        read(engine, sample_page(4, name="scan.png"))

    assert (caught.value.cause, caught.value.stops_run) == ("no_answer", False)
    assert "page 4 of scan.png" in str(caught.value)
    assert DIGESTS[4] in str(caught.value)
    assert "dsocr digest" in str(caught.value)
    engine.close()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", ["answers.json"]),
        ("{", ["answers.json"]),
        ("{}", ["answers.json"]),
        ("[5]", ["answers.json: entry 1"]),
        ([{"digest": DIGESTS[0], "answer": "a.txt"}, {"digest": DIGESTS[1]}], ["entry 2", "answer"]),
        ([{"digest": "abc", "answer": "a.txt"}], ["entry 1", "digest"]),
        ([{"digest": [], "answer": "a.txt"}], ["entry 1", "digest"]),
        ([{"digest": [DIGESTS[0], 5], "answer": "a.txt"}], ["entry 1", "digest"]),
        ([{"digest": DIGESTS[0], "answer": "a.txt", "finish_reason": "done"}], ["entry 1", "finish_reason"]),
        ([{"digest": DIGESTS[0], "answer": "a.txt", "page": 0}], ["entry 1", "page"]),
        ([{"digest": DIGESTS[0], "answer": "a.txt", "pages": 1}], ["entry 1", "pages"]),
        ([{"digest": DIGESTS[0], "answer": "../a.txt"}], ["entry 1", "inside"]),
        ([{"digest": DIGESTS[0], "answer": "/etc/passwd"}], ["entry 1", "inside"]),
        ([{"digest": DIGESTS[0], "answer": "link.txt"}], ["entry 1", "inside"]),
        ([{"digest": DIGESTS[0], "answer": "a\0.txt"}], ["entry 1", "inside"]),
        (
            [{"digest": DIGESTS[0], "answer": "a.txt"}, {"digest": DIGESTS[0], "answer": "b.txt"}],
            ["entry 2", DIGESTS[0][:12], "'a.txt'"],
        ),
    ],
)
def test_a_list_with_a_mistake_is_refused_with_its_place(tmp_path, content, words):
    """This test ensures that file, entry and field of a mistake are named when the engine is made."""
    folder = folder_with(tmp_path / "answers", content)
    (tmp_path / "outside.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "outside.txt")

    with pytest.raises(EngineUnavailable) as caught:
        ReplayEngine(folder)

    assert caught.value.cause == "no_engine"
    assert str(folder) in str(caught.value)
    assert [word for word in words if word not in str(caught.value)] == []


def test_no_folder_or_no_list_is_no_engine(tmp_path):
    """This test ensures that a wrong path is told apart from a folder that has no list in it."""
    (tmp_path / "file").write_text("")

    for folder, word in [
        (tmp_path / "missing", "no such folder"),
        (tmp_path / "file", "no such folder"),
        (tmp_path, "has no answers.json"),
    ]:
        with pytest.raises(EngineUnavailable, match=word) as caught:
            ReplayEngine(folder)
        assert caught.value.cause == "no_engine"


@pytest.mark.parametrize(
    ("content", "word"),
    [(None, "No such file"), (b"\xff", "decode"), (b"x" * (LARGEST_FILE_BYTES + 1), "larger than")],
)
def test_an_answer_file_that_cannot_be_read_costs_its_page(tmp_path, content, word):
    """This test ensures that a missing or broken answer names its file and leaves other pages alone."""
    entries = [{"digest": DIGESTS[1], "answer": "bad.txt"}, {"digest": DIGESTS[2], "answer": "good.txt"}]
    texts = {"good": "good"} if content is None else {"good": "good", "bad": content}
    engine = ReplayEngine(folder_with(tmp_path, entries, **texts))

    with pytest.raises(EngineError, match=word) as caught:
        read(engine, sample_page(1))

    assert caught.value.cause == "not_understood"
    assert "bad.txt" in str(caught.value)
    assert read(engine, sample_page(2)).text == "good"
    engine.close()
