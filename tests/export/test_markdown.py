from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsocr_loaders.export import document_markdown, page_markdown
from dsocr_loaders.geometry import Box
from dsocr_loaders.grounding import parse_answer
from dsocr_loaders.structure import Structurer, build_document
from dsocr_loaders.values import (
    Document,
    Link,
    PageError,
    PageResult,
    PageStatus,
    Region,
    RegionType,
    Source,
    SourceInfo,
    TextSource,
)

SOURCE = Source("a.pdf", "/a.pdf", "ab" * 32, "application/pdf", 9, "/a.pdf")
HTML = "<table><tr><td>a</td><td>b</td></tr><tr><td>1</td><td>2</td></tr></table>"


def page_of(*regions, status=PageStatus.OK, error=None):
    ordered = tuple(replace(region, order=order) for order, region in enumerate(regions))
    return PageResult(
        SOURCE, 1, status, ordered, None, 1, (), error, 595.0, 842.0, "pt", "1", TextSource.OCR, total_pages=3
    )


def region(kind, text="", *, level=0, caption_of=None, top=None):
    boxes = () if top is None else (Box(0, top, 1, top + 0.1),)
    return Region(RegionType(kind), kind, boxes, text, level=level, caption_of=caption_of)


def test_regions_in_order():
    """This test ensures that each type of region has its form, and that page furniture is left out."""
    page = page_of(
        region("header", "Journal of Tests"),
        region("title", "A title\nover two lines"),
        region("heading", "Sub", level=3),
        region("heading", "Section"),
        region("heading", "Deep", level=9),
        region("text", "Some *text* with \\(x\\) and 10<sup>3</sup>.\nSecond line."),
        region("list", "- one\n- two"),
        region("table", HTML),
        region("formula", "\\[ x = 1 \\]"),
        region("footnote", "1 A note"),
        region("other", "else"),
        region("figure"),
        region("page_number", "7"),
        region("footer", "Foot"),
    )

    expected = (
        "# A title over two lines\n\n### Sub\n\n## Section\n\n###### Deep\n\n"
        "Some *text* with $x$ and 10<sup>3</sup>.\nSecond line.\n\n- one\n- two\n\n"
        "| a | b |\n| --- | --- |\n| 1 | 2 |\n\n$$ x = 1 $$\n\n1 A note\n\nelse"
    )
    assert expected == page_markdown(page)


def test_tables_as_html():
    """This test ensures that tables are HTML on request, cleaned."""
    page = page_of(region("table", HTML.replace("<td>1</td>", "<td onclick=x>1<script>")))

    expected = "<table>\n<tr><th>a</th><th>b</th></tr>\n<tr><td>1&lt;script&gt;</td><td>2</td></tr>\n</table>"
    assert expected == page_markdown(page, table_format="html")


def test_all_of_a_table_region():
    """This test ensures that several tables in a region, and the text around them, are all shown."""
    shown = page_markdown(page_of(region("table", f"above{HTML}<br>{HTML}below")))

    table = "| a | b |\n| --- | --- |\n| 1 | 2 |"
    assert f"above\n\n{table}\n\n{table}\n\nbelow" == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("x = 1", "$$ x = 1 $$"),
        ("\\[ x = 1 \\]", "$$ x = 1 $$"),
        ("\\[\nx = 1\n\n\\quad (2)\n\\]", "$$\nx = 1\n\\quad (2)\n$$"),
        ("\\[a\\]\n\\[b\\]", "$$ a $$\n\n$$ b $$"),
        ("\\[a\\] (12)", "$$ a $$\n\n(12)"),
        ("\\[ x = 1", "$$ x = 1 $$"),
        ("x = 1 \\]", "$$ x = 1 $$"),
        ("\\begin{matrix} a \\\\[2pt] b \\end{matrix}", "$$ \\begin{matrix} a \\\\[2pt] b \\end{matrix} $$"),
        ("\\(x = 1\\)", "$x = 1$"),
        ("$$x$$", "$$x$$"),
        ("\\[\\]", ""),
        (" \n", ""),
    ],
)
def test_formulas(text, shown):
    """This test ensures that display formulas stand in `$$`, inline ones in `$`, and broken ones are kept."""
    assert shown == page_markdown(page_of(region("formula", text)))


def test_captions():
    """This test ensures that captions are in italics right above or below their table or figure, as on the page."""
    page = page_of(
        region("figure", top=0.1),
        region("caption", "Figure 1.\nBelow", caption_of=0, top=0.2),
        region("table", HTML, top=0.5),
        region("caption", "Table 1", caption_of=2, top=0.4),
        region("footnote", "* p<0.05", caption_of=2, top=0.6),
        region("caption", "Free"),
    )

    table = "| a | b |\n| --- | --- |\n| 1 | 2 |"
    assert f"*Figure 1. Below*\n\n*Table 1*\n\n{table}\n\n* p<0.05\n\n*Free*" == page_markdown(page)


def test_hostile_text():
    """This test ensures that a page cannot put active HTML into the file, whatever type its region has."""
    for kind in RegionType:
        shown = page_markdown(page_of(region(kind.value, "a <script>x</script> <img src=x onerror=y> <!-- z")))

        assert not any(tag in shown for tag in ("<script", "</script", "<img", "<!--"))


