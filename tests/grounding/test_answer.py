"""`parse_answer`: what becomes of each shape, and that nothing is ever lost."""

from __future__ import annotations

import re

import pytest

from dsocr_loaders.geometry import Box
from dsocr_loaders.grounding import parse_answer
from dsocr_loaders.values import Dialect, ParsedAnswer, RegionType, Task


def tag(label: str, box: str = "[[0, 0, 999, 999]]") -> str:
    return f"<|ref|>{label}<|/ref|><|det|>{box}<|/det|>"


def accounted_for(text: str, parsed: ParsedAnswer) -> list[tuple[int, int]]:
    """Return the ranges of regions and drops in order."""
    owned = [(span.start, span.end) for region in parsed.regions for span in region.spans]
    return sorted(owned + [(drop.span.start, drop.span.end) for drop in parsed.drops])


def assert_partition(text: str, parsed: ParsedAnswer) -> None:
    position = 0
    for start, end in accounted_for(text, parsed):
        assert position == start
        assert start < end
        position = end
    assert len(text) == position


def test_reads_a_well_formed_answer() -> None:
    """Type, label, box, text and order of each region come out as the answer has them."""
    text = (
        f"{tag('title', '[[100, 50, 899, 90]]')}\n# A study of rain  \n\n"
        f"{tag('text', '[[61, 113, 429, 364]]')}\nIt rains. \nOften.  \n\n"
        f"{tag('image', '[[500, 113, 900, 364]]')}\n\n"
    )

    parsed = parse_answer(text)

    assert [
        (RegionType.TITLE, "title", "A study of rain", 1, 0),
        (RegionType.TEXT, "text", "It rains.\nOften.", 0, 1),
        (RegionType.FIGURE, "image", "", 0, 2),
    ] == [(region.type, region.label, region.text, region.level, region.order) for region in parsed.regions]
    assert (Box(61 / 999, 113 / 999, 429 / 999, 364 / 999),) == parsed.regions[1].boxes
    assert Dialect.GROUNDED is parsed.dialect
    assert () == parsed.issues
    assert_partition(text, parsed)


def test_gives_the_rows_behind_a_caption_to_the_table_above() -> None:
    """The model's order (table's tag, caption's tag, caption, rows) ends in a table with rows and a linked caption."""
    text = (
        f"{tag('table', '[[100, 200, 900, 400]]')}\n{tag('table_caption', '[[100, 150, 900, 190]]')}\n"
        "Table 1: Rain  \n\n<table><tr><td>a</td></tr></table>\n\n"
        f"{tag('table_footnote', '[[100, 410, 900, 430]]')}\nSource: none.\n"
    )

    table, caption, footnote = parse_answer(text).regions

    assert "<table><tr><td>a</td></tr></table>" == table.text
    assert ("Table 1: Rain", 0) == (caption.text, caption.caption_of)
    assert (RegionType.FOOTNOTE, 0) == (footnote.type, footnote.caption_of)
    assert_partition(text, parse_answer(text))


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (("image", "image_caption"), (None, 0)),
        (("image_caption", "image", "text"), (1, None, None)),
        (("image", "image_caption", "image", "image_caption"), (None, 0, None, 2)),
        (("image_caption", "image", "image_caption", "image"), (1, None, 3, None)),
        (("image", "text", "image_caption"), (None, None, None)),
        (("text", "footnote"), (None, None)),
        (("image", "image_caption", "image_footnote"), (None, 0, 0)),
        (("table", "image_caption"), (None, None)),
        (("image", "image_caption", "image_caption", "text"), (None, 0, 0, None)),
        (("table", "footnote"), (None, None)),
        (("image", "table", "table_caption", "Image-Caption"), (None, None, 1, None)),
        (("Table Caption", "image", "table"), (None, None, None)),
    ],
)
def test_links_captions_to_their_neighbour(labels: tuple[str, ...], expected: tuple[int | None, ...]) -> None:
    """A caption belongs to the table or figure next to it, each of which has one caption if that is possible."""
    text = "\n\n".join(f"{tag(label)}\nwords" for label in labels)

    actual = tuple(region.caption_of for region in parse_answer(text).regions)

    assert expected == actual


