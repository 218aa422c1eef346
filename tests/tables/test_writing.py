from __future__ import annotations

import pytest

from dsocr_loaders.tables import Cell, Table, inert_markup, parse_table, table_html, table_markdown

TABLE = Table(
    (
        (Cell("Site", 2, 1, is_header=True), Cell("Loss | gain", 1, 2, is_header=True)),
        (Cell("2021", is_header=True), Cell("2022", is_header=True)),
        (Cell("A & <b>\n&lt;"), Cell("p<0.05"), Cell("")),
    ),
    header_rows=2,
)


def test_markdown():
    """This test ensures that header rows are joined, pipes, tags and entities escaped, and lines kept."""
    expected = (
        "| Site | Loss \\| gain / 2021 | Loss \\| gain / 2022 |\n"
        "| --- | --- | --- |\n"
        "| A & &lt;b><br>&amp;lt; | p<0.05 |  |"
    )
    assert expected == table_markdown(TABLE)


def test_html():
    """This test ensures that HTML keeps spans, marks header cells and escapes texts."""
    expected = (
        "<table>\n"
        '<tr><th rowspan="2">Site</th><th colspan="2">Loss | gain</th></tr>\n'
        "<tr><th>2021</th><th>2022</th></tr>\n"
        "<tr><td>A &amp; &lt;b&gt;<br>&amp;lt;</td><td>p&lt;0.05</td><td></td></tr>\n"
        "</table>"
    )
    assert expected == table_html(TABLE)
    assert TABLE == parse_table(expected)


def test_table_without_header():
    """This test ensures that a table without a header gets an empty one in Markdown."""
    assert "|  |  |\n| --- | --- |\n| a | b |" == table_markdown(Table(((Cell("a"), Cell("b")),)))


@pytest.mark.parametrize("shown", [table_markdown, table_html])
def test_text_around(shown):
    """This test ensures that text around the table comes along, and stands alone where there are no rows."""
    written = shown(Table(((Cell("a"),),), before="Above", after="Below <script>"))

    assert written.startswith("Above\n\n")
    assert written.endswith("\n\nBelow &lt;script>")
    assert "Above" == shown(Table((), before="Above"))
    assert "" == shown(Table(()))


@pytest.mark.parametrize(
    "tag",
    [
        "<script>",
        "</script>",
        "<script",
        "<SCRIPT src=x>",
        "<img/src=x onerror=alert(1)>",
        '<img title="<" src=x>',
        "<td onclick=x>",
        '<td rowspan="2" onclick=x>',
        "<b onclick=x>",
        "<a href=x>",
        "<!--",
        "<!DOCTYPE html>",
        "<?xml",
        "<fcel>",
        "<svg\nonload=x>",
    ],
)
def test_active_markup(tag):
    """This test ensures that a tag that could load or run something, or that would vanish, is shown instead."""
    assert f"&lt;{tag[1:]}" == inert_markup(tag)
    assert f"a &lt;{tag[1:]} b" == inert_markup(f"a {tag} b")


@pytest.mark.parametrize(
    "text",
    [
        "a < b, p<0.05, x <= y, <- and <3",
        "10<sup>3</sup> H<sub>2</sub>O<br/>",
        '<table><tr><td rowspan="2" colspan=3>a</td></tr></table>',
        r"\( 0<x<1 \) &amp; &lt;",
        "<https://example.org>",
    ],
)
def test_harmless_markup(text):
    """This test ensures that comparisons, plain formatting and tables stay as they are."""
    assert text == inert_markup(text)


def test_inert_markup_takes_linear_time():
    """This test ensures that hostile texts of 300 kB are searched at once."""
    for piece in ("<b ", "<a", "<td rowspan=", "<b rowspan=1", "<"):
        text = piece * (300_000 // len(piece))

        assert len(text) <= len(inert_markup(text))
    assert "<b" + " " * 300_000 + "x" != inert_markup("<b" + " " * 300_000 + "x")