def test_pages():
    """This test ensures that pages are joined by a blank line, and that empty and failed ones leave no trace."""
    error = PageError("EngineRejected", "bad_request", "never content")
    pages = (
        page_of(region("text", "one")),
        page_of(status=PageStatus.BLANK),
        page_of(status=PageStatus.FAILED, error=error),
        page_of(region("text", "two\n\n")),
    )

    assert ["one", "", "", "two"] == [page_markdown(page) for page in pages]
    assert "one\n\ntwo" == document_markdown(Document(SOURCE, pages, (), "pymupdf", 4))
    assert "" == document_markdown(Document(SOURCE, (), (), "pymupdf", 0))


def test_table_format_of_a_document():
    """This test ensures that a document hands the table format on."""
    document = Document(SOURCE, (page_of(region("table", HTML)),), (), "pymupdf", 1)

    assert document_markdown(document, table_format="html").startswith("<table>")


def test_answer_of_the_model():
    """This test ensures that an answer in the model's own form becomes the Markdown that a reader expects."""
    answer = (
        "<|ref|>title<|/ref|><|det|>[[10, 10, 900, 50]]<|/det|>\n# Title\n\n"
        "<|ref|>table<|/ref|><|det|>[[10, 200, 900, 400]]<|/det|>\n"
        "<|ref|>table_caption<|/ref|><|det|>[[10, 160, 900, 190]]<|/det|>\n"
        f"<center>Table 1</center>\n\n{HTML}"
    )
    page = page_of(*parse_answer(answer).regions)

    assert "# Title\n\n*Table 1*\n\n| a | b |\n| --- | --- |\n| 1 | 2 |" == page_markdown(page)


def document_of(*contents):
    pages = [replace(page_of(*regions), page_number=number) for number, regions in enumerate(contents, start=1)]
    structurer = Structurer(SourceInfo(len(pages), ("",) * len(pages), (), "pymupdf"), "whole")
    for page in pages:
        structurer.add(page)
    return build_document(SOURCE, SourceInfo(len(pages), (), (), "pymupdf"), structurer.finish())


def test_texts_over_pages():
    """This test ensures that what goes on over a page break is one paragraph again, unless that is switched off."""
    document = document_of(
        [region("text", "This is divid-", top=0.6), region("footnote", "1 A note", top=0.8)],
        [region("text", "ed and ends.", top=0.1), region("list", "- one", top=0.8)],
        [region("list", "- two", top=0.1)],
    )

    assert "This is divided and ends.\n\n1 A note\n\n- one\n- two" == document_markdown(document)
    assert "This is divid-\n\n1 A note\n\ned and ends.\n\n- one\n\n- two" == document_markdown(
        document, join_pages=False
    )


def test_tables_over_pages():
    """This test ensures that a table is one again, with its header and its caption once, in both formats."""
    more = HTML.replace("1", "3").replace("2", "4")
    document = document_of(
        [region("caption", "Table 1", caption_of=1, top=0.3), region("table", HTML, top=0.5)],
        [region("caption", "Table 1 (continued)", caption_of=1, top=0.1), region("table", more, top=0.3)],
    )
    table = "| a | b |\n| --- | --- |\n| 1 | 2 |"

    assert f"*Table 1*\n\n{table}\n| 3 | 4 |" == document_markdown(document)
    assert 1 == document_markdown(document, table_format="html").count("<th>a</th>")
    assert "*Table 1 (continued)*\n\n| a | b |" in document_markdown(document, join_pages=False)


def test_headings_that_came_apart():
    """This test ensures that a number and its words are one line, on its page alone and in the document."""
    document = document_of([region("heading", "3.1"), region("heading", "Aim"), region("text", "x")])

    assert "### 3.1 Aim\n\nx" == document_markdown(document)
    assert "### 3.1 Aim\n\nx" == page_markdown(document.pages[0])


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/out/a.png", "/out/a.png"),
        ("C:\\my crops\\a.png", "<C:/my crops/a.png>"),
        ("/a(1)<b>.png", "</a(1)%3Cb%3E.png>"),
    ],
)
def test_saved_crops(path, shown):
    """This test ensures that a saved crop is an image, with its caption in words, with and without one."""
    figure = replace(region("figure", top=0.1), image_path=path)
    caption = region("caption", "Fig. 1 [a] <script>", caption_of=0, top=0.2)

    with_caption = f"![Fig. 1 \\[a\\] &lt;script>]({shown})\n\n*Fig. 1 [a] &lt;script>*"
    assert with_caption == page_markdown(page_of(figure, caption))
    assert f"![]({shown})" == page_markdown(page_of(figure))


kinds = st.sampled_from([kind for kind in RegionType if kind not in {"header", "footer", "page_number"}])


@given(st.lists(st.tuples(kinds, st.text(alphabet="ab \n", max_size=6)), max_size=5))
def test_no_letter_is_lost(drawn):
    """This test ensures that the letters of all regions are in the Markdown, in order."""
    page = page_of(*(region(kind.value, text) for kind, text in drawn))

    expected = "".join(letter for _, text in drawn for letter in text if letter in "ab")
    assert expected == "".join(letter for letter in page_markdown(page) if letter in "ab")


def test_links_are_markdown():
    """This test ensures that ranges with an address become links, in tables too, and cannot break out of them."""
    text = replace(region("text", "see [the list] here"), links=(Link(4, 14, "https://a.org/b (c)"),))
    table = replace(
        region("table", HTML), links=(Link(HTML.index("1</td>"), HTML.index("1</td>") + 1, "https://a.org/|"),)
    )

    assert "see [&#91;the list&#93;](https://a.org/b%20%28c%29) here" == page_markdown(page_of(text))
    assert "[1](https://a.org/%7C)" in page_markdown(page_of(table))
    assert "https" not in page_markdown(page_of(table), table_format="html")
