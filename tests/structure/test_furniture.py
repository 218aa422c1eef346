"""Headers, footers and page numbers that were called something else."""

from __future__ import annotations

import pytest

from dsocr_loaders.geometry import Box
from dsocr_loaders.structure import Structurer
from dsocr_loaders.structure.page_numbers import found_number
from dsocr_loaders.testing.pages import page_from_regions
from dsocr_loaders.values import Region, RegionType, SourceInfo

BOTH = pytest.mark.parametrize("mode", ["stream", "whole"])


def placed(text, y, *, kind=RegionType.TEXT, x=0.1, width=0.3, height=0.014):
    return Region(kind, kind.value, (Box(x, y, x + width, y + height),), text)


def body(number, y=0.2):
    return placed(f"The words of page {number}, which nobody repeats.", y, width=0.8, height=0.6)


def furniture(pages, mode="stream"):
    """Return for each page what was recognised: text and type."""
    structurer = Structurer(SourceInfo(len(pages), ("",) * len(pages), (), "pymupdf"), mode)
    ready = []
    for number, regions in enumerate(pages, start=1):
        ready += structurer.add(page_from_regions(regions, page_number=number, total_pages=len(pages)))
    ready += structurer.finish()
    for page, regions in zip(ready, pages, strict=True):
        assert [region.type for region in regions] == [each.original_type or each.type for each in page.regions]
        assert [region.label for region in regions] == [each.label for each in page.regions]
    return [[(each.text, each.type.value) for each in page.regions if each.original_type] for page in ready]


@BOTH
@pytest.mark.parametrize(
    ("title", "number"),
    [
        ("Annual report", "Page {} of 9"),
        ("Jahresbericht", "Seite {}"),
        ("年度报告", "第 {} 页"),
        ("التقرير السنوي", "صفحة {}"),
    ],
)
def test_running_titles_and_page_numbers(title, number, mode):
    """This test ensures that both are found on every page from the first, in four languages."""
    pages = [[placed(title, 0.05), body(each), placed(number.format(each), 0.95)] for each in range(1, 6)]

    expected = [[(title, "header"), (number.format(each), "page_number")] for each in range(1, 6)]
    assert expected == furniture(pages, mode)


@BOTH
def test_left_and_right_pages(mode):
    """This test ensures that titles which differ on left and right pages are found, also when a chapter begins."""

    def title(number):
        return "Somebody's name" if number % 2 else ("First words" if number < 7 else "Second words")

    pages = [
        [placed(title(each), 0.05), placed(str(each + 10), 0.05, x=0.8, width=0.03), body(each)]
        for each in range(1, 10)
    ]

    expected = [[(title(each), "header"), (str(each + 10), "page_number")] for each in range(1, 10)]
    assert expected == furniture(pages, mode)


def test_chapters_of_one_page():
    """This test ensures that where headers stand, a short line that is on no other page is a header too."""
    names = ["Alpha", "Alpha", "Alpha", "Beta", "Gamma", "Delta"]
    pages = [[placed(name, 0.05), body(number)] for number, name in enumerate(names)]

    assert [[(name, "header")] for name in names] == furniture(pages)


@BOTH
def test_page_number_beside_a_title(mode):
    """This test ensures that a title with a number that counts up is found, though its words never repeat."""
    pages = [[placed(f"Annual report | {each}", 0.05), body(each)] for each in range(7, 11)]

    assert [[(f"Annual report | {each}", "header")] for each in range(7, 11)] == furniture(pages, mode)


@pytest.mark.parametrize(("numbers"), [["i", "ii", "iii", "iv"], ["٢", "٣", "٤"], ["- 4 -", "- 5 -", "- 6 -", "- 7 -"]])
def test_numbers_that_count_up(numbers):
    """This test ensures that bare numbers are found by counting with the pages, whatever their digits."""
    pages = [[body(page), placed(number, 0.95, x=0.5, width=0.03)] for page, number in enumerate(numbers, start=1)]

    assert [[(number, "page_number")] for number in numbers] == furniture(pages)


def test_numbers_that_do_not_count():
    """This test ensures that numbers which do not go up with the pages stay text."""
    pages = [[body(page), placed(number, 0.95, width=0.03)] for page, number in enumerate(["12", "7", "31"], start=1)]

    assert [[], [], []] == furniture(pages)


