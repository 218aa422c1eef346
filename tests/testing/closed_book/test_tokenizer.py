from __future__ import annotations

import json

import pytest

from dsocr_loaders.models import TOKEN_IDS
from dsocr_loaders.testing.closed_book import PAGES, SPECIAL_TOKENS
from dsocr_loaders.testing.closed_book.configuration import write_configuration
from dsocr_loaders.testing.closed_book.lessons import all_texts
from dsocr_loaders.testing.closed_book.tokenizer import BEGIN, VOCABULARY, make_tokenizer, write_tokenizer


@pytest.fixture(scope="module")
def tokenizer():
    return make_tokenizer(all_texts())


def test_special_tokens_have_the_real_ids(tokenizer):
    """This test ensures that code which knows the model's ids, such as the whitelist of cells, knows this one's."""
    assert {token: tokenizer.token_to_id(token) for token in SPECIAL_TOKENS} == dict(SPECIAL_TOKENS)
    assert {token: tokenizer.token_to_id(token) for token in TOKEN_IDS} == dict(TOKEN_IDS)
    assert tokenizer.get_vocab_size() == VOCABULARY


def test_every_text_comes_back(tokenizer):
    """This test ensures that an answer which the model knows can be written letter by letter."""
    texts = [*all_texts(), "nothing like it: Ω 漢字 🙂\n\n"]

    assert [tokenizer.decode(tokenizer.encode(text).ids[1:], skip_special_tokens=False) for text in texts] == texts


def test_a_text_begins_as_the_real_one_does(tokenizer):
    """This test ensures that a prompt gets its beginning from the tokenizer, once."""
    ids = tokenizer.encode("<image>\nFree OCR.").ids

    assert ids[:2] == [SPECIAL_TOKENS[BEGIN], SPECIAL_TOKENS["<image>"]]
    assert ids.count(SPECIAL_TOKENS[BEGIN]) == 1


def test_skipping_special_tokens_takes_tags_and_cells_away(tokenizer):
    """This test ensures that a server which strips special tokens does the damage here that it does to the real one."""
    ids = tokenizer.encode(PAGES[7].answer()).ids

    stripped = tokenizer.decode(ids, skip_special_tokens=True)

    assert "<table>ShelfHoldsAmapsBropesClamps</table>" in stripped
    assert "<|" not in stripped


def test_no_text_leads_to_an_unused_id(tokenizer):
    """This test ensures that the ids which only fill the vocabulary stay out of every prompt."""
    used = {number for text in all_texts() for number in tokenizer.encode(text).ids}

    assert max(used - set(SPECIAL_TOKENS.values())) < 1000
    assert tokenizer.encode("<|unused 5000|>").ids[1:] != [5000]


def test_folder_has_what_a_hub_has(tokenizer, tmp_path):
    """This test ensures that the small files are there and agree with each other."""
    write_tokenizer(tmp_path, tokenizer)
    write_configuration(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    beginning = json.loads((tmp_path / "tokenizer_config.json").read_text(encoding="utf-8"))["bos_token"]

    assert {path.name for path in tmp_path.iterdir()} == {
        "config.json",
        "generation_config.json",
        "special_tokens_map.json",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    assert config["architectures"] == ["DeepseekOCRForCausalLM"]
    assert config["language_config"]["vocab_size"] == VOCABULARY
    assert config["bos_token_id"] == SPECIAL_TOKENS[beginning]
