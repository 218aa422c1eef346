from __future__ import annotations

from dsocr_loaders.engines.text_layer.layer import Rectangle, Run
from dsocr_loaders.engines.text_layer.rows import rows_of


def run(text, x0, x1, baseline=100.0, size=10.0):
    rtl = sum("\u0590" <= letter for letter in text)
    ltr = sum(map(str.isalpha, text)) - rtl
    return Run(
        text=text,
        place=Rectangle(x0, baseline - size, x1, baseline),
        baseline=baseline,
        size=size,
        is_bold=False,
        rtl_letters=rtl,
        ltr_letters=ltr,
        is_along=True,
        painted_block=0,
    )


def texts(*runs):
    return [row.text for row in rows_of(runs)]


def test_runs_on_one_baseline_are_a_row():
    """This test ensures that runs are put in order, with a blank only where there is a gap."""
    assert ["One two three", "next"] == texts(
        run("two", 70, 90), run("three", 95, 120), run("next", 50, 70, 112), run("One", 50, 65)
    )
    assert ["H2O"] == texts(run("H", 50, 57), run("2", 57, 60, 102, 7), run("O", 60, 67))


def test_words_of_latin_keep_their_order_in_an_arabic_row():
    """This test ensures that a row from right to left keeps words of Latin from left to right."""
    row = [run("قارنا", 160, 200), run("Neural", 120, 150), run("Open", 90, 115), run("بين", 60, 80)]

    assert "قارنا Open Neural بين" == texts(*row, run("نتيجة قارنا بين تقرير سنوي", 50, 200, 80))[-1]


def test_a_row_has_the_direction_of_its_column():
    """This test ensures that a row with more Latin than Arabic letters is read from the right in an Arabic column."""
    column = [run("نتيجة قارنا بين تقرير سنوي", 50, 200, 80), run("نتيجة قارنا بين تقرير سنوي", 50, 200, 90)]

    assert "برنامج Network Exchange" == texts(*column, run("برنامج", 150, 200), run("Network Exchange", 50, 140))[-1]


def test_a_row_without_arabic_is_read_from_the_left():
    """This test ensures that a line of English in an Arabic column keeps its order."""
    column = [run("نتيجة قارنا بين تقرير سنوي", 50, 200, 80)]

    assert "Open Neural" == texts(*column, run("Open", 50, 80), run("Neural", 90, 120))[-1]


def test_markers_of_list_items():
    """This test ensures that bullets, dashes and numbers are markers, and words are none."""
    found = [
        row.marker and row.marker.text
        for row in rows_of(
            run(text, 50, 150, 20 * number)
            for number, text in enumerate(
                (
                    "• item",
                    "\uf0b7item",
                    "- item",
                    "-5 degrees",
                    "1. item",
                    "(a) item",
                    "iv) item",
                    "[12] item",
                    "2、项",
                    "etc. and",
                )
            )
        )
    ]

    assert ["-", "-", "-", None, "1.", "(a)", "iv)", "[12]", "2、", None] == found


def test_wide_gaps_spread_a_row():
    """This test ensures that cells side by side are told from words, and a list item's number from a cell."""
    (cells,) = rows_of([run("Iron", 50, 70), run("0.71", 150, 170)])
    (words,) = rows_of([run("Iron", 50, 70), run("ore", 75, 90)])
    (item,) = rows_of([run("1.", 50, 58), run("Open it", 90, 130)])

    assert [True, False, False] == [cells.is_spread, words.is_spread, item.is_spread]
    assert 90 == item.text_start
