from __future__ import annotations

import pytest

from dsocr_loaders.engines.text_layer.directions import letters_by_direction, text_from_right

SHALOM, OLAM = "שלום", "עולם"


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        ([(60, 100, SHALOM), (55, 60, " "), (20, 55, OLAM)], f"{SHALOM} {OLAM}"),
        # As MuPDF gives them: the number first, since it stands on the left.
        ([(0, 4, "("), (4, 20, "862"), (20, 25, ") "), (30, 60, OLAM)], f"{OLAM} (862)"),
        ([(60, 100, SHALOM), (30, 58, "PDF "), (10, 28, OLAM)], f"{SHALOM} PDF {OLAM}"),
        ([(60, 100, SHALOM), (20, 35, "one"), (36, 40, " "), (41, 55, "two"), (56, 59, " ")], f"{SHALOM} one two"),
        ([(60, 100, SHALOM), (50, 60, ". ")], f"{SHALOM}. "),
    ],
)
def test_pieces_are_read_from_the_right(pieces, text):
    """This test ensures that words from right to left, numbers and brackets come as they are read."""
    assert text == text_from_right(pieces)


def test_letters_are_counted_by_direction():
    """This test ensures that digits and marks count for neither direction."""
    assert (0, 5) == letters_by_direction("Latin 12!")
    assert (4, 3) == letters_by_direction(f"{SHALOM} PDF 12!")
