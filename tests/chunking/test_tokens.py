"""Counting tokens: the estimate, and what users bring."""

from __future__ import annotations

import pytest
import tiktoken
import tokenizers

from dsocr_loaders.chunking import Chunker, estimate_tokens, token_count_of
from dsocr_loaders.errors import MissingDependency, SettingsError
from dsocr_loaders.settings import Settings
from dsocr_loaders.testing.pages import page_from_answer

TEXT = "one two three four"


class Transformers:
    """As the tokenizers of transformers are: callable, with special tokens and truncation unless told otherwise."""

    name_or_path = "a/model"

    def __call__(self, text):
        raise AssertionError("a tokenizer of transformers is not called as a counter")

    def encode(self, text, *, add_special_tokens=True, truncation=True, padding=True, verbose=True):
        ids = list(range(len(text.split())))
        ids = ids[:2] if truncation else ids
        return [101, *ids, 102] if add_special_tokens else ids

    def convert_ids_to_tokens(self, ids):
        return ids


@pytest.fixture
def word_tokenizer():
    """Return a tokenizer of `tokenizers` with a word a token, set to cut and fill up as sentence-transformers' are."""
    vocabulary = {word: number for number, word in enumerate(["[UNK]", "[PAD]", *TEXT.split()])}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, "[UNK]"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.enable_truncation(3, stride=1)
    tokenizer.enable_padding(length=8)
    return tokenizer


@pytest.fixture
def encoding():
    ranks = {bytes([number]): number for number in range(256)}
    return tiktoken.Encoding("bytes", pat_str=r"\S+|\s+", mergeable_ranks=ranks, special_tokens={})


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", 0), ("word", 1), ("abcdefg", 2), ("12 1234", 3), ("a  b\n\nc", 5), ("中文。", 3), ("a-b", 3), (" ", 0)],
)
def test_estimates_without_a_vocabulary(text, expected):
    """This test ensures that letters, digits, blanks and other signs count as documented."""
    assert expected == estimate_tokens(text)


def test_takes_what_counts(encoding, word_tokenizer):
    """This test ensures that each kind of counter gives the tokens of the text, without special ones, all of them."""
    counters = [len, str.split, lambda text: len(text.split()), Transformers(), encoding, word_tokenizer]

    assert [18, 4, 4, 4, 18, 4] == [token_count_of(counter).count(TEXT) for counter in counters]
    assert 3 == word_tokenizer.truncation["max_length"]  # the user's own is not touched


def test_reads_a_tokenizer_from_a_file(word_tokenizer, tmp_path):
    """This test ensures that the path of a tokenizer.json is a counter, which a command line can name."""
    path = tmp_path / "tokenizer.json"
    word_tokenizer.save(str(path))

    assert 4 == token_count_of(str(path)).count(TEXT)
    path.write_text("{}")
    with pytest.raises(SettingsError, match=r"no tokenizer\.json"):
        token_count_of(str(path))
    with pytest.raises(SettingsError, match="there is no such file"):
        token_count_of(str(tmp_path / "missing.json"))


def test_says_which_names_there_are():
    """This test ensures that a name that tiktoken does not know is an error that lists those it knows."""
    with pytest.raises(SettingsError, match="cl100k_base"):
        token_count_of("no-such-encoding")


def test_says_what_is_missing(monkeypatch):
    """This test ensures that a name without the package behind it is an error with the command that helps."""
    monkeypatch.setitem(__import__("sys").modules, "tiktoken", None)

    with pytest.raises(MissingDependency, match="pip install tiktoken"):
        token_count_of("cl100k_base")


def test_says_what_a_callable_should_have_returned():
    """This test ensures that a callable that counts nothing is told so at its first text."""
    with pytest.raises(SettingsError, match="returned NoneType"):
        token_count_of(lambda _: None).count(TEXT)


def test_counters_have_names(encoding, word_tokenizer):
    """This test ensures that settings with a counter can be written down, with a name that can be read where there is
    one.
    """  # noqa: D205 - one sentence that needs two lines

    def shown(counter):
        return Settings(token_counter=counter).model_dump()["token_counter"]

    assert [None, "cl100k_base", "bytes", "builtins.len"] == [
        shown(counter) for counter in (None, "cl100k_base", encoding, len)
    ]
    assert shown(Transformers()).endswith("Transformers:a/model")
    assert shown(word_tokenizer).startswith("tokenizers.Tokenizer:")


def test_keeps_the_budget_of_a_counter_that_does_not_add_up():
    """This test ensures that a counter that makes more of joined texts than of each alone is obeyed all the same."""
    answer = "".join(f"<|ref|>text<|/ref|><|det|>[[0, 0, 9, 9]]<|/det|>\n{'word ' * 5}end.\n\n" for _ in range(12))

    def counter(text):
        return len(text.split()) + text.count("\n\n") ** 3

    chunker = Chunker(Settings(chunk_tokens=40, token_counter=counter))
    chunks = chunker.add(page_from_answer(answer)) + chunker.finish()

    assert 12 == sum(chunk.text.count("end.") for chunk in chunks)
    assert all(counter(chunk.text) <= 40 for chunk in chunks)
    assert len(chunks) < 12
