"""`dsocr convert --dry-run`, and the options for sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pymupdf
import pytest

from dsocr_loaders.testing import ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def mixed(make_pdf: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with a born-digital page, a scan and a blank page, and a text that is none of ours beside it."""
    monkeypatch.delenv("DSOCR_ENDPOINT", raising=False)
    folder = tmp_path / "in" / "deep"
    folder.mkdir(parents=True)
    scan = pymupdf.open(make_pdf("It was scanned"))[0].get_pixmap(dpi=120)
    with pymupdf.open() as document:
        document.new_page(width=200, height=120).insert_text((20, 40), "born digital")
        document.new_page(width=200, height=120).insert_image((0, 0, 200, 120), pixmap=scan)
        document.new_page(width=200, height=120)
        document.save(folder / "mixed.pdf")
    (tmp_path / "in" / "broken.pdf").write_bytes(b"no PDF")
    return folder / "mixed.pdf"


def test_without_a_model(dsocr: Command, mixed: Path) -> None:
    """Without a model the scan would fail, and it is said why; nothing is written and -o is not wanted."""
    status, out, err = dsocr("convert", mixed, "--dry-run")

    assert (3, "") == (status, err)
    assert [
        f"{mixed}, page 1: text layer: its text layer is good",
        f"{mixed}, page 2: fails: needs OCR, because it has no text layer",
        f"{mixed}, page 3: blank",
        "pages   3: 1 text layer, 1 blank, 1 fails",
    ] == out.splitlines()


def test_with_a_model(dsocr: Command, mixed: Path) -> None:
    """With a server, the way of each page depends on prefer_text_layer; the server is asked nothing."""
    with ScriptedServer("never") as server:
        _, plain, _ = dsocr("convert", mixed, "--dry-run", "--engine", server.base_url)
        status, routed, _ = dsocr("convert", mixed, "--dry-run", "--engine", server.base_url, "--prefer-text-layer")
        asked = len(server.requests) + server.models_requests

    assert (0, 0) == (status, asked)
    assert "page 1: model: remote http" in plain
    assert "its text layer is good: prefer_text_layer would read it without the model" in plain
    assert "page 2: model: needs OCR by remote http" in routed
    assert "because it has no text layer" in routed
    assert "pages   3: 1 text layer, 1 model, 1 blank" in routed


def test_a_folder(dsocr: Command, mixed: Path) -> None:
    """Subfolders are entered with --recursive, and a source that cannot be read is one line."""
    folder = mixed.parent.parent
    status, out, err = dsocr("convert", folder, "--dry-run", "--recursive", "--pages", "1")

    assert 3 == status
    assert f"{mixed}, page 1: text layer" in out
    assert err.startswith(f"Error: {folder / 'broken.pdf'}: It looks like plain text")


def test_nothing_to_read(dsocr: Command, mixed: Path) -> None:
    """Nothing that could be read is status 5."""
    assert 5 == dsocr("convert", mixed.parent.parent / "broken.pdf", "--dry-run")[0]


def test_output_is_wanted_otherwise(dsocr: Command, mixed: Path) -> None:
    """Without --dry-run the folder for the results has to be named."""
    status, _, err = dsocr("convert", mixed)

    assert 2 == status
    assert "-o" in err


def test_a_url_of_this_machine(dsocr: Command, tmp_path: Path) -> None:
    """A URL that leads to this machine is refused unless --allow-private-urls is given; its query is not repeated."""
    with ScriptedServer("never") as server:
        url = f"{server.base_url}/a.pdf?token=secret"
        _, _, refused = dsocr("convert", url, "-o", tmp_path)
        _, _, tried = dsocr("convert", url, "-o", tmp_path, "--allow-private-urls")

    assert "loopback" in refused
    assert "HTTP status" in tried
    assert "secret" not in refused + tried
