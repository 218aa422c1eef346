from __future__ import annotations

import inspect
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsocr_loaders.values import BoxSource, Dialect, PageStatus, RegionType, Task, TextSource, worst_status

WORDS = {
    RegionType: "title heading text list table figure formula caption footnote header footer page_number other",
    PageStatus: "ok blank skipped repaired truncated failed",
    TextSource: "ocr text_layer",
    BoxSource: "model text_layer estimated page",
    Task: "document ocr free figure describe locate",
    Dialect: "grounded stripped det_label det_label_stripped plain",
}


@pytest.mark.parametrize("vocabulary", WORDS, ids=lambda vocabulary: vocabulary.__name__)
def test_words_are_the_agreed_ones(vocabulary):
    """This test ensures that the words which stand in files and metadata do not change by accident."""
    assert [word.value for word in vocabulary] == WORDS[vocabulary].split()


@pytest.mark.parametrize("vocabulary", WORDS, ids=lambda vocabulary: vocabulary.__name__)
def test_words_write_as_themselves(vocabulary):
    """This test ensures that a word looks the same in text, in JSON and in a comparison."""
    for word in vocabulary:
        assert f"{word}" == word.value == word
        assert json.dumps(word) == f'"{word.value}"'


@pytest.mark.parametrize("vocabulary", [PageStatus, Dialect], ids=lambda vocabulary: vocabulary.__name__)
def test_listed_words_are_all_there(vocabulary):
    """This test ensures that a docstring which explains each word explains every word, in order."""
    explained = re.findall(r"^\* `(\w+)`:", inspect.getdoc(vocabulary), flags=re.MULTILINE)

    assert explained == [word.value for word in vocabulary]


FROM_BEST_TO_WORST = ("ok", "blank", "skipped", "repaired", "truncated", "failed")


@given(st.lists(st.sampled_from(PageStatus)))
def test_the_worst_status_wins(statuses):
    """This test ensures that a chunk over several pages takes the worst of their statuses, and `ok` for none."""
    expected = max((FROM_BEST_TO_WORST.index(status) for status in statuses), default=0)

    assert worst_status(iter(statuses)) is PageStatus(FROM_BEST_TO_WORST[expected])