def test_keeps_text_without_a_tag() -> None:
    """Text before the first tag is a region without label and boxes."""
    text = f"Out of nowhere.\n\n{tag('text')}\nInside.\n"

    parsed = parse_answer(text)

    assert [("", (), "Out of nowhere."), ("text", 1, "Inside.")] == [
        (parsed.regions[0].label, parsed.regions[0].boxes, parsed.regions[0].text),
        (parsed.regions[1].label, len(parsed.regions[1].boxes), parsed.regions[1].text),
    ]
    assert_partition(text, parsed)


def test_reads_an_answer_without_tags_as_plain() -> None:
    """A plain answer is one region, and a table in it another."""
    parsed = parse_answer("Some words.\n\n<table><tr><td>1</td></tr></table>\nMore.", task="free")

    assert Dialect.PLAIN is parsed.dialect is parse_answer("one<PAGE>two").dialect
    assert [
        (RegionType.TEXT, "Some words."),
        (RegionType.TABLE, "<table><tr><td>1</td></tr></table>"),
        (RegionType.TEXT, "More."),
    ] == [(region.type, region.text) for region in parsed.regions]


@pytest.mark.parametrize("task", [Task.OCR, Task.LOCATE])
def test_takes_the_text_from_inside_the_tag_for_lines(task: Task) -> None:
    """Under ocr and locate each tag is a line whose words stand inside `<|ref|>`."""
    text = f"{tag('First line', '[[1, 2, 3, 4]]')}\n{tag('title', '[[5, 6, 7, 8]]')}"

    parsed = parse_answer(text, task=task)

    assert [("First line", "", RegionType.TEXT), ("title", "", RegionType.TEXT)] == [
        (region.text, region.label, region.type) for region in parsed.regions
    ]
    assert 1.0 == parsed.text_coverage
    assert_partition(text, parsed)


def test_marks_pages_of_one_answer() -> None:
    """A page separator starts the next page; it and the end marker are no text."""
    text = f"{tag('text')}\none\n<--- Page Split --->\n{tag('text')}\ntwo<｜end▁of▁sentence｜>"  # noqa: RUF001 - the model's token

    parsed = parse_answer(text)

    assert [("one", 0), ("two", 1)] == [(region.text, region.page_index) for region in parsed.regions]
    assert {"page_marker", "end_marker", "blank"} == {drop.kind for drop in parsed.drops}
    assert_partition(text, parsed)


@pytest.mark.parametrize(
    ("box", "boxes", "codes"),
    [
        ("[[61, 113, 429, 364]]", ((61, 113, 429, 364),), ()),
        ("[[1, 2, 3, 4], [5, 6, 7, 8]]", ((1, 2, 3, 4), (5, 6, 7, 8)), ()),
        (" [[500.5, 339, 775, 411]]", ((500.5, 339, 775, 411),), ("box_with_fractions",)),
        ("[[506 688, 660, 732]]", ((506, 688, 660, 732),), ("box_misspelt",)),
        ("[150, 421, 345, 444]]", ((150, 421, 345, 444),), ("box_misspelt",)),
        ("((1, 2, 3, 4))", ((1, 2, 3, 4),), ("box_misspelt",)),
        ("[[44, raw 666, 501, 707]]", ((44, 666, 501, 707),), ("box_with_words",)),
        ("[[44, one 666, two 501, three 707]]", (), ("box_unreadable", "stray_tag")),
        ("[[" + "1" * 400 + ", 2, 3, 4]]", (), ("box_unreadable", "stray_tag")),
        ("[[1, 2, 3, 4], " * 65 + "]", (), ("box_unreadable", "stray_tag")),
        ("[[110, -1, 444, 43]]", ((110, 0, 444, 43),), ("box_out_of_range",)),
        ("[[0, 0, 999, 1005]]", ((0, 0, 999, 999),), ("box_out_of_range",)),
        ("[[429, 364, 61, 113]]", ((61, 113, 429, 364),), ("box_reversed",)),
        ("[[61, 364, 429, 113]]", ((61, 113, 429, 364),), ("box_reversed",)),
        ("[[0, 0, 0, 0]]", ((0, 0, 0, 0),), ("box_without_area",)),
        ("[[1, 2, 3]]", (), ("box_unreadable", "stray_tag")),
        ("[eq:sum]", (), ("box_unreadable", "stray_tag")),
        (str([[1, 2, 3, 4]] * 65), (), ("box_unreadable", "stray_tag")),
        ("", (), ("box_unreadable", "stray_tag")),
    ],
)
def test_reads_boxes(box: str, boxes: tuple[tuple[float, ...], ...], codes: tuple[str, ...]) -> None:
    """A box is read, clamped and put in order, or left out with a code; the text stays in any case."""
    text = f"{tag('text', box)}\nwords"

    parsed = parse_answer(text)

    assert tuple(Box(*(number / 999 for number in numbers)) for numbers in boxes) == parsed.regions[0].boxes
    assert codes == tuple(issue.code for issue in parsed.issues)
    assert parsed.regions[0].text.endswith("words")
    assert_partition(text, parsed)


