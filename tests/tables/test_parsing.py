from __future__ import annotations

import time

import pytest

from dsocr_loaders.tables import Cell, Table, parse_table, parse_tables
from dsocr_loaders.tables.parsing import MAX_GRID_CELLS


def texts(table):
    return [[cell.text for cell in row] for row in table.rows]


def test_table_of_td_only():
    """This test ensures that HTML as the model writes it becomes cells with their spans, the first row a header."""
    text = (
        '<table><tr><td rowspan="2">Compound tested</td><td colspan="3">% Yield ± SD</td></tr>'
        "<tr><td>Warm</td><td>Cold</td><td>Dry</td></tr>"
        "<tr><td>ABC</td><td>51.2 ± 8.4</td><td>49.0 ± 2.1</td><td></td></tr></table>"
    )

    expected = Table(
        (
            (Cell("Compound tested", 2, 1, is_header=True), Cell("% Yield ± SD", 1, 3, is_header=True)),
            tuple(Cell(name, is_header=True) for name in ("Warm", "Cold", "Dry")),
            (Cell("ABC"), Cell("51.2 ± 8.4"), Cell("49.0 ± 2.1"), Cell("")),
        ),
        header_rows=2,
    )
    assert expected == parse_table(text)


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        ("  two \n words ", "two words"),
        ("one<br>two<br/><br />three", "one\ntwo\nthree"),
        ("<p>one</p><p>two</p>", "one\ntwo"),
        ("<b>bold</b> and <i>both <u>under</u></i>", "bold and both under"),
        ('<span style="color:red">red</span>', "red"),
        ("10<sup>-3</sup> H<sub>2</sub>O", "10^-3 H2O"),
        ("don&#x27;t &lt;fcel&gt; &amp;lt; R&D &copy", "don't <fcel> &lt; R&D &copy"),
        ("&nbsp;", ""),
        ("p<0.05 and 5>3", "p<0.05 and 5>3"),
        ("List<String> a<b and c>d", "List<String> a<b and c>d"),
        (r"\( a_{1} < b \) \[x\]", r"\( a_{1} < b \) \[x\]"),
        ("a|b", "a|b"),
        ("&#" + "9" * 5000 + ";", "&#" + "9" * 5000 + ";"),
    ],
)
def test_text_of_a_cell(inside, text):
    """This test ensures that inline markup goes, entities are read, and what only looks like a tag stays text."""
    table = parse_table(f"<table><tr><td>{inside}</td></tr></table>")

    assert [[text]] == texts(table)


@pytest.mark.parametrize(
    "attributes",
    ['rowspan="2" colspan="3"', "rowspan=2 colspan=3", "COLSPAN='3' RowSpan = '2'", r"rowspan=\"2\" colspan=\"3\""],
)
def test_attributes(attributes):
    """This test ensures that spans are read however they are quoted."""
    table = parse_table(f"<table><tr><td {attributes}>a</td><td>b</td></tr><tr><td>c</td></tr></table>")

    assert (2, 3) == (table.rows[0][0].rowspan, table.rows[0][0].colspan)


@pytest.mark.parametrize("number", ["0", "-1", "x", "", '"'])
def test_spans_that_are_none(number):
    """This test ensures that a span that is no positive number counts as 1."""
    table = parse_table(f"<table><tr><td rowspan={number} colspan={number}>a</td></tr><tr><td>b</td></tr></table>")

    assert (1, 1) == (table.rows[0][0].rowspan, table.rows[0][0].colspan)


def test_spans_are_cut_to_the_table():
    """This test ensures that spans end at the last row and where a cell from above stands."""
    text = "<tr><td>a</td><td rowspan=99>b</td></tr><tr><td colspan=5>c</td><td>d</td></tr>"
    table = parse_table(f"<table>{text}</table>")

    assert [[(1, 1), (2, 1)], [(1, 1), (1, 1)]] == [
        [(cell.rowspan, cell.colspan) for cell in row] for row in table.rows
    ]
    assert (("a", "b", ""), ("c", "b", "d")) == table.grid


@pytest.mark.parametrize(
    "text",
    [
        "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr>",
        "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d",
        "<table><tr><td>a<td>b<tr><td>c<td>d</table>",
        "<tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr>",
        "<table><td>a</td><td>b</td></tr><td>c</td><td>d</td></table>",
        "<TABLE>\n <TR>\n  <TD>a</TD>\n  <TD>b</TD>\n </TR>\n <tr><tD>c</Td><td>d</td></tr>\n</TABLE>",
        "<table><tbody><tr></tr><tr><td>a</td><td>b</td></tr></tbody><tr><td>c</td><td>d</td></tr></table>",
        '<table border="1"><colgroup><col></colgroup><td class=x>a</td><td>b</td><tr><td>c</td><td>d</td</tr></table>',
        "<table><tr>a<td>b</td></tr><tr>c<td>d</td></tr></table>",
    ],
)
def test_markup_that_is_not_closed(text):
    """This test ensures that missing, bare and unclosed tags leave the cells that a reader would see."""
    table = parse_table(text)

    assert [["a", "b"], ["c", "d"]] == texts(table)
    assert ("", "") == (table.before, table.after)


