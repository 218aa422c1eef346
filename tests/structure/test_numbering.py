"""Numbers of headings."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsocr_loaders.structure.numbering import cjk_number, numbering_of, roman_number

FOUND = [
    ("3 Results", "decimal", (3,), "Results"),
    ("3. Results", "decimal", (3,), "Results"),
    ("3.2 Ablations", "decimal", (3, 2), "Ablations"),
    ("3.2.1. Details", "decimal", (3, 2, 1), "Details"),
    ("3.2\nAblations", "decimal", (3, 2), "Ablations"),
    ("1、基础数据", "decimal", (1,), "基础数据"),
    ("1.五行相生", "decimal", (1,), "五行相生"),
    ("３．２ 方法", "decimal", (3, 2), "方法"),  # noqa: RUF001 - full-width digits
    ("1.2 الهدف", "decimal", (1, 2), "الهدف"),
    ("٣. النتائج", "decimal", (3,), "النتائج"),
    ("3) Steps", "decimal bracket", (3,), "Steps"),
    ("(4) Steps", "paren", (4,), "Steps"),
    ("Chapter 3 Ways", "chapter", (3,), "Ways"),
    ("CHAPTER IV: Ways", "chapter", (4,), "Ways"),
    ("Kapitel 2 – Aufbau", "chapter", (2,), "Aufbau"),  # noqa: RUF001 - a dash
    ("第三章 方法", "chapter", (3,), "方法"),
    ("第3章方法", "chapter", (3,), "方法"),
    ("الفصل الثالث: النتائج", "chapter", (3,), "النتائج"),
    ("الفصل ٣ النتائج", "chapter", (3,), "النتائج"),
    ("Part II Later", "part", (2,), "Later"),
    ("第二编 通则", "part", (2,), "通则"),
    ("第十二节 方法", "section", (12,), "方法"),
    ("§ 5 Kündigung", "article", (5,), "Kündigung"),
    ("§5a Kosten", "article", (5,), "Kosten"),
    ("第二十三条 费用", "article", (23,), "费用"),
    ("المادة 5 السعر", "article", (5,), "السعر"),
    ("Appendix B: Tables", "appendix", (2,), "Tables"),
    ("Anhang A", "appendix", (1,), ""),
    ("附录B 数据", "appendix", (2,), "数据"),
    ("一、目的", "cjk", (1,), "目的"),
    ("（十五）范围", "cjk paren", (15,), "范围"),  # noqa: RUF001 - full-width brackets
    ("أولاً: الوضع العام", "arabic", (1,), "الوضع العام"),
    ("IV. RESULTS", "roman", (4,), "RESULTS"),
    ("A. Setup", "letter", (1,), "Setup"),
    ("C. Results", "letter", (3,), "Results"),
    ("A.1 More", "letter", (1, 1), "More"),
    ("b) second", "small letter", (2,), "second"),
    ("(b) second", "small letter paren", (2,), "second"),
    ("(ii) second", "small roman paren", (2,), "second"),
    ("② 第二", "circled", (2,), "第二"),
]


@pytest.mark.parametrize(("text", "style", "values", "words"), FOUND)
def test_numbers(text, style, values, words):
    """This test ensures that a heading's number is found in every style, with its value and where the words begin."""
    found = numbering_of(text)

    assert (style, values, words) == (found.style, found.values, text[found.end :])


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "Introduction",
        "A study",
        "I think",
        "2024 was a year",
        "3D printing",
        "Part of it",
        "第一",
        "Chapters",
        "§",
    ],
)
def test_no_numbers(text):
    """This test ensures that words, years and parts of words are no numbers."""
    assert numbering_of(text) is None


def test_order_of_styles():
    """This test ensures that ranks follow the order in which such numbers are nested, in Chinese and elsewhere."""
    chinese = ["第一章", "第一节", "一、甲", "（一）甲", "1. 甲", "（1）甲", "① 甲"]  # noqa: RUF001 - full-width brackets
    german = ["Teil 1", "Kapitel 1", "§ 1", "A. a", "1. a", "1) a", "(1) a", "a) a", "(a) a"]

    for texts in (chinese, german):
        ranks = [numbering_of(text).rank for text in texts]
        assert sorted(ranks) == ranks


@pytest.mark.parametrize(
    ("word", "value"),
    [("一", 1), ("十", 10), ("十二", 12), ("二十", 20), ("二十三", 23), ("一百零五", 105), ("一〇五", 105)],
)
def test_chinese_digits(word, value):
    """This test ensures that Chinese digits are read in both ways of writing them."""
    assert value == cjk_number(word)


@pytest.mark.parametrize(("word", "value"), [("I", 1), ("IV", 4), ("IX", 9), ("XIV", 14), ("XLII", 42), ("XC", 90)])
def test_roman_digits(word, value):
    """This test ensures that Roman digits are read."""
    assert value == roman_number(word)


@given(st.text(alphabet="0123.．、)(（）一二十第章IVXAa §①ChapterأولاPart \n", max_size=60))  # noqa: RUF001 - full-width marks
def test_any_text(text):
    """This test ensures that any text has a number that ends within it, or none."""
    found = numbering_of(text)

    assert found is None or (0 < found.end <= len(text) and all(value > 0 for value in found.values))


def test_long_texts():
    """This test ensures that a long heading costs no more than a short one."""
    start = time.perf_counter()
    for sign in "1.I一(A ":
        numbering_of(sign * 1_000_000)

    assert time.perf_counter() - start < 1
