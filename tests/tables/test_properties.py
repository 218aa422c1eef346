from __future__ import annotations

from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dsocr_loaders.tables import (
    Cell,
    Measure,
    ShownPart,
    Table,
    columns_in_words,
    lay_out,
    layout_of,
    parse_table,
    parse_tables,
    rebuilt_table,
    split_table,
    table_html,
    table_markdown,
    table_text,
)

MARKUP = (
    "<table>",
    "</table>",
    "<tr>",
    "</tr>",
    "<td>",
    "</td>",
    "<th>",
    "<thead>",
    "</thead>",
    '<td rowspan="2">',
    "<td colspan=3>",
    "<td",
    "<br>",
    "<b>",
    "&lt;",
    "&#60",
    "|",
    "\\",
    "\n|",
    "---",
    "<!--",
    "a",
    "7",
    " ",
    "\n",
)
soups = st.lists(st.sampled_from(MARKUP) | st.text(max_size=4)).map("".join)
words = st.text("aé漢7|\\<>&;/\"'`*_#=-" + "tdrb", min_size=1, max_size=6)
lines = st.lists(words, min_size=1, max_size=3).map(" ".join)
cell_texts = st.lists(lines, max_size=3).map("\n".join)
around = st.lists(st.text("ab.*", min_size=1, max_size=5), max_size=2).map(" ".join)


def halves(text, count, room):
    """Return ranges of words that fit."""
    ranges, start = [], 0
    while start < len(text):
        end = len(text)
        while end > start + 1 and count(text[start:end]) > room:
            end = start + (end - start) // 2
        while end < len(text) and text[end].isspace():
            end += 1
        if not text[end:].strip():
            end = len(text)
        inked = start + len(text[start:end].rstrip())
        ranges.append((start, inked))
        start = end
    return ranges


@st.composite
def tables(draw):
    """Draw a table without gaps: every place of a rectangle is covered, no cell reaches out of header or body."""
    height, width = draw(st.integers(1, 6)), draw(st.integers(1, 5))
    header_rows = draw(st.integers(1, height - 1)) if height > 1 else draw(st.integers(0, 1))
    rows = [[] for _ in range(height)]
    is_free = [[True] * width for _ in range(height)]
    for row in range(height):
        for column in range(width):
            if not is_free[row][column]:
                continue
            free = [*is_free[row][column:], False].index(False)
            colspan = draw(st.integers(1, free))
            rowspan = draw(st.integers(1, (header_rows if row < header_rows else height) - row))
            for covered in range(row, row + rowspan):
                is_free[covered][column : column + colspan] = [False] * colspan
            rows[row].append(Cell(draw(cell_texts), rowspan, colspan, is_header=row < header_rows))
    return Table(tuple(map(tuple, rows)), header_rows, draw(around), draw(around))


@given(soups)
def test_any_text_is_a_table(text):
    """This test ensures that no text makes parsing, writing or splitting fail, and that the written form is stable."""
    for table in (parse_table(text), *parse_tables(text)):
        table_markdown(table)
        split_table(table, Measure(len, 20, "markdown", halves))
        alone = Table(table.rows, table.header_rows)

        assert alone == parse_table(table_html(alone))


@given(st.lists(st.text("abc漢7", min_size=1, max_size=3) | st.sampled_from(MARKUP[:14])).map(" ".join))
def test_no_letter_is_lost(text):
    """This test ensures that every letter that is no markup is in a cell or around the table, in damaged tables too."""
    tables = parse_tables(text)
    kept = [cell.text for table in tables for row in table.rows for cell in row]
    kept += [part for table in tables for part in (table.before, table.after)]

    expected = sorted(word for word in text.split() if word.isalnum())
    assert expected == sorted(word for part in kept for word in part.split() if word.isalnum())


@given(tables())
def test_html_round_trip(table):
    """This test ensures that a table written as HTML reads back equal."""
    assert table == parse_table(table_html(table))


@given(tables())
def test_markdown_round_trip(table):
    """This test ensures that a table written as Markdown reads back to the same grid, its header joined to one row."""
    back = parse_table(table_markdown(table))

    body = list(table.grid[table.header_rows :])
    header = [
        " / ".join(dict.fromkeys(filter(None, names))) for names in zip(*table.grid[: table.header_rows], strict=True)
    ]
    assert [tuple(" ".join(name.split()) for name in header or [""] * len(body[0]))] == [
        tuple(" ".join(name.split()) for name in back.grid[0])
    ]
    assert body == list(back.grid[1:])
    assert (table.before, table.after) == (back.before, back.after)


@settings(max_examples=60)
@given(tables(), st.integers(1, 150), st.sampled_from(["markdown", "html"]), st.randoms())
def test_parts_make_the_table_again(table, room, table_format, random):
    """This test ensures that parts, whatever the room, make the table's grid, header rows and spans again."""
    table = Table(table.rows, table.header_rows)
    parts = split_table(table, Measure(len, room, table_format, halves))
    placements = lay_out(table.rows)
    shown = [
        ShownPart(
            table_text(part.table, table_format),
            f"{part.first_row}-{part.last_row}" if part.last_row else "",
            columns_in_words(part.columns),
            layout_of(placements, part, table.header_rows),
        )
        for part in parts
    ]
    random.shuffle(shown)

    back = rebuilt_table(shown)

    assert table.grid == back.grid
    assert table.header_rows == back.header_rows
    assert [(one[1:], one.cell.text) for one in placements] == [(one[1:], one.cell.text) for one in lay_out(back.rows)]


@settings(max_examples=20)
@given(tables(), st.integers(1, 100))
def test_rows_are_whole_while_they_fit(table, spare):
    """This test ensures that rows of a table whose rows all fit with the header are each in one part, with it."""
    rows = tuple(tuple(replace(cell, rowspan=1) for cell in row) for row in table.rows)
    table = Table(rows, table.header_rows)
    header = table.rows[: table.header_rows]
    body = [Table((*header, row), len(header)) for row in table.rows[len(header) :]]
    assume(body)
    widest = max(Measure(len, 1, "markdown", halves).tokens(row) for row in body)
    measure = Measure(len, widest + spare, "markdown", halves)
    room = widest + spare

    parts = split_table(table, measure)

    numbers = [number for part in parts if part.last_row for number in range(part.first_row, part.last_row + 1)]
    assert list(range(1, table.body_rows + 1)) == numbers
    assert all(part.columns == () and part.cut is None for part in parts)
    assert all(part.table.rows[: len(header)] == header for part in parts)
    assert all(measure.tokens(part.table) <= room for part in parts)


@given(st.lists(st.lists(st.builds(Cell, cell_texts, st.integers(1, 9), st.integers(1, 9)), max_size=4), max_size=6))
def test_cells_do_not_overlap(rows):
    """This test ensures that any spans are laid out within the rows, without two cells in one place."""
    placements = lay_out(rows)
    places = [
        (row, column)
        for one in placements
        for row in range(one.row, one.row + one.height)
        for column in range(one.column, one.column + one.width)
    ]

    assert len(set(places)) == len(places)
    assert all(row < len(rows) for row, _ in places)
    assert [cell for row in rows for cell in row] == [one.cell for one in placements]