@BOTH
def test_running_heads_called_headings(mode):
    """This test ensures that a heading which is repeated on later pages is a header there, and a heading once."""
    pages = [
        [body(0), placed("3 Results", 0.85, kind=RegionType.HEADING)],
        *([placed("Results", 0.05, kind=RegionType.HEADING), body(each)] for each in range(1, 5)),
    ]

    assert [[], *[[("Results", "header")]] * 4] == furniture(pages, mode)


def test_slides_with_one_title():
    """This test ensures that of a title that several slides repeat, the first stays a title."""
    pages = [[placed("Our numbers", 0.06, kind=RegionType.TITLE, height=0.05), body(each)] for each in range(3)]

    assert [[], [("Our numbers", "header")], [("Our numbers", "header")]] == furniture(pages)


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["Exercise 1", "Exercise 2", "Exercise 3", "Exercise 4"], RegionType.HEADING),
        (["1 Start", "2 Way", "3 End", "4 More"], RegionType.HEADING),
        (["Table 1: a", "Table 2: b", "Table 3: c"], RegionType.CAPTION),
        (["So it began.", "Then it went on.", "And so it ended."], RegionType.TEXT),
    ],
)
def test_what_is_no_furniture(texts, kind):
    """This test ensures that headings, captions and first lines at the same place stay what they are."""
    assert [[]] * len(texts) == furniture([[placed(text, 0.06, kind=kind), body(0)] for text in texts])


def test_repeated_in_the_middle():
    """This test ensures that a line which stands in the middle of every page is text, and so is a table above it."""
    assert [[]] * 4 == furniture([[body(each), placed("The end", 0.82)] for each in range(4)])


def test_pages_of_nothing_else():
    """This test ensures that a page keeps its text when all that it has would be furniture."""
    assert [[]] * 3 == furniture([[placed("Nothing but this", 0.05)]] * 3)


@BOTH
def test_texts_without_boxes(mode):
    """This test ensures that plain answers lose their first and last lines to furniture only if pages repeat them."""
    pages = [
        [Region(RegionType.TEXT, "", (), text) for text in ("ACME confidential", f"Words {each} of it.", str(each))]
        for each in range(1, 5)
    ]

    expected = [[("ACME confidential", "header"), (str(each), "page_number")] for each in range(1, 5)]
    assert expected == furniture(pages, mode)


def test_misread_titles():
    """This test ensures that a letter misread in ten keeps a header."""
    pages = [
        [placed(text, 0.05), body(text)]
        for text in ("Annual report of us", "Annuai report of us", "Annual repart of us")
    ]

    assert 3 == sum(map(len, furniture(pages)))


@pytest.mark.parametrize(
    "text",
    [
        "(continued on next page)",
        "Continued from page 3",
        "Fortsetzung auf Seite 7",
        "下转第三版",
        "接上页",
        "يتبع",
    ],
)
def test_words_that_something_goes_on(text):
    """This test ensures that such words are none of the text that goes on, in front of it and behind it."""
    before, behind = furniture([[body(1), placed(text, 0.84)], [placed(text, 0.15), body(2)]])

    assert ([(text, "footer")], [(text, "header")]) == (before, behind)


def test_far_apart():
    """This test ensures that `whole` finds what only far pages repeat, which is a documented difference."""
    pages = [
        [*([placed("Only now and then", 0.05)] if number % 4 == 0 else []), body(number, 0.15)] for number in range(12)
    ]

    assert 0 == sum(map(len, furniture(pages, "stream")))
    assert 3 == sum(map(len, furniture(pages, "whole")))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12", (12, "", False)),
        ("- 12 -", (12, "", True)),
        ("Page 3 of 10", (3, "", True)),
        ("3/10", (3, "", True)),
        ("xii", (12, "", False)),
        ("第 3 页 共 9 页", (3, "", True)),
        ("第十二页", (12, "", True)),
        ("صفحة ٣", (3, "", True)),
        ("Annual report | 12", (12, "Annual report", False)),
        ("12 Annual report", (12, "Annual report", False)),
        ("Annual report, page 12", (12, "Annual report,", True)),
    ],
)
def test_found_numbers(text, expected):
    """This test ensures that a page's number is read in all usual forms."""
    found = found_number(text)

    assert expected == (found.value, found.rest, found.is_sure)


@pytest.mark.parametrize("text", ["", "Words", "12.5 kg of it", "x" * 200 + " 7"])
def test_no_found_numbers(text):
    """This test ensures that other texts have no page number, but for one at their edge."""
    found = found_number(text)

    assert found is None or found.rest
