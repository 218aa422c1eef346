from __future__ import annotations

import pytest

from dsocr_loaders.tables import parse_table, parse_tables


def shape(table):
    return table.header_rows, [[cell.text for cell in row] for row in table.rows]


@pytest.mark.parametrize(
    "text",
    [
        "| a | b |\n| --- | --- |\n| 1 | 2 |",
        "a | b\n:--|--:\n1 | 2",
        "|a|b|\n|-|-|\n|1|2|\n",
        "  | a | b |\r\n  |:---:|---|\r\n  | 1 | 2 |",
        "| a | b |\n| 1 | 2 |",
        "|---|---|\n| a | b |\n| 1 | 2 |",
    ],
)
def test_pipe_table(text):
    """This test ensures that pipe tables are read with and without outer pipes, rule and blanks."""
    assert (1, [["a", "b"], ["1", "2"]]) == shape(parse_table(text))


def test_header_of_several_rows():
    """This test ensures that all rows above a rule are the header."""
    table = parse_table("| A | A |\n| b | c |\n|---|---|\n| 1 | 2 |")

    assert (2, [["A", "A"], ["b", "c"], ["1", "2"]]) == shape(table)


def test_dashes_are_values():
    """This test ensures that a row of dashes in the body is a row, and so is a header of dashes."""
    table = parse_table("| --- |\n| --- |\n| a |\n| - |\n| --- |")

    assert (1, [["---"], ["a"], ["-"], ["---"]]) == shape(table)


def test_dashes_without_a_rule():
    """This test ensures that a row of single dashes far down is a row without values."""
    assert (1, [["a"], ["1"], ["-"], ["2"]]) == shape(parse_table("| a |\n| 1 |\n| - |\n| 2 |"))


def test_escaped_pipe_at_the_end():
    """This test ensures that a pipe of the last cell is not taken for the row's end."""
    assert (1, [["a", "b|"], ["1", "2"]]) == shape(parse_table("a | b\\|\n--|--\n1 | 2"))


def test_escaped_pipes_and_markup():
    r"""This test ensures that `\|` is a pipe in a cell, and that `<br>`, tags and entities are read as in HTML."""
    table = parse_table("| a \\| b | \\\\| |\n|---|---|\n| one<br>two &lt;x> | <b>c</b> |")

    assert (1, [["a | b", r"\|"], ["one\ntwo <x>", "c"]]) == shape(table)


def test_text_around():
    """This test ensures that the lines around pipe tables are kept, and that prose with a pipe is no table."""
    text = "Choose x | y.\n\n| a |\n|---|\n| 1 |\n\nbetween\n| b |\n| 2 |\nbelow"
    tables = parse_tables(text)

    assert [("Choose x | y.", ""), ("between", "below")] == [(table.before, table.after) for table in tables]
    assert [(1, [["a"], ["1"]]), (1, [["b"], ["2"]])] == [shape(table) for table in tables]
    assert ("Choose x | y.", "between\n| b |\n| 2 |\nbelow") == (parse_table(text).before, parse_table(text).after)
