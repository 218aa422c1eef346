from __future__ import annotations

import re
import time

from dsocr_loaders.tables import (
    MAX_REPEATED_CHARACTERS,
    Cell,
    Measure,
    Table,
    parse_table,
    split_table,
    table_markdown,
)


def words(text, count, room):
    ranges = []
    for found in re.finditer(r"\S+", text):
        if ranges and count(text[ranges[-1][0] : found.end()]) <= room:
            ranges[-1] = (ranges[-1][0], found.end())
        else:
            ranges.append(found.span())
    return ranges


def parts_of(table, room, table_format="markdown"):
    return split_table(table, Measure(len, room, table_format, words))


def numbered(rows, header_rows=1):
    header = tuple((Cell(f"h{number}", is_header=True),) for number in range(header_rows))
    return Table(header + tuple((Cell(f"{number:02}"),) for number in range(1, rows + 1)), header_rows)


def texts(table):
    return [[cell.text for cell in row] for row in table.rows]


def test_a_table_that_fits():
    """This test ensures that a table that fits is one part, the very table."""
    table = numbered(3)

    (part,) = parts_of(table, 1000)
    assert (table, 1, 3, (), None) == (part.table, part.first_row, part.last_row, part.columns, part.cut)


def test_parts_repeat_the_header_and_are_even():
    """This test ensures that parts have all header rows, and that the last one is no crumb."""
    table = numbered(8, header_rows=2)
    parts = parts_of(table, len(table_markdown(table)) - 2)

    assert [(1, 4), (5, 8)] == [(part.first_row, part.last_row) for part in parts]
    assert [["h0"], ["h1"], ["05"], ["06"], ["07"], ["08"]] == texts(parts[1].table)
    assert {2} == {part.table.header_rows for part in parts}


def test_parts_end_where_no_cell_is_cut():
    """This test ensures that a group of rows that one cell names stays in one part if another cut is as good."""
    table = parse_table(
        "<table><tr><td>g</td><td>v</td></tr>"
        "<tr><td>a</td><td>1</td></tr><tr><td>b</td><td>2</td></tr>"
        "<tr><td rowspan=2>c</td><td>3</td></tr><tr><td>4</td></tr><tr><td>d</td><td>5</td></tr></table>"
    )
    parts = parts_of(table, len(table_markdown(table)) - 12)

    assert [(1, 2), (3, 5)] == [(part.first_row, part.last_row) for part in parts]


def test_one_cell_that_is_too_large():
    """This test ensures that a cell that fits nowhere is cut between words, and its neighbours are not."""
    rows = ((Cell("k"), Cell("text")), (Cell("a"), Cell("x")), (Cell("b"), Cell("word " * 30)), (Cell("c"), Cell("y")))
    table = Table(tuple(tuple(Cell(cell.text.strip()) for cell in row) for row in rows), 1)
    parts = parts_of(table, 70)

    assert [(1, 1), (2, 2), (3, 3)] == sorted({(part.first_row, part.last_row) for part in parts})
    cut = [part for part in parts if part.cut]
    assert all(len(table_markdown(part.table)) <= 70 and part.table.grid[1][0] == "b" for part in cut)
    assert table.grid[2][1] == " ".join(part.table.grid[1][1] for part in cut)


def test_wide_tables_are_split_by_columns():
    """This test ensures that parts of a wide table have the key column, their own columns and all rows."""
    table = Table(tuple(tuple(Cell(f"r{row}c{column:02}") for column in range(20)) for row in range(4)), 1)
    parts = parts_of(table, 150)

    assert 1 < len({part.columns for part in parts})
    assert all(len(table_markdown(part.table)) <= 150 for part in parts)
    assert all(part.columns[0] == 0 and part.table.grid[0][0] == "r0c00" for part in parts)
    own = [column for part in parts if part.first_row == 1 for column in part.columns[1:]]
    assert list(range(1, 20)) == own
    sizes = [len(part.columns) for part in parts]
    assert max(sizes) - min(sizes) <= 2


def test_a_wide_row_alone_is_split_by_columns():
    """This test ensures that one row with long cells does not split the others."""
    plain = tuple(tuple(Cell("x") for _ in range(4)) for _ in range(6))
    long = tuple(Cell(f"{number} " * 20 + "end") for number in range(4))
    table = Table((tuple(Cell(f"h{number}") for number in range(4)), *plain, long), 1)
    parts = parts_of(table, 120)

    assert {()} == {part.columns for part in parts if part.last_row < 7}
    assert {0, 1, 2, 3} == {column for part in parts if part.first_row == 7 for column in part.columns}


def test_header_that_does_not_fit():
    """This test ensures that a header too large alone stands in the first part and is not repeated."""
    table = Table(((Cell("h" * 50),), (Cell("a"),), (Cell("b"),), (Cell("c"),)), header_rows=1)
    parts = parts_of(table, 24)

    assert 1 == sum("h" * 50 in table_markdown(part.table) for part in parts)
    assert [(1, 3)] == [(parts[0].first_row, parts[-1].last_row)]


def test_cut_through_a_cell():
    """This test ensures that a cell over several rows is in each part, in its column, with the rows it covers there."""
    table = parse_table(
        "<table><tr><td>h</td><td>i</td><td>j</td></tr>"
        "<tr><td>a</td><td>b</td><td rowspan=3>long</td></tr><tr><td>c</td></tr><tr><td>d</td><td>e</td></tr></table>"
    )
    header = len("| h | i | j |\n| --- | --- | --- |")
    parts = parts_of(table, header + len("\n| a | b | long |"))

    assert [("a", "b", "long"), ("c", "", "long"), ("d", "e", "long")] == [part.table.grid[1] for part in parts]
    assert {1} == {cell.rowspan for part in parts for row in part.table.rows for cell in row}


def test_long_text_is_not_repeated_at_a_cut():
    """This test ensures that a text beyond the limit stands in the first part alone."""
    text = "x" * (MAX_REPEATED_CHARACTERS + 1)
    table = Table(((Cell("h"), Cell("i")), (Cell(text, rowspan=2), Cell("a")), (Cell("b"),)), header_rows=1)
    parts = parts_of(table, MAX_REPEATED_CHARACTERS + 40)

    assert [(text, "a"), ("", "b")] == [part.table.grid[1] for part in parts]


def test_nothing_to_split():
    """This test ensures that a table without body rows is one part, whether it fits or not."""
    for table in (Table(()), numbered(0), numbered(0, header_rows=3)):
        (part,) = parts_of(table, 0)

        assert (table, 0, 0) == (part.table, part.first_row, part.last_row)


def test_long_tables_take_linear_time():
    """This test ensures that a table of 4,000 rows is split at once."""
    started = time.process_time()
    parts = parts_of(numbered(4_000), 500)

    assert 4_000 == parts[-1].last_row
    assert time.process_time() - started < 1.5
