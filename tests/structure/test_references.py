"""Links between mentions and figures, tables and formulas."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from dsocr_loaders.structure import Structurer
from dsocr_loaders.structure.captions import caption_of_what, formula_number, mentions_in
from dsocr_loaders.structure.references import References
from dsocr_loaders.testing.pages import page_from_regions
from dsocr_loaders.values import Reference, Region, RegionType, SourceInfo


def text(words, kind=RegionType.TEXT, of=None):
    return Region(kind, kind.value, (), words, caption_of=of)


def figure(words, kind=RegionType.FIGURE, order=0):
    """Return a figure or table at `order` and its caption behind it."""
    return [text("", kind), text(words, RegionType.CAPTION, of=order)]


def linked(*contents, mode="stream"):
    structurer = Structurer(SourceInfo(len(contents), ("",) * len(contents), (), "pymupdf"), mode)
    ready = []
    for number, regions in enumerate(contents, start=1):
        ready += structurer.add(page_from_regions(regions, page_number=number))
    return ready + structurer.finish()


def shown(page, order):
    """Return the words of each mention in a region, with the place of what they mean."""
    region = page.regions[order]
    return [(region.text[each.start : each.end], each.page_number, each.order) for each in region.refers_to]


@pytest.mark.parametrize("mode", ["stream", "whole"])
@pytest.mark.parametrize(
    ("words", "mention", "caption", "kind"),
    [
        ("As Figure 3 shows", "Figure 3", "Figure 3: A pump", RegionType.FIGURE),
        ("see Fig. 3a", "Fig. 3a", "Fig. 3. A pump", RegionType.FIGURE),
        ("wie Abb. 3 zeigt", "Abb. 3", "Abbildung 3: Eine Pumpe", RegionType.FIGURE),
        ("如图3所示", "图3", "图 3 水泵", RegionType.FIGURE),
        ("كما في الشكل ٣", "الشكل ٣", "الشكل 3: مضخة", RegionType.FIGURE),
        ("in Table A.1", "Table A.1", "Table A.1 Prices", RegionType.TABLE),
        ("siehe Tabelle 2.1", "Tabelle 2.1", "Tab. 2.1: Preise", RegionType.TABLE),
        ("见表 2-1", "表 2-1", "表2.1 价格", RegionType.TABLE),
        ("يبين الجدول 2", "الجدول 2", "الجدول ٢: الأسعار", RegionType.TABLE),
    ],
)
def test_both_ways(words, mention, caption, kind, mode):
    """This test ensures that a mention leads to the figure, and the figure back to the words, in four languages."""
    first, second = linked([text(words)], figure(caption, kind), mode=mode)
    start = words.index(mention)

    assert [(mention, 2, 0)] == shown(first, 0)
    assert (Reference(1, 0, start, start + len(mention)),) == second.regions[0].referred_from
    assert second.regions[0].number
    assert () == second.regions[1].refers_to


def test_rows_of_numbers():
    """This test ensures that "Figures 1, 2 and 4-6" is a mention of each, as far as they are there."""
    figures = [
        part for place, number in enumerate((1, 2, 4, 5)) for part in figure(f"Figure {number}", order=2 * place)
    ]
    (page,) = linked([*figures, text("Figures 1, 2 and 4-6, and Fig. 9")])

    assert [("Figures 1", 1, 0), ("2", 1, 2), ("4-6", 1, 4), ("4-6", 1, 6)] == shown(page, 8)


@pytest.mark.parametrize("words", ["Equation (2)", "Eq. 2", "Gleichung (2)", "公式（2）", "المعادلة (2)"])  # noqa: RUF001 - full-width brackets
@pytest.mark.parametrize("formula", ["\\[ a = b \\tag{2} \\]", "\\[ a = b \\quad (2) \\]", "\\[ a = b \\] (2)"])
def test_formulas(words, formula):
    """This test ensures that a formula is found by its number, in the usual forms."""
    (page,) = linked([text(formula, RegionType.FORMULA), text(f"By {words} we have")])

    assert [(words, 1, 0)] == shown(page, 1)
    assert "2" == page.regions[0].number


def test_the_nearest():
    """This test ensures that of two figures with one number, the mention means the nearer one."""
    pages = linked(figure("Figure 1"), [text("see Figure 1")], [], [], [text("see Figure 1")], figure("Figure 1"))

    assert ([("Figure 1", 1, 0)], [("Figure 1", 6, 0)]) == (shown(pages[1], 0), shown(pages[4], 0))
    assert [(2, 0), (5, 0)] == [
        (each.page_number, each.order) for page in (pages[0], pages[5]) for each in page.regions[0].referred_from
    ]


def test_a_caption_without_its_figure():
    """This test ensures that a caption stands for a figure that is no region."""
    (page,) = linked([text("Figure 7: A pump", RegionType.CAPTION), text("see Figure 7")])

    assert [("Figure 7", 1, 0)] == shown(page, 1)
    assert () == page.regions[0].refers_to


def test_a_table_that_goes_on():
    """This test ensures that a mention of a table over several pages means its beginning."""
    rows = "<table><tr><td>a</td><td>b</td></tr><tr><td>1</td><td>2</td></tr></table>"

    def part(words):
        return [replace(text(rows, RegionType.TABLE)), text(words, RegionType.CAPTION, of=0)]

    pages = linked(part("Table 1"), part("Table 1 (continued)"), [text("see Table 1")])

    assert [("Table 1", 1, 0)] == shown(pages[2], 0)
    assert ["1", "1"] == [page.regions[0].number for page in pages[:2]]


@pytest.mark.parametrize(
    "words", ["figures of speech", "configuration 3", "the table 5 feet long", "3 figures", "stable 3"]
)
def test_no_mentions(words):
    """This test ensures that other words with numbers mean no figure that is there."""
    assert not [each for each in mentions_in(words) if each.type is RegionType.FIGURE]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Figure 3: x", (RegionType.FIGURE, "3")),
        ("**Table 2**", (RegionType.TABLE, "2")),
        ("续表 3", (RegionType.TABLE, "3")),
        ("Fortsetzung Tabelle 3", (RegionType.TABLE, "3")),
        ("A pump", None),
    ],
)
def test_captions(words, expected):
    """This test ensures that kind and number of a caption are read, also where it says that it goes on."""
    assert expected == caption_of_what(words)


@pytest.mark.parametrize("formula", ["f(3)", "\\[ f(x) \\]", "a (b)", "x = 1", "(3)" + "x" * 200, ""])
def test_formulas_without_number(formula):
    """This test ensures that an argument in brackets is no number of a formula."""
    assert "" == formula_number(formula)


def test_memory_is_bounded():
    """This test ensures that a stream remembers no more numbers than it is told to."""
    references = References(most=3)
    for number in range(1, 10):
        page = page_from_regions([*figure(f"Figure {number}"), text("see Figure 1")], page_number=number)
        references.observe(page)
        page = references.linked(page)

    assert () == page.regions[2].refers_to


def test_time_is_linear():
    """This test ensures that a long text full of numbers and words before them is read at once."""
    for piece in ("1 ", "Figure ", "Figure 1, 2 and ", "图1"):
        start = time.process_time()
        list(mentions_in(piece * 8_000))
        formula_number("(1" * 20_000)

        assert time.process_time() - start < 1
