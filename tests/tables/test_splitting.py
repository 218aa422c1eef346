from __future__ import annotations

from dsocr_loaders.tables import MAX_REPEATED_CHARACTERS, Cell, Table, parse_table, split_rows


def numbered(rows, header_rows=1):
    header = tuple((Cell(f"h{number}", is_header=True),) for number in range(header_rows))
    return Table(header + tuple((Cell(str(number)),) for number in range(1, rows + 1)), header_rows)


def texts(table):
    return [[cell.text for cell in row] for row in table.rows]


def at_most(rows):
    return lambda table: len(table.rows) <= rows


def test_a_table_that_fits():
    """This test ensures that a table that fits is one part, the very table."""
    table = numbered(3)

    (part,) = split_rows(table, at_most(4))
    assert (table, 1, 3) == (part.table, part.first_row, part.last_row)


def test_greedy_parts_repeat_the_header():
    """This test ensures that parts take as many rows as fit, each with all header rows."""
    parts = split_rows(numbered(8, header_rows=2), at_most(5))

    assert [(1, 3), (4, 6), (7, 8)] == [(part.first_row, part.last_row) for part in parts]
    assert [["h0"], ["h1"], ["4"], ["5"], ["6"]] == texts(parts[1].table)
    assert {2} == {part.table.header_rows for part in parts}


def test_every_size_of_part():
    """This test ensures that the search for the largest part finds it, whatever its size."""
    for size in range(1, 40):
        parts = split_rows(numbered(39), at_most(size + 1))

        expected = [min(size, 39 - first) for first in range(0, 39, size)]
        assert expected == [part.last_row - part.first_row + 1 for part in parts]


def test_rows_that_do_not_fit_alone():
    """This test ensures that a row too large is a part of its own, and that its neighbours are not affected."""
    table = Table(((Cell("h"),), (Cell("a"),), (Cell("b" * 50),), (Cell("c"),), (Cell("d"),)), header_rows=1)
    parts = split_rows(table, lambda part: sum(len(cell.text) for row in part.rows for cell in row) <= 10)

    assert [(1, 1), (2, 2), (3, 4)] == [(part.first_row, part.last_row) for part in parts]


def test_header_that_does_not_fit():
    """This test ensures that a header too large alone stands in the first part and is not repeated."""
    table = Table(((Cell("h" * 50),), (Cell("a"),), (Cell("b"),), (Cell("c"),)), header_rows=1)
    parts = split_rows(table, lambda part: sum(len(cell.text) for row in part.rows for cell in row) <= 10)

    assert [["h" * 50], ["a"]] == texts(parts[0].table)
    assert [["b"], ["c"]] == texts(parts[1].table)
    assert [1, 0] == [part.table.header_rows for part in parts]


def test_cut_through_a_cell():
    """This test ensures that a cell over several rows is in each part, in its column, with the rows it covers there."""
    table = parse_table(
        "<table><tr><td>h</td><td>i</td><td>j</td></tr>"
        "<tr><td>a</td><td>b</td><td rowspan=3>long</td></tr><tr><td>c</td></tr><tr><td>d</td><td>e</td></tr></table>"
    )
    parts = split_rows(table, at_most(2))

    assert [("a", "b", "long"), ("c", "", "long"), ("d", "e", "long")] == [part.table.grid[1] for part in parts]
    assert {1} == {cell.rowspan for part in parts for row in part.table.rows for cell in row}

    two = split_rows(table, at_most(3))
    assert (("h", "i", "j"), ("a", "b", "long"), ("c", "", "long")) == two[0].table.grid
    assert 2 == two[0].table.rows[1][2].rowspan


def test_long_text_is_not_repeated_at_a_cut():
    """This test ensures that a text beyond the limit stands in the first part alone."""
    text = "x" * (MAX_REPEATED_CHARACTERS + 1)
    table = Table(((Cell("h"), Cell("i")), (Cell(text, rowspan=2), Cell("a")), (Cell("b"),)), header_rows=1)
    parts = split_rows(table, at_most(2))

    assert [(text, "a"), ("", "b")] == [part.table.grid[1] for part in parts]


def test_header_cell_that_reaches_into_the_body():
    """This test ensures that a cell over header and body is in both, in every part."""
    table = Table(((Cell("g", rowspan=3), Cell("h")), (Cell("a"),), (Cell("b"),)), header_rows=1)
    parts = split_rows(table, at_most(2))

    assert [(("g", "h"), ("g", "a")), (("g", "h"), ("g", "b"))] == [part.table.grid for part in parts]


def test_text_around():
    """This test ensures that text before goes with the first part and text behind with the last."""
    table = Table(numbered(2).rows, 1, before="Above", after="Below")
    parts = split_rows(table, at_most(2))

    assert [("Above", ""), ("", "Below")] == [(part.table.before, part.table.after) for part in parts]


def test_nothing_to_split():
    """This test ensures that a table without body rows is one part, whether it fits or not."""
    for table in (Table(()), numbered(0), numbered(0, header_rows=3)):
        (part,) = split_rows(table, lambda _: False)

        assert (table, 0, 0) == (part.table, part.first_row, part.last_row)


def test_few_questions():
    """This test ensures that a table of 10,000 rows is split with a logarithmic number of questions for each part."""
    asked = []
    parts = split_rows(numbered(10_000), lambda table: asked.append(1) or len(table.rows) <= 2001)

    assert 5 == len(parts)
    assert len(asked) < 5 * 30