def test_tag_that_is_cut():
    """This test ensures that a tag cut by the next one counts, and that no text goes with it."""
    table = parse_table('<table><tr><td colspan="2</td><td rowspan</td><td lost text</td><td>d</td></tr></table>')

    assert [["", "", "lost text", "d"]] == texts(table)
    assert 2 == table.rows[0][0].colspan


def test_stripped_special_tokens():
    """This test ensures that a table whose plain tags a server removed keeps its text."""
    table = parse_table('<table><td rowspan="2"># of layers<td rowspan="2">4ABC0.1230.456</table>')

    assert [["# of layers", "4ABC0.1230.456"]] == texts(table)


def test_text_between_cells():
    """This test ensures that text between cells belongs to the one before, and text between rows follows the table."""
    table = parse_table("<table><tr><td>a</td> stray <td>b</td></tr>Note 1<tr><td>c</td></tr></table>")

    assert [["a stray", "b"], ["c"]] == texts(table)
    assert "Note 1" == table.after


def test_nested_table():
    """This test ensures that a table in a cell becomes lines of the cell."""
    inner = "<table><tr><td>x</td><td>y</td></tr><tr><td>z</td></tr></table>"
    table = parse_table(f"<table><tr><td>a{inner}b</td><td>c</td></tr></table>")

    assert [["a\nx y\nz\nb", "c"]] == texts(table)


def test_text_around():
    """This test ensures that what stands around a table is kept as it is written, also a `<caption>`."""
    table = parse_table("Above &amp; *so*<br><table><caption>Name</caption><tr><td>a</td></tr></table><br>\nBelow")

    assert ("Above &amp; *so*<br>Name", "Below") == (table.before, table.after)


def test_several_tables():
    """This test ensures that all tables of a text are found, and that the first one alone keeps the others' text."""
    one, two = "<table><tr><td>a</td></tr></table>", "<table><tr><td>b</td></tr></table>"
    tables = parse_tables(f"x{one}<br><br>y{two}z")

    assert [("x", [["a"]], ""), ("y", [["b"]], "z")] == [(table.before, texts(table), table.after) for table in tables]
    assert f"y{two}z" == parse_table(f"x{one}<br><br>y{two}z").after


@pytest.mark.parametrize(
    ("text", "before"),
    [("", ""), (" \n", ""), ("<table></table>", ""), ("just text\n", "just text"), ("<table><tr></tr>x", "x")],
)
def test_no_table(text, before):
    """This test ensures that a text without a table is a table without rows, and that its text stays."""
    assert Table((), before=before) == parse_table(text)
    assert ((Table((), before=before),) if before else ()) == parse_tables(text)


def test_rows_covered_from_above():
    """This test ensures that an empty row stays where cells from above cover it, and goes elsewhere."""
    table = parse_table("<table><tr><td rowspan=2>a</td></tr><tr></tr><tr></tr><tr><td>b</td></tr></table>")

    assert [["a"], [], ["b"]] == texts(table)


def test_text_in_a_table_that_others_follow():
    """This test ensures that text behind a table's first row, in no cell, comes before the next table."""
    tables = parse_tables("<table><tr><td>a</td></tr>note</table>then<table><tr><td>b</td></tr></table>")

    assert ["", "note\nthen"] == [table.before for table in tables]


def test_large_grid():
    """This test ensures that spans stay as long as the grid is within its limit."""
    table = parse_table(f"<table><tr><td rowspan=1000 colspan=100>a</td></tr>{'<tr></tr>' * 999}</table>")

    assert (1000, 100) == (table.rows[0][0].rowspan, table.rows[0][0].colspan)


def test_grid_limit():
    """This test ensures that hostile spans are dropped and overlong rows folded, and that no text is lost."""
    spans = parse_table("<table>" + "<tr><td rowspan=1000 colspan=1000>a</td></tr>" * 1000 + "</table>")
    wide = parse_table("<table><tr>" + "<td>b</td>" * 2000 + "</tr>" + "<tr><td>c</td></tr>" * 999 + "</table>")

    assert {(1, 1)} == {(cell.rowspan, cell.colspan) for row in spans.rows for cell in row}
    assert MAX_GRID_CELLS == sum(map(len, wide.grid))
    assert 2000 == sum(cell.text.count("b") for cell in wide.rows[0])


HOSTILE = (
    "<",
    "<td",
    "<td ",
    "<td>",
    "<a ",
    "<td a='",
    "<td rowspan=99999 colspan=99999>",
    "<tr><td rowspan=1000>x",
    "<tr><th>",
    "<table><td>",
    "&#9",
    "<!--",
    "<br>",
    "|-",
    "\n|a|b",
    "a|b\n-|-\n",
)


LONGEST_S = 3.0  # a twelfth of a second is usual; html.parser takes about 8 s for `<a `


@pytest.mark.parametrize("piece", HOSTILE)
def test_linear_time(piece):
    """This test ensures that 40 kB of hostile text are no work to speak of, in a table and outside."""
    for prefix in ("", "<table><tr><td>a</td></tr><tr><td rowspan=1000>"):
        started_s = time.process_time()
        parse_tables(prefix + piece * (40_000 // len(piece)))

        assert time.process_time() - started_s < LONGEST_S
