from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dsocr_loaders.engines.text_layer.layer import Rectangle, Run
from dsocr_loaders.engines.text_layer.order import Solid, flows_of


def run(x0, y0, x1, block=0, text="A line of running text", size=10.0):
    return Run(text, Rectangle(x0, y0, x1, y0 + size), y0 + size, size, False, 0, 18, True, block)  # noqa: FBT003 - flags of a value


def column(x0, x1, top, lines, block):
    return [run(x0, top + 12 * number, x1, block) for number in range(lines)]


def test_one_column_is_one_flow():
    """This test ensures that lines of one column stay together, from top to bottom."""
    lines = column(50, 500, 100, 10, 0)

    assert [lines] == flows_of(lines[::-1], is_rtl=False)


def test_columns_come_one_after_the_other():
    """This test ensures that three columns are read from the left, and from the right where that is the direction."""
    columns = [column(x, x + 130, 100, 10, block) for block, x in enumerate((50, 200, 350))]
    across = [line for row in zip(*columns, strict=True) for line in row]

    assert columns == flows_of(across, is_rtl=False)
    assert columns[::-1] == flows_of(across, is_rtl=True)


def test_full_width_lines_separate_bands():
    """This test ensures that columns above a full-width line are read before it, those below after it."""
    upper = [column(x, x + 200, 100, 5, x) for x in (50, 300)]
    heading = [run(50, 170, 500, 7)]
    lower = [column(x, x + 200, 200, 5, x + 1) for x in (50, 300)]
    items = upper[1] + lower[1] + heading + upper[0] + lower[0]

    assert [*upper, heading, *lower] == flows_of(items, is_rtl=False)


def test_short_last_line_stays_with_its_paragraph():
    """This test ensures that a short line ending a full-width paragraph is not read as part of a column."""
    paragraph = [run(50, 100, 500, 0), run(50, 112, 500, 0), run(50, 124, 120, 0)]
    columns = [column(x, x + 200, 150, 5, x) for x in (50, 300)]

    assert [paragraph, *columns] == flows_of([*paragraph, *columns[0], *columns[1]], is_rtl=False)


def test_rows_of_a_table_are_no_columns():
    """This test ensures that texts painted row by row are read row by row."""
    rows = [
        [run(50, 100 + 14 * n, 150, n, "Serial number"), run(300, 100 + 14 * n, 380, n, "12-3456-7")] for n in range(8)
    ]
    cells = [cell for row in rows for cell in row]

    assert [cells] == flows_of(cells, is_rtl=False)


def test_end_of_a_text_may_be_short():
    """This test ensures that two lines at the top of the second column are read after a full first one."""
    left, right = column(50, 250, 100, 20, 0), column(300, 500, 100, 2, 1)

    assert [left, right] == flows_of(left + right, is_rtl=False)


def test_a_figure_separates_like_text():
    """This test ensures that a figure over both columns divides them into bands."""
    upper = [column(x, x + 200, 100, 5, x) for x in (50, 300)]
    figure = Solid(Rectangle(100, 170, 450, 300), 0)
    lower = [column(x, x + 200, 310, 5, x + 1) for x in (50, 300)]

    assert [*upper, [figure], *lower] == flows_of([figure, *upper[1], *lower[0], *upper[0], *lower[1]], is_rtl=False)


ITEMS = st.lists(
    st.builds(
        lambda x, y, width, block, is_solid: (
            Solid(Rectangle(x, y, x + width, y + 30), block) if is_solid else run(x, y, x + width, block)
        ),
        st.integers(0, 400),
        st.integers(0, 700),
        st.integers(1, 300),
        st.integers(0, 5),
        st.booleans(),
    ),
    max_size=60,
)


@given(ITEMS, st.booleans())
def test_each_item_comes_once(items, is_rtl):
    """This test ensures that ordering loses and doubles nothing, whatever lies where."""
    ordered = [id(item) for flow in flows_of(items, is_rtl=is_rtl) for item in flow]

    assert sorted(map(id, items)) == sorted(ordered)


def test_a_crowded_page_is_ordered_in_time():
    """This test ensures that a page with very many runs is read from top to bottom and does not take forever."""
    items = [run(x, y, x + 3, 0, "x", 3.0) for x in range(0, 595, 5) for y in range(0, 842, 8)]

    assert len(items) == sum(map(len, flows_of(items, is_rtl=False)))
