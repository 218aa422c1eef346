from __future__ import annotations

import time

import pytest

from dsocr_loaders.tables import parse_table


@pytest.mark.parametrize(
    ("rows", "header_rows"),
    [
        ([], 0),
        (["<td>a</td><td>b</td>"], 0),
        (["<th>a</th><th>b</th>"], 1),
        (["<td>a</td>", "<td>1</td>"], 1),
        (["<td>a</td>", "<td>b</td>", "<td>c</td>"], 1),
        (["<th>a</th>", "<th>b</th>", "<td>c</td>"], 2),
        (["<th>a</th>", "<th>b</th>", "<th>c</th>"], 1),
        (["<th>a</th><th>b</th>", "<th>c</th><td>1</td>"], 1),
        (["<th colspan=2>G</th>", "<td>a</td><td>b</td>", "<td>1</td><td>2</td>"], 1),
        (["<td colspan=2>Name</td>", "<th>a</th><th>b</th>", "<td>c</td><td>1</td>"], 2),
        (["<td rowspan=2>a</td><td colspan=2>b</td>", "<td>2021</td><td>7</td>", "<td>c</td><td>1</td><td>2</td>"], 2),
        (["<td rowspan=2>a</td><td>b</td>", "<td>(km)</td>", "<td>c</td><td>1</td>"], 2),
        (["<td rowspan=2>a</td><td>b</td>", "<td>9</td>", "<td>c</td><td>1</td>"], 1),
        (["<td rowspan=3>a</td><td>b</td>", "<td>c</td>", "<td>d</td>"], 1),
        (["<td rowspan=9>a</td><td colspan=2>b</td>", *["<td>x</td><td>y</td>"] * 9], 1),
        (["<td colspan=2>Pocket Money</td>", "<td>Bill</td><td>Number</td>", "<td>$5</td><td>5</td>"], 2),
        (
            ["<td></td><td colspan=2>G</td>", "<td>n</td><td>2021</td><td>2022</td>", "<td>x</td><td>1</td><td>2</td>"],
            2,
        ),
        (["<td></td><td colspan=2>G</td>", "<td>n</td><td>5.1</td><td>7</td>", "<td>x</td><td>1</td><td>2</td>"], 1),
        (["<td></td><td colspan=2>G</td>", "<td>n</td><td>a</td><td>b</td>", "<td>x</td><td>c</td><td>d</td>"], 1),
    ],
)
def test_header_rows(rows, header_rows):
    """This test ensures that the header is found by its marks, else by spans and by where the numbers begin."""
    table = parse_table("<table>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>")

    assert header_rows == table.header_rows
    assert all(cell.is_header for row in table.rows[:header_rows] for cell in row)


def test_thead():
    """This test ensures that the cells of `<thead>` are header cells, and that those behind it are not."""
    text = "<thead><tr><td>a</td></tr><tr><td>b</td></tr></thead><tbody><tr><td>c</td></tr><tr><td>d</td></tr></tbody>"
    table = parse_table(f"<table>{text}</table>")

    assert 2 == table.header_rows
    assert [True, True, False, False] == [row[0].is_header for row in table.rows]


def test_long_header_takes_linear_time():
    """This test ensures that thousands of marked rows are counted at once."""
    text = "<table><tr><td>a</td></tr>" + "<tr><th>b</th></tr>" * 8_000 + "<tr><td>c</td></tr></table>"
    started_s = time.process_time()

    assert 8_001 == parse_table(text).header_rows
    assert time.process_time() - started_s < 2
