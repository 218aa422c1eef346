"""The example documents with the truth about them, noted while `examples/builder` paints them.

The builder's own functions are wrapped for the time of a build: each says what it is that it sets (a heading, a list, a
table), and all they paint goes through a page's `put`. The Arabic letter is left out: it is painted in joined forms.
"""

from __future__ import annotations

import functools
import importlib
import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layout_set.sheet import Box, TrueLine, TrueRegion, box_around, line_box, save_truth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["EXAMPLES", "write_example"]

EXAMPLES = ("paper", "annual_report", "manual", "chinese")
_CAPTION = re.compile(r"(?:Table|Figure|\u8868) ?\d+(?::|\uff1a| \(continued)")
_MARGIN = 50.0  # points: what the builder sets farther out by itself is furniture
_WHOLE = frozenset({"list", "heading", "table", "formula"})  # with all that is set inside
_SCOPES = {
    ("flow", "Flow.paragraph"): "text",
    ("flow", "Flow._list"): "list",
    ("flow", "Flow.heading"): "heading",
    ("flow", "Flow.caption"): "caption",
    ("flow", "set_paragraph"): "text",
    ("tables", "Grid.draw"): "table",
    ("formulas", "display"): "formula",
    ("paper", "_plan"): "figure",
    ("paper", "_chart"): "figure",
    ("annual_report", "_chart"): "figure",
    ("annual_report", "_key_figures"): "figure",
    ("manual", "_device"): "figure",
}


@dataclass(slots=True)
class _Scope:
    kind: str
    pages: dict[int, TrueRegion] = field(default_factory=dict)


@dataclass(slots=True)
class _Notebook:
    """What was painted on each page, by number; `scopes` are the functions that are at work, the outermost first."""

    regions: dict[int, list[TrueRegion]] = field(default_factory=dict)
    scopes: list[_Scope] = field(default_factory=list)

    def region(self, page: int, baseline: float, height: float) -> TrueRegion:
        """Return the region that is being set on a page."""
        if height and not _MARGIN < baseline < height - _MARGIN:
            # A new page is begun in the middle of whatever is being set.
            furniture = TrueRegion("header" if baseline < height / 2 else "footer", "", [])
            self.regions.setdefault(page, []).append(furniture)
            return furniture
        outer = next((scope for scope in self.scopes if scope.kind in _WHOLE), None)
        scope = outer or (self.scopes[-1] if self.scopes else None)
        if scope is not None and page in scope.pages:
            return scope.pages[page]
        kind = scope.kind if scope is not None else "text"
        region = TrueRegion(kind, "", [])
        last = (self.regions.get(page) or [None])[-1]
        if kind == "table" and last is not None and last.type == "table":
            region = last  # its header was drawn before
        else:
            self.regions.setdefault(page, []).append(region)
        if scope is not None:
            scope.pages[page] = region
        return region

    def note_text(self, page: int, height: float, x: float, y: float, pieces: list[Any]) -> None:
        """Note text that is painted from a point on."""
        text = "".join(piece.text for piece in pieces).replace("\u00ad", "")
        region = self.region(page, y, height)
        size = max(piece.size for piece in pieces)
        box = line_box(x, x + sum(piece.width for piece in pieces), y, size)
        last = region.lines[-1] if region.lines else None
        is_same = last is not None and abs(last.box[3] - box[3]) < size / 2 and x >= last.box[0]
        if last is not None and is_same and region.type not in {"table", "figure"}:
            region.lines[-1] = TrueLine(box_around((last.box, box)), last.text + text)
        elif text.strip():
            region.lines.append(TrueLine(box, text))

    def note_shape(self, page: int, box: Box) -> None:
        """Note a drawing, which counts where a figure or a table is set."""
        if any(scope.kind in {"figure", "table"} for scope in self.scopes):
            self.region(page, box[1], 0.0).boxes.append(box)


