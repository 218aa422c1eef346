"""The cases of the documentation page: what `cases.py` says is what `parse_answer` does, and what the page shows."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from dsocr_loaders.values import Dialect

MODULE = runpy.run_path(str(Path(__file__).with_name("cases.py")))
CASES = [case for case in MODULE["CASES"] if hasattr(case, "answer")]


@pytest.mark.parametrize("case", [*CASES, *MODULE["FURTHER_CASES"]], ids=lambda case: case.title)
def test_reads_each_case_as_documented(case) -> None:
    """Regions, issues and dialect are those of the table."""
    actual = MODULE["read"](case)

    assert (case.reading, case.issues, case.dialect) == actual


def test_cases_cover_the_vocabulary() -> None:
    """Every dialect and every code of an issue has a case, so the page shows them all."""
    codes = {code for case in CASES for code in case.issues}

    assert set(Dialect) == {case.dialect for case in CASES}
    assert set(MODULE["ISSUES"]) == codes


def test_page_shows_the_cases() -> None:
    """`docs/grounding.md` is what `python tests/grounding/cases.py` writes."""
    written = MODULE["PAGE"].read_text(encoding="utf-8")

    assert MODULE["page"]() == written