@pytest.mark.parametrize("rest", ["<|ref|>te", "<|ref|>text<|/ref|>", f"{tag('text')[:-12]}", "<|ref|>"])
def test_keeps_a_tag_that_the_end_cut_off(rest: str) -> None:
    """A tag cut off by the token limit is a region without box, and the issue says so."""
    text = f"{tag('text')}\nwhole\n\n{rest}"

    parsed = parse_answer(text, finish_reason="length")

    assert ["whole", ""] == [region.text for region in parsed.regions]
    assert ["tag_cut_off", "truncated"] == [issue.code for issue in parsed.issues]
    assert_partition(text, parsed)


@pytest.mark.parametrize(
    "rest", [f"<|ref|>{'words ' * 20}", "<|ref|>two\nlines", "<|ref|>a<|/ref|>b<|det|>[[1]]<|/det|>"]
)
def test_keeps_the_text_behind_a_broken_tag(rest: str) -> None:
    """What is too long for a tag that was cut off, or stands inside one, is text."""
    text = f"{tag('text')}\nwhole\n\n{rest}"

    parsed = parse_answer(text)

    kept = re.sub(r"<\|/?(ref|det)\|>", "", rest).split()
    assert ["whole", *kept] == " ".join(region.text for region in parsed.regions).split()
    assert parsed.issues
    assert_partition(text, parsed)


def test_tells_oddities_in_the_order_of_the_answer() -> None:
    """Issues of tags and of what is no tag are sorted by where they are, and a table without rows is one."""
    parsed = parse_answer(f"<|/det|>lost\n{tag('text', '[1]')}\nwords<|/ref|>\n{tag('table')}\n")

    assert ["stray_tag", "box_unreadable", "stray_tag", "stray_tag", "table_without_body"] == [
        issue.code for issue in parsed.issues
    ]


def test_takes_a_table_out_of_the_text_around_it() -> None:
    """Words behind a table's tag that stand before its rows are a text, and the rows are the table."""
    regions = parse_answer(f"{tag('table', '[[1, 2, 3, 4]]')}\nNote.\n<table><tr><td>a</td></tr></table>\n").regions

    assert [(RegionType.TEXT, "Note."), (RegionType.TABLE, "<table><tr><td>a</td></tr></table>")] == [
        (region.type, region.text) for region in regions
    ]
    assert regions[0].boxes == regions[1].boxes


def test_a_table_that_has_its_rows_takes_no_others() -> None:
    """A table behind the caption of a table that has rows already is another table."""
    first, second = ("<table><tr><td>a</td></tr></table>", "<table><tr><td>b</td></tr></table>")

    regions = parse_answer(f"{tag('table')}\n{first}\n{tag('table_caption')}\nTable 1\n{second}\n").regions

    assert [first, "Table 1", second] == [region.text for region in regions]


def test_links_no_caption_over_a_page_border() -> None:
    """A caption at the top of a page does not belong to the figure at the end of the one before."""
    regions = parse_answer(f"{tag('image')}\n<PAGE>\n{tag('image_caption')}\nwords\n").regions

    assert (None, 1) == (regions[1].caption_of, regions[1].page_index)


