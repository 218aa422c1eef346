"""What goes on over page breaks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dsocr_loaders.geometry import Box
from dsocr_loaders.structure import Structurer, joined
from dsocr_loaders.testing.pages import failed_page, page_from_regions
from dsocr_loaders.values import Join, PageStatus, Region, RegionType, SourceInfo, TextSource

LONG = "These are the first words of a paragraph which is as long as a paragraph of a report and breaks off at the"
HEADER = ["Name", "Mass", "Price"]


def text(words, kind=RegionType.TEXT, y=0.6):
    return Region(kind, kind.value, (Box(0.1, y, 0.9, y + 0.1),), words)


def table(*rows, y=0.3, x=0.1):
    cells = ["".join(f"<td>{cell}</td>" for cell in row) for row in rows]
    html = f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"
    return Region(RegionType.TABLE, "table", (Box(x, y, 0.9, y + 0.2),), html)


def caption(words, of, y=0.1):
    return replace(text(words, RegionType.CAPTION, y), caption_of=of)


def joins(*contents, mode="stream"):
    """Return the joins of pages: (page, order) -> join. A page is a list of regions, or a whole page."""
    structurer = Structurer(SourceInfo(len(contents), ("",) * len(contents), (), "pymupdf"), mode)
    ready = []
    for number, content in enumerate(contents, start=1):
        is_page = not isinstance(content, list)
        page = replace(content, page_number=number) if is_page else page_from_regions(content, page_number=number)
        ready += structurer.add(page)
    ready += structurer.finish()
    return {
        (page.page_number, region.order): region.continues
        for page in ready
        for region in page.regions
        if region.continues is not None
    }


PARAGRAPHS = [
    ("a word is divi-", "ded here.", "hyphen"),
    ("a word is divi\u00ad", "ded here.", "hyphen"),
    ("ein Wort wird ge-", "trennt.", "hyphen"),
    ("the wave of COVID-", "19 was long", "none"),
    ("in Müller-", "Lüdenscheidt", "none"),
    ("a state-of-the-", "art thing", "none"),
    ("pre-", "and post-war", "space"),
    ("Ein-", "und Ausgang", "space"),
    ("the sentence goes", "on with a small letter", "space"),
    ("the sentence, which goes,", "on with a small letter", "space"),
    (LONG, "University of Bonn, and so on and so forth, as long.", "space"),
    ("Die Messung ergab im Mittel aller Versuche eine deutliche Erhöhung der", f"Temperatur. {LONG}", "space"),
    ("我们讨论了这个方法的主要优点以及它在", "实践中的各种应用，并给出了若干例子来说明。", "none"),  # noqa: RUF001 - a full-width comma
    ("这个方法，", "很好。", "none"),  # noqa: RUF001 - likewise
    (
        "هذا نص طويل يتحدث عن النتائج التي حصلنا عليها في التجارب الأولى من",
        "هذه السلسلة الطويلة من التجارب التي أجريت في المختبر.",
        "space",
    ),
    ("The sentence ends.", "on with a small letter", None),
    ("Er sagte: „Nein.“", "und ging", None),
    ("句子结束了。", "下一个句子从这里开始并且很长很长很长。", None),
    ("انتهت الجملة الأولى هنا وهي جملة طويلة بما يكفي لتكون فقرة كاملة.", "وهذه جملة ثانية طويلة بما يكفي أيضا.", None),
    ("Short", "Another thing", None),
    ("the sentence goes", "- an item", None),
    ("the sentence goes", "2. An item", None),
    ("the sentence goes", "", None),
]


@pytest.mark.parametrize("mode", ["stream", "whole"])
@pytest.mark.parametrize(("before", "behind", "how"), PARAGRAPHS)
def test_paragraphs(before, behind, how, mode):
    """This test ensures that a paragraph is found to go on exactly if a reader would say so, in four languages."""
    found = joins([text(before)], [text(behind, y=0.1)], mode=mode)

    assert ({(2, 0): Join(1, 0, how)} if how else {}) == found


LISTS = [
    ("1. a\n2. b", "3. c", "line"),
    ("1. a\n2. b", "5. c", None),
    ("- a\n- b", "- c", "line"),
    ("- a\n- b", "* c", None),
    ("- a\n- b that goes", "on here", "space"),
    ("1、甲\n2、乙", "3、丙", "line"),
]


@pytest.mark.parametrize(("before", "behind", "how"), LISTS)
def test_lists(before, behind, how):
    """This test ensures that a list which counts on is one list."""
    found = joins([text(before, RegionType.LIST)], [text(behind, RegionType.LIST, y=0.1)])

    assert ({(2, 0): Join(1, 0, how)} if how else {}) == found


def test_what_may_stand_between():
    """This test ensures that furniture, footnotes, figures, tables and blank pages part no paragraph."""
    figure = Region(RegionType.FIGURE, "image", (Box(0.1, 0.2, 0.9, 0.4),), "")
    found = joins(
        [text("goes"), text("1 A note", RegionType.FOOTNOTE, 0.9), text("7", RegionType.PAGE_NUMBER, 0.9)],
        [figure, caption("Figure 1", 0)],
        replace(page_from_regions([], status=PageStatus.BLANK)),
        [text("Journal", RegionType.HEADER, 0.02), table(HEADER, ["a", "1", "2"]), text("on here.")],
    )

    assert {(4, 2): Join(1, 0, "space")} == found


def test_three_pages():
    """This test ensures that a paragraph over three pages is a chain, each part naming the one before."""
    assert {(2, 0): Join(1, 0, "space"), (3, 0): Join(2, 0, "hyphen")} == joins(
        [text("it goes")], [text("on over a whole pa-")], [text("ge and ends.")]
    )


@pytest.mark.parametrize(
    "between",
    [
        [text("A heading", RegionType.HEADING)],
        failed_page(),
        page_from_regions([], status=PageStatus.SKIPPED),
        [text("Another paragraph.")],
        [text("x = 1", RegionType.FORMULA)],
    ],
)
def test_what_ends_a_paragraph(between):
    """This test ensures that nothing is joined over a heading, a formula, other text or a page that was not read."""
    assert {} == joins([text("goes")], between, [text("on here.")])


def test_other_reader():
    """This test ensures that what a model read and what a text layer says are never joined."""
    layer = page_from_regions([text("on here.")], text_source=TextSource.TEXT_LAYER)

    assert {} == joins([text("goes")], layer)


def test_missing_pages():
    """This test ensures that nothing is joined over pages that were left out."""
    structurer = Structurer(SourceInfo(9, ("",) * 9, (), "pymupdf"), "whole")
    structurer.add(page_from_regions([text("goes")], page_number=1))
    structurer.add(page_from_regions([text("on here.")], page_number=3))

    assert [None, None] == [page.regions[0].continues for page in structurer.finish()]


ROWS = [["a", "1", "2"], ["b", "3", "4"]]
MORE = [["c", "5", "6"], ["d", "7", "8"]]


def test_tables():
    """This test ensures that a table goes on with or without its header, over several pages and a blank one."""
    blank = page_from_regions([], status=PageStatus.BLANK)
    found = joins([table(HEADER, *ROWS)], [table(HEADER, *MORE)], blank, [table(*MORE)], [table(HEADER, *MORE)])

    assert {
        (2, 0): Join(1, 0, "rows_after_header", 1),
        (4, 0): Join(2, 0, "rows"),
        (5, 0): Join(4, 0, "rows_after_header", 1),
    } == found


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Table 3: Prices", "Table 3 (continued)"),
        ("Tabelle 3: Preise", "Fortsetzung Tabelle 3"),
        ("表 3 价格", "续表 3"),
        ("الجدول 3: الأسعار", "تابع الجدول 3"),
        ("Table 3", "Table 3"),
        ("Prices", "(continued)"),
    ],
)
@pytest.mark.parametrize("rows", [[HEADER, *MORE], [["other", "header", "here"], *MORE]])
def test_captions_that_say_so(first, second, rows):
    """This test ensures that a caption's words or number join a table, and that the caption counts as repeated."""
    found = joins([caption(first, 1), table(HEADER, *ROWS)], [caption(second, 1), table(*rows)])
    how = Join(1, 1, "rows_after_header", 1) if rows[0] == HEADER else Join(1, 1, "rows")

    assert {(2, 0): Join(1, 0, "repeated"), (2, 1): how} == found


