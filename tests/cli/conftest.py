"""The command line, run inside the test's own process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dsocr_loaders.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def dsocr(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Return a function that runs the command line here and returns exit status, output and errors."""

    def run(*words: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in words])
        captured = capsys.readouterr()
        return ended.value.code, captured.out, captured.err

    return run