@pytest.mark.parametrize(
    ("label", "body", "kind", "level", "text"),
    [
        ("sub_title", "## 2 Method", RegionType.HEADING, 2, "2 Method"),
        ("sub_title", "### 2.1 Setup", RegionType.HEADING, 3, "2.1 Setup"),
        ("sub_title", "Unmarked", RegionType.HEADING, 2, "Unmarked"),
        ("title", "Unmarked", RegionType.TITLE, 1, "Unmarked"),
        ("text", "## Marked as text", RegionType.HEADING, 2, "Marked as text"),
        ("text", "#hashtag", RegionType.TEXT, 0, "#hashtag"),
        ("Sub-Title", "Unmarked", RegionType.HEADING, 2, "Unmarked"),
        ("unheard_of", "words", RegionType.TEXT, 0, "words"),
        ("text", "<center>Fig. 1</center>", RegionType.TEXT, 0, "Fig. 1"),
        ("equation", r"\[a \coloneqq b\]", RegionType.FORMULA, 0, r"\[a := b\]"),
        ("text", "high- resolution", RegionType.TEXT, 0, "high- resolution"),
    ],
)
def test_derives_text_by_the_documented_rules(label: str, body: str, kind: RegionType, level: int, text: str) -> None:
    """Marks, centring and LaTeX names are resolved as the docstring says, and nothing else is touched."""
    region = parse_answer(f"{tag(label)}\n{body}  \n\n").regions[0]

    assert (kind, level, text, label) == (region.type, region.level, region.text, region.label)


@pytest.mark.parametrize(
    ("text", "expected", "dialect"),
    [
        ("table [1, 2, 3, 4] shows it", [""], Dialect.PLAIN),
        ("table [1, 2, 3, 4], too", [""], Dialect.PLAIN),
        ("See text[[1, 2, 3, 4]]", [""], Dialect.PLAIN),
        ("words[[1, 2, 3, 4]]", [""], Dialect.PLAIN),
        (f"{tag('text')}\ntitle[[1, 2, 3, 4]]\nA", ["text"], Dialect.GROUNDED),
        (f"title[[1, 2, 3, 4]]\nA\n{tag('text')}\ntext[[1, 2, 3, 4]]", ["title", "text"], Dialect.STRIPPED),
        ("text[[1, 2, 3, 4], [5, 6, 7, 8]]\nA", ["text"], Dialect.STRIPPED),
        ("<PAGE>title [1, 2, 3, 4]A\n<PAGE>text [1, 2, 3, 4]B", ["title", "text"], Dialect.DET_LABEL_STRIPPED),
        ("<|/ref|>\n<|ref|>text<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>\nA", ["text"], Dialect.GROUNDED),
        ("<|det|>page number [1, 2, 3, 4]<|/det|>7", ["page number"], Dialect.DET_LABEL),
    ],
)
def test_takes_only_tags_for_tags(text: str, expected: list[str], dialect: Dialect) -> None:
    """A stripped tag has a known label, begins a line, and is no citation; a marker ends the search for them."""
    parsed = parse_answer(text)

    assert expected == [region.label for region in parsed.regions]
    assert dialect is parsed.dialect
    assert_partition(text, parsed)


@pytest.mark.parametrize(
    ("bodies", "expected"),
    [
        # (label, body) of each tag -> (type, text) of each region
        ([("table", ""), ("table", ""), ("table_caption", "T\n\n<table>1</table>\n<table>2</table>")], ["1", "2", "T"]),
        ([("table", ""), ("table_caption", "T\n\n<table>1</table>\n<table>2</table>")], ["1", "T", "2"]),
        ([("table", "<table>1</table>"), ("table_caption", "T\n\n<table>2</table>")], ["1", "T", "2"]),
        ([("table", ""), ("text", "Words."), ("table_caption", "T\n\n<table>1</table>")], ["", "Words.", "T", "1"]),
    ],
)
def test_gives_each_row_to_one_table(bodies: list[tuple[str, str]], expected: list[str]) -> None:
    """Rows behind a caption go to the tables without rows right above it, in order; what is left stays a table."""
    text = "\n".join(f"{tag(label)}\n{body}\n" for label, body in bodies)

    parsed = parse_answer(text)

    assert expected == [region.text.replace("<table>", "").replace("</table>", "") for region in parsed.regions]
    assert_partition(text, parsed)
