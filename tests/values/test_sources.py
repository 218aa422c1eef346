from __future__ import annotations

import pytest

from dsocr_loaders.values import Source


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("report.pdf", "report.pdf"),
        ("in/2024/report.pdf", "report.pdf"),
        ("/in/report.pdf", "report.pdf"),
        ("./report.pdf", "report.pdf"),
        (r"C:\in\report.pdf", "report.pdf"),
        (r"C:\in/report.pdf", "report.pdf"),
        ("https://host/in/report.pdf", "report.pdf"),
        ("https://host/in/", "in"),
        ("s3://bucket/key", "key"),
        ("bytes:0123456789ab", "bytes:0123456789ab"),
        ("two words.pdf", "two words.pdf"),
        ("年報.pdf", "年報.pdf"),
        (".hidden", ".hidden"),
        ("no-suffix", "no-suffix"),
        ("in//report.pdf", "report.pdf"),
        ("in/report.pdf/", "report.pdf"),
        ("/", "/"),
        ("\\", "\\"),
        ("", ""),
    ],
)
def test_file_name_is_the_last_part_of_the_name(name, expected):
    """This test ensures that a file name is found in odd names too, and is empty only where the name is."""
    assert Source(name, "/spool/0", "0" * 64, "application/pdf", 1, name).file_name == expected