@pytest.mark.parametrize(
    "second",
    [
        [table(["c", "5"])],
        [table(["Name", "Colour", "Size"], ["a", "red", "big"])],
        [caption("Table 4", 1), table(HEADER, *MORE)],
        [caption("Prices of others", 1), table(HEADER, *MORE)],
        [text("Words."), table(HEADER, *MORE)],
        [text("A heading", RegionType.HEADING), table(HEADER, *MORE)],
        [table(*MORE, x=0.4)],
        [table(["Year", "2019", "2020"], ["a", "1", "2"])],
        [replace(table(), text="no table")],
    ],
)
def test_other_tables(second):
    """This test ensures that a table of its own is none that goes on."""
    assert {} == joins([caption("Table 3", 1), table(HEADER, *ROWS)], second)


@pytest.mark.parametrize(
    ("earlier", "how", "later", "expected"),
    [
        ("divi-", "hyphen", "ded", "divided"),
        ("divi\u00ad ", "hyphen", " ded", "divided"),
        ("COVID-", "none", "19", "COVID-19"),
        ("goes ", "space", "\non", "goes on"),
        ("- a", "line", "- b", "- a\n- b"),
        ("Table 3", "repeated", "Table 3 (continued)", "Table 3"),
    ],
)
def test_joined(earlier, how, later, expected):
    """This test ensures that two texts are put together as the join says."""
    assert expected == joined(earlier, how, later)
