from __future__ import annotations

import pytest

from dsocr_loaders.tables import MAX_REPEATED_CHARACTERS, Cell, Table


def test_grid_fills_spans():
    """This test ensures that the grid repeats texts down, in the header also across, and in the body not across."""
    table = Table(
        (
            (Cell("a", rowspan=2), Cell("b", colspan=2)),
            (Cell("c"), Cell("d")),
            (Cell("e", rowspan=2, colspan=2), Cell("f")),
            (),
        ),
        header_rows=2,
    )

    expected = (("a", "b", "b"), ("a", "c", "d"), ("e", "", "f"), ("e", "", ""))
    assert expected == table.grid


def test_long_text_is_not_repeated():
    """This test ensures that a text beyond the limit stands in the grid once."""
    longest = "x" * MAX_REPEATED_CHARACTERS
    table = Table(((Cell(longest, rowspan=2), Cell(longest + "x", rowspan=2)), ()))

    assert ((longest, longest + "x"), (longest, "")) == table.grid


def test_rows_of_different_lengths():
    """This test ensures that the grid is a rectangle, and that a table without rows has none."""
    assert (("a", ""), ("b", "c")) == Table(((Cell("a"),), (Cell("b"), Cell("c")))).grid
    assert () == Table(()).grid


def test_values_that_are_none():
    """This test ensures that spans below 1 and more header rows than rows are refused."""
    with pytest.raises(ValueError, match="0 by 1"):
        Cell("a", rowspan=0)
    with pytest.raises(ValueError, match="2 header rows in a table of 1 rows"):
        Table(((Cell("a"),),), header_rows=2)
