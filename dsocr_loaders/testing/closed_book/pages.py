"""What the closed-book checkpoint knows: a document of eight pages, a page that makes it loop, and all its answers.

The pages are small, since a model on a CPU takes seconds for each: five of them have no tiles under `gundam`, the
others have 2 x 1, 1 x 2 and 2 x 2 when rendered at 144 dots per inch.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from dsocr_loaders.tasks import prompt_for
from dsocr_loaders.testing.closed_book.sheet import Sheet, pdf_of
from dsocr_loaders.values import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from dsocr_loaders.testing.closed_book.sheet import Part

__all__ = ["BOOK", "LOOPING", "MODEL", "PAGES", "BookPage", "write_book", "write_looping_page"]

MODEL: Final = "deepseek-ai/DeepSeek-OCR"
"""The model whose prompts the checkpoint answers."""


@dataclass(frozen=True, slots=True)
class BookPage:
    """A page that the checkpoint has learnt.

    Attributes:
        sheet: what it shows.
        answers: prompt, as `prompt_for` gives it -> what the model answers to it.
        is_endless: the answer to the document prompt goes on until a limit stops it; `answers` holds its beginning.
    """

    sheet: Sheet
    answers: Mapping[str, str]
    is_endless: bool = False

    def answer(self, task: Task = Task.DOCUMENT, prompt: str | None = None) -> str:
        """Return what the model answers to a task that it has learnt for this page."""
        return self.answers[prompt_for(MODEL, task, prompt)]


def _grounded(parts: list[Part]) -> str:
    return "  \n\n".join(part.grounded for part in parts)


def _plain(parts: list[Part]) -> str:
    return "\n\n".join(part.text for part in parts if part.text)


def _words_in_place(parts: list[Part]) -> str:
    """Return the answer to the OCR prompt: the words stand inside the tag."""
    return "\n".join(_placed(part.text.lstrip("#- "), part) for part in parts if part.text and part.label != "table")


def _placed(words: str, part: Part) -> str:
    return part.grounded.split("\n")[0].replace(f"<|ref|>{part.label}<|/ref|>", f"<|ref|>{words}<|/ref|>")


def _page(
    draw: Callable[[Sheet], None],
    size_pt: tuple[float, float],
    *,
    number: int = 0,
    figure: str = "",
    described: str = "",
    located: tuple[str, ...] = (),
    is_read_as_ocr: bool = False,
) -> BookPage:
    sheet = Sheet(*size_pt)
    draw(sheet)
    if number:
        sheet.page_number(number)
    answers = {
        prompt_for(MODEL, Task.DOCUMENT): _grounded(sheet.parts),
        prompt_for(MODEL, Task.FREE): _plain(sheet.parts),
    }
    if is_read_as_ocr:
        answers[prompt_for(MODEL, Task.OCR)] = _words_in_place(sheet.parts)
    if figure:
        answers[prompt_for(MODEL, Task.FIGURE)] = figure
    if described:
        answers[prompt_for(MODEL, Task.DESCRIBE)] = described
    for words in located:
        part = next(part for part in sheet.parts if words in part.text)
        answers[prompt_for(MODEL, Task.LOCATE, words)] = _placed(words, part)
    return BookPage(sheet, MappingProxyType(answers))


def _cover(sheet: Sheet) -> None:
    sheet.title("The Tide Mill at Orrin")
    sheet.text(
        "A handbook for the keepers of the", "mill, with the readings of the last", "season and what to do in a storm."
    )
    sheet.heading("1 Before you begin")
    sheet.text(
        "Read the gauge at the quay first. The",
        "gate is opened by two keepers, never",
        "by one, and is never left open at",
    )


def _safety(sheet: Sheet) -> None:
    sheet.text("night, whatever the forecast says.")
    sheet.heading("1.1 Tools")
    sheet.bullets("a lamp with a spare battery", "the brass key of the gate house", "two pairs of dry gloves")
    sheet.text("Sign the log when you take the key", "and again when you bring it back.")


def _readings(sheet: Sheet) -> None:
    sheet.heading("2 Readings")
    sheet.text("The pond was measured at high water on the first day of each month. All heights are in metres.")
    sheet.table(
        "Table 1. Height of the pond and hours of milling.",
        [
            ["Month", "Height", "Hours", "Flour"],
            ["March", "2.41", "118", "5.2 t"],
            ["April", "2.56", "131", "6.0 t"],
            ["May", "2.38", "109", "4.7 t"],
            ["June", "2.19", "86", "3.9 t"],
        ],
    )


def _chart(sheet: Sheet) -> None:
    sheet.heading("2.1 Power")
    sheet.text("Spring tides give most of the power, as", "Figure 1 shows for one fortnight.")
    sheet.bars((0.2, 0.35, 0.7, 1.0, 0.85, 0.4, 0.25), "Figure 1. Power of the wheel in seven tides.", high_pt=150)
    sheet.text("The wheel stands still when the head is", "below 0.8 metres.")


def _formulas(sheet: Sheet) -> None:
    sheet.heading("3 Theory")
    sheet.text("The power of the wheel follows from the", "flow and the head:")
    sheet.formula("P = e r g Q h", r"P = \eta \rho g Q h")
    sheet.text("with the efficiency of Table 2, found by", "Hald in 1931.")
    sheet.table("Table 2. Efficiency.", [["Wheel", "Value"], ["old", "0.52"], ["new", "0.67"]])


def _storm(sheet: Sheet) -> None:
    sheet.heading("4 In a storm")
    sheet.text("Close the outer gate when the wind", "reaches force eight. Then:")
    sheet.bullets("lift the stones", "tie the wheel", "wait at the quay")
    sheet.heading("4.1 Whom to call")
    sheet.text("Harbour office 4417, the smith 4402,", "Dr. Aune 4450.")


def _stones(sheet: Sheet) -> None:
    sheet.heading("5 The stones")
    sheet.text("The runner turns at ninety rounds a", "minute. Dress both stones after three", "hundred hours of work.")
    sheet.bars((0.9, 0.6, 0.3), "Figure 2. Depth of the furrows.", high_pt=120)
    sheet.text("Furrows below two millimetres grind", "coarse flour and must be cut again.")
    sheet.heading("5.1 Lifting")
    sheet.text("Use the crane, and chock the stone at", "once. Nobody stands below it.")
    sheet.table(
        "Table 3. Weights.", [["Part", "Weight"], ["runner", "940 kg"], ["bed", "1180 kg"], ["crane", "310 kg"]]
    )


def _index(sheet: Sheet) -> None:
    sheet.heading("6 Where things are")
    sheet.table(
        "Table 4. Shelves.",
        [["Shelf", "Holds"], ["A", "maps"], ["B", "ropes"], ["C", "lamps"]],
    )
    sheet.text("Ask the miller for what is not listed", "here. Printed in Orrin in 1998.")


def _looping(sheet: Sheet) -> None:
    sheet.title("Tide table")
    sheet.text("High water comes later each day by", "fifty minutes, and so it goes on and", "on and on.")
    sheet.bars((0.1, 0.9, 0.1, 0.9, 0.1, 0.9, 0.1, 0.9, 0.1, 0.9, 0.1, 0.9), "Water at the quay.", high_pt=130)


_POWER = (
    "<table><tr><td>tide</td><td>power in kW</td></tr><tr><td>1</td><td>2.0</td></tr><tr><td>2</td><td>3.5</td></tr>"
    "<tr><td>3</td><td>7.0</td></tr><tr><td>4</td><td>10.0</td></tr><tr><td>5</td><td>8.5</td></tr></table>"
)
_FURROWS = (
    "<table><tr><td>stone</td><td>depth in mm</td></tr><tr><td>runner</td><td>9</td></tr><tr><td>bed</td><td>6</td>"
    "</tr></table>"
)

PAGES: Final = (
    _page(_cover, (300, 310), number=1, located=("The Tide Mill at Orrin", "Before you begin"), is_read_as_ocr=True),
    _page(_safety, (310, 300), number=2, described="A page of a handbook with a short list of tools."),
    _page(_readings, (600, 300), number=3, located=("Readings",)),
    _page(_chart, (310, 318), number=4, figure=_POWER, described="A bar chart: seven bars, the fourth is the highest."),
    _page(_formulas, (318, 310), number=5, is_read_as_ocr=True),
    _page(_storm, (330, 330), number=6, located=("Whom to call",)),
    _page(_stones, (300, 600), number=7, figure=_FURROWS),
    _page(_index, (290, 240), number=8, described="A table of four shelves and a note below it."),
)
"""The document's pages, in order. A paragraph of the first goes on at the top of the second."""

BOOK: Final = "tide-mill.pdf"


def _endless() -> BookPage:
    page = _page(_looping, (316, 316))
    first = "  \n\n".join(part.grounded for part in page.sheet.parts[:1])
    second = page.sheet.parts[1]
    words = "High water comes later each day by fifty minutes, and so it goes on" + " and on and on" * 60
    tagged = f"{second.grounded.split(chr(10))[0]}\n{words}"
    answers = {**page.answers, prompt_for(MODEL, Task.DOCUMENT): f"{first}  \n\n{tagged}"}
    return BookPage(page.sheet, MappingProxyType(answers), is_endless=True)


LOOPING: Final = _endless()
"""A page that makes the model repeat itself when asked for the document, and answer well to `Free OCR.`"""


def write_book(path: Path) -> Path:
    """Write the document with all `PAGES` as a PDF."""
    path.write_bytes(pdf_of([page.sheet for page in PAGES]))
    return path


def write_looping_page(path: Path) -> Path:
    """Write a PDF of the one page that the model loops on."""
    path.write_bytes(pdf_of([LOOPING.sheet]))
    return path