def write_example(name: str, path: Path) -> None:
    """Build an example document and note the truth beside it."""
    root = str(Path(__file__).parents[2] / "examples")
    if root not in sys.path:
        sys.path.insert(0, root)
    notebook = _Notebook()
    with _noting(notebook):
        importlib.import_module(f"builder.{name}").build(path)
    import pymupdf  # noqa: PLC0415 - needed for this alone

    with pymupdf.open(path) as document:
        sizes = [(page.rect.width, page.rect.height) for page in document]
    pages = [(*size, _finished(notebook.regions.get(index, []))) for index, size in enumerate(sizes)]
    save_truth(path, pages)


@contextmanager
def _noting(notebook: _Notebook) -> Iterator[None]:  # noqa: C901 - one wrapper for each way to paint
    modules = {
        name: importlib.import_module(f"builder.{name}") for name in ("book", "flow", "tables", "formulas", *EXAMPLES)
    }
    canvas = modules["book"].Canvas
    changed: list[tuple[Any, str, Any]] = []

    def swap(owner: object, name: str, new: object) -> None:
        changed.append((owner, name, getattr(owner, name)))
        setattr(owner, name, new)

    for (module, path), kind in _SCOPES.items():
        owner: Any = modules[module]
        *parents, name = path.split(".")
        for parent in parents:
            owner = getattr(owner, parent)
        old = getattr(owner, name)
        new = _scoped(notebook, kind, old)
        swap(owner, name, new)
        for other in modules.values():
            if not parents and other is not owner and getattr(other, name, None) is old:
                swap(other, name, new)
    put, lines, rectangle = canvas.put, canvas.lines, canvas.rectangle

    def noting_put(self: Any, x: float, y: float, pieces: Any, *rest: Any) -> float:  # noqa: ANN401 - the builder's own values
        known = list(pieces)
        if known:
            notebook.note_text(self._number, self.height, x, y, known)
        return float(put(self, x, y, known, *rest))

    def noting_lines(self: Any, points: Any, **rest: Any) -> None:  # noqa: ANN401 - likewise
        known = [list(line) for line in points]
        for line in known:
            xs, ys = [point[0] for point in line], [point[1] for point in line]
            notebook.note_shape(self._number, (min(xs), min(ys), max(xs), max(ys)))
        lines(self, known, **rest)

    def noting_rectangle(self: Any, x0: float, y0: float, x1: float, y1: float, **rest: Any) -> None:  # noqa: ANN401 - likewise
        notebook.note_shape(self._number, (x0, y0, x1, y1))
        rectangle(self, x0, y0, x1, y1, **rest)

    swap(canvas, "put", noting_put)
    swap(canvas, "lines", noting_lines)
    swap(canvas, "rectangle", noting_rectangle)
    try:
        yield
    finally:
        for owner, name, old in reversed(changed):
            setattr(owner, name, old)


def _scoped(notebook: _Notebook, kind: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapped(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - as the function takes and gives them
        notebook.scopes.append(_Scope(kind))
        try:
            return function(*arguments, **named)
        finally:
            notebook.scopes.pop()

    return wrapped


def _finished(regions: list[TrueRegion]) -> list[TrueRegion]:
    """Return the regions of a page with texts and boxes, headers first and footers last."""
    kept = []
    for region in regions:
        region.lines = [TrueLine(line.box, " ".join(line.text.split())) for line in region.lines if line.text.strip()]
        if not region.lines and region.type != "figure":
            continue
        for line in region.lines:
            is_broken = region.text.endswith("-") and line.text[:1].islower() and region.type == "text"
            region.text = region.text[:-1] + line.text if is_broken else f"{region.text} {line.text}".strip()
        if region.type == "text" and _CAPTION.match(region.text):
            region.type = "caption"
        drawn = region.boxes
        region.boxes = []
        for line in region.lines if region.type not in {"figure", "table", "formula"} else ():
            if region.boxes and line.box[1] > region.boxes[-1][1] - 1:
                region.boxes[-1] = box_around((region.boxes[-1], line.box))
            else:
                region.boxes.append(line.box)
        region.boxes = region.boxes or [box_around([*drawn, *(line.box for line in region.lines)])]
        kept.append(region)
    order = {"header": 0, "footer": 2}
    return sorted(kept, key=lambda region: order.get(region.type, 1))
