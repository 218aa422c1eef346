from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dsocr_loaders.engines.text_layer.ruled import Rule, grids_of


def across(y, x0, x1):
    return Rule(is_horizontal=True, at=y, start=x0, end=x1)


def down(x, y0, y1):
    return Rule(is_horizontal=False, at=x, start=y0, end=y1)


def lattice(xs, ys):
    return [across(y, xs[0], xs[-1]) for y in ys] + [down(x, ys[0], ys[-1]) for x in xs]


def cells(grid):
    return [(cell.row, cell.column, cell.row_span, cell.column_span) for cell in grid.cells]


def test_lattice_is_a_grid():
    """This test ensures that crossing lines become cells in row-major order."""
    (grid,) = grids_of(lattice((0, 50, 100), (0, 20, 40)))

    assert [(0, 0, 1, 1), (0, 1, 1, 1), (1, 0, 1, 1), (1, 1, 1, 1)] == cells(grid)
    assert ((0, 50, 100), (0, 20, 40)) == (grid.xs, grid.ys)


def test_missing_lines_merge_cells():
    """This test ensures that a cell whose inner lines are missing spans rows and columns."""
    rules = [across(y, 0, 150) for y in (0, 40, 60)] + [across(20, 50, 150)]
    rules += [down(x, 0, 60) for x in (0, 50, 150)] + [down(100, 20, 60)]

    (grid,) = grids_of(rules)

    assert [(0, 0, 2, 1), (0, 1, 1, 2), (1, 1, 1, 1), (1, 2, 1, 1)] == cells(grid)[:4]


def test_open_sides_are_closed():
    """This test ensures that a table without left and right border has its outer columns."""
    (grid,) = grids_of([across(y, 0, 100) for y in (0, 20, 40)] + [down(50, 0, 40)])

    assert 4 == len(grid.cells)


def test_lines_that_nearly_meet_are_joined():
    """This test ensures that the borders of single cells, drawn one by one, make one grid."""
    rules = []
    for x in (0, 50):
        for y in (0, 20):
            rules += lattice((x + 0.5, x + 49.6), (y + 0.4, y + 19.7))

    (grid,) = grids_of(rules)

    assert 4 == len(grid.cells)


def test_one_box_is_no_table():
    """This test ensures that a framed text or a single row of boxes is no table."""
    assert () == grids_of(lattice((0, 100), (0, 50)))
    assert () == grids_of(lattice((0, 50, 100), (0, 50)))
    assert () == grids_of([across(y, 0, 100) for y in (0, 20, 40)])


def test_two_tables_stay_apart():
    """This test ensures that tables which share no lines are two, from top to bottom."""
    lower, upper = lattice((0, 50, 100), (200, 220, 240)), lattice((0, 50, 100), (0, 20, 40))

    assert [0, 200] == [grid.ys[0] for grid in grids_of(lower + upper)]


def test_a_pattern_is_no_table():
    """This test ensures that hatching with thousands of lines ends the search at once."""
    assert () == grids_of(lattice(range(0, 8000, 4), range(0, 8000, 4)))


PLACES = st.integers(0, 12).map(lambda step: step * 20)
RULES = st.builds(
    lambda is_horizontal, at, ends: Rule(is_horizontal=is_horizontal, at=at, start=min(ends), end=max(ends)),
    st.booleans(),
    PLACES,
    st.tuples(PLACES, PLACES),
)


@given(st.lists(RULES, max_size=40))
def test_cells_cover_each_position_once(rules):
    """This test ensures that whatever the lines, the cells of a grid cover it without gap or overlap."""
    for grid in grids_of(rules):
        positions = [position for cell in grid.cells for position in cell.positions]
        expected = [(row, column) for row in range(len(grid.ys) - 1) for column in range(len(grid.xs) - 1)]

        assert expected == sorted(positions)
