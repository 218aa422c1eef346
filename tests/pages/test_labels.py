from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsocr_loaders.pages.labels import LabelRule, clean_text, labels_from_rules


@pytest.mark.parametrize(
    ("style", "first_number", "expected"),
    [
        ("D", 9, ("9", "10", "11")),
        ("r", 3, ("iii", "iv", "v")),
        ("R", 1998, ("MCMXCVIII", "MCMXCIX", "MM")),
        ("a", 25, ("y", "z", "aa")),
        ("A", 52, ("ZZ", "AAA", "BBB")),
        ("R", 3999, ("MMMCMXCIX", "4000", "4001")),
        ("r", 2_000_000_000, ("2000000000", "2000000001", "2000000002")),
        ("", 1, ("1", "2", "3")),
        ("nonsense", 1, ("1", "2", "3")),
    ],
)
def test_styles(style, first_number, expected):
    """This test ensures that each style counts as the PDF standard says, and absurd numbers stay short."""
    assert expected == labels_from_rules([LabelRule(0, style, "", first_number)], 3)


def test_runs():
    """This test ensures that a rule holds until the next one, and pages before the first keep their number."""
    rules = [
        LabelRule(4, "D", "A-", 7),
        LabelRule(1, "r", "", 1),
        LabelRule(9, "D", "", 1),
        LabelRule(6, "", "Index", 1),
    ]

    assert ("1", "i", "ii", "iii", "A-7", "A-8", "Index") == labels_from_rules(rules, 7)


def test_no_rules():
    """This test ensures that pages without labels are labelled with their numbers."""
    assert ("1", "2") == labels_from_rules([], 2)


RULES = st.builds(LabelRule, st.integers(), st.sampled_from(["D", "R", "r", "A", "a", ""]), st.text(), st.integers())


@settings(max_examples=40)
@given(st.lists(RULES), st.integers(0, 30))
def test_every_page_has_a_label(rules, total_pages):
    """This test ensures that whatever a file says, each page has one short label that is not empty."""
    labels = labels_from_rules(rules, total_pages)

    assert total_pages == len(labels)
    assert all(0 < len(label) <= 200 for label in labels)


def test_clean_text():
    """This test ensures that titles become one line that can be stored anywhere, in any script."""
    assert "1 Einführung 序論 \u200fمقدمة" == clean_text(" 1\tEinführung\r\n\x00序論 \ud800\u200fمقدمة ")
    assert 200 == len(clean_text("x" * 5000))
