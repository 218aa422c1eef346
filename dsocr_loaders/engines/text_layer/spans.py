"""What PyMuPDF says about text -> runs.

The shapes that PyMuPDF's `extractDICT` and `extractRAWDICT` give to lines, spans and characters are known here only.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

from dsocr_loaders.engines.text_layer.directions import letters_by_direction, text_from_right
from dsocr_loaders.engines.text_layer.joining import tidy
from dsocr_loaders.engines.text_layer.layer import Frame, Rectangle, Run, rectangle_around
from dsocr_loaders.engines.text_layer.spacing import closed_up, is_letter_spaced
from dsocr_loaders.engines.text_layer.stacks import unstacked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from dsocr_loaders.engines.text_layer.documents import PdfPage

__all__ = [
    "PaintedCharacter",
    "PaintedLine",
    "cut_at_gaps",
    "cut_at_marks",
    "inked",
    "lines_on",
    "reading_frame",
    "run_of",
]

# TEXT_PRESERVE_WHITESPACE | TEXT_MEDIABOX_CLIP. Without TEXT_PRESERVE_LIGATURES they come as their letters, and
# without TEXT_CID_FOR_UNKNOWN_UNICODE glyphs that stand for no character come as U+FFFD, not as any other character.
_FLAGS = 2 | 64
_Mark = TypeVar("_Mark")
_STRAIGHT = 0.98  # cosine: a baseline that leans by more than 11 degrees follows no side of the page
_BOLD_FLAG = 16  # of a span, see PyMuPDF's TextPage.extractDICT
_ITALIC_FLAG = 2
_SLANTED_NAME = re.compile(
    r"italic|oblique|slanted|symbol|math|^(?:cm|lm|eu|msa|msb)(?:mi|sy|ex|m\d|b\d)|mtmi|mtsy|mtex", re.IGNORECASE
)
_RAISED_SIZE, _RAISED_BY = 0.85, 0.15  # of the line's font size
_BOLD_NAME = re.compile(r"bold|black|heavy|demi|-medi$|cmbx", re.IGNORECASE)
_ASCENT, _DESCENT = 0.87, 0.25  # of the font size; fonts for many scripts claim more than twice that
_WIDE = 2.0  # of the font size: spans that are farther apart are two runs, which MuPDF overlooks from right to left


class PaintedCharacter(TypedDict):
    """A character as PyMuPDF gives it."""

    c: str
    bbox: tuple[float, float, float, float]
    origin: tuple[float, float]


class _Span(TypedDict):
    text: str
    chars: list[PaintedCharacter]  # of extractRAWDICT, which gives no text
    bbox: tuple[float, float, float, float]
    origin: tuple[float, float]
    size: float
    flags: int
    font: str
    alpha: int


class PaintedLine(TypedDict):
    """A line as PyMuPDF gives it; what is not needed here is left out."""

    spans: list[_Span]
    bbox: tuple[float, float, float, float]
    dir: tuple[float, float]
    wmode: int


def lines_on(page: PdfPage, *, has_characters: bool) -> list[tuple[int, PaintedLine]]:
    """Return the lines, each with the number of its block; the same ones in the same order either way.

    With characters, spans have `chars` and no `text`, which takes several times longer.
    """
    lines = _lines(page, "rawdict" if has_characters else "dict")
    is_spaced = [
        line["dir"][0] > _STRAIGHT and is_letter_spaced("".join(map(_text, line["spans"]))) for _, line in lines
    ]
    if any(is_spaced):
        detailed = lines if has_characters else _lines(page, "rawdict")
        for (_, line), (_, with_characters), flag in zip(lines, detailed, is_spaced, strict=True):
            if flag:
                _close_up(line, with_characters)
    return unstacked(lines)


def _lines(page: PdfPage, form: str) -> list[tuple[int, PaintedLine]]:
    found: dict[str, Any] = page.get_text(form, flags=_FLAGS)
    return [(block["number"], line) for block in found["blocks"] for line in block["lines"]]


def _text(span: _Span) -> str:
    return span["text"] if "text" in span else "".join(character["c"] for character in span["chars"])


def _close_up(line: PaintedLine, detailed: PaintedLine) -> None:
    """Make one span of a letter-spaced line, which MuPDF gives in a span for each letter, if all are of one kind."""
    first = line["spans"][0]
    if any(
        (span["font"], span["size"], span["alpha"]) != (first["font"], first["size"], first["alpha"])
        for span in line["spans"]
    ):
        return
    kept = closed_up([character for span in detailed["spans"] for character in span["chars"]], first["size"])
    first["bbox"] = line["bbox"]
    if "text" in first:
        first["text"] = "".join(character["c"] for character in kept)
    else:
        first["chars"] = kept
    line["spans"] = [first]


def reading_frame(page: PdfPage, lines: Iterable[PaintedLine]) -> Frame:
    """Return the frame in which most of the visible text of `lines` runs to the right."""
    turns: Counter[int] = Counter()
    for line in lines:
        turn = _turn(line)
        if turn is not None:
            turns[turn] += sum(len(span["text"]) for span in line["spans"] if span["alpha"])
    upright = page.rotation % 360
    # Of two equally frequent directions the upright one wins.
    from_raw = max(turns, key=lambda turn: (turns[turn], turn == upright)) if turns else upright
    width, height = page.rect.width, page.rect.height
    if (from_raw - upright) % 180:
        width, height = height, width
    return Frame(width, height, from_raw, (upright - from_raw) % 360)


def _turn(line: PaintedLine) -> int | None:
    """Return by how many degrees clockwise the line has to be turned to run to the right; None if it is slanted."""
    x, y = line["dir"]
    for degrees, cosine in ((0, x), (90, -y), (180, -x), (270, y)):
        if cosine > _STRAIGHT:
            return degrees
    return None


def inked(text: str) -> int:
    """Return how many characters of a text can be seen; blanks cannot."""
    return sum(map(len, tidy(text).split()))


def cut_at_marks(
    line: PaintedLine, mark_at: Callable[[tuple[float, float, float, float]], _Mark], nothing: _Mark
) -> Iterator[tuple[_Mark, PaintedLine]]:
    """Yield the line, which has characters, in pieces of one mark each: the cell of a table, an address.

    `mark_at` tells the mark of a character's box. A blank goes with the character before it.
    """
    mark = nothing
    spans: list[_Span] = []
    for span in line["spans"]:
        characters: list[PaintedCharacter] = []
        for character in span["chars"]:
            here = mark if character["c"].isspace() else mark_at(character["bbox"])
            if here != mark:
                if characters:
                    spans.append(_span_of(span, characters))
                if spans:
                    yield mark, _line_of(line, spans)
                mark, spans, characters = here, [], []
            characters.append(character)
        if characters:
            spans.append(_span_of(span, characters))
    if spans:
        yield mark, _line_of(line, spans)


def cut_at_gaps(line: PaintedLine, frame: Frame) -> list[PaintedLine]:
    """Return the pieces of a line that wide gaps set apart; a line in another direction as it is.

    A gap is where no span is: in a line with both directions, neighbours in the text may be far from each other.
    """
    spans = line["spans"]
    if len(spans) == 1 or _turn(line) != frame.from_raw:
        return [line]
    places = [frame.rectangle(span["bbox"]) for span in spans]
    piece_of: dict[int, int] = {}
    reach = places[0].x1
    piece = 0
    for index in sorted(range(len(spans)), key=lambda each: places[each].x0):
        piece += bool(piece_of) and places[index].x0 - reach > _WIDE * spans[index]["size"]
        reach = max(reach, places[index].x1) if piece_of else places[index].x1
        piece_of[index] = piece
    return [
        _line_of(line, [span for index, span in enumerate(spans) if piece_of[index] == number])
        for number in range(piece + 1)
    ]


def _span_of(span: _Span, characters: Sequence[PaintedCharacter]) -> _Span:
    boxes = [character["bbox"] for character in characters]
    bbox = (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )
    text = "".join(character["c"] for character in characters)
    return {**span, "text": text, "chars": [], "bbox": bbox, "origin": characters[0]["origin"]}


def _line_of(line: PaintedLine, spans: list[_Span]) -> PaintedLine:
    return {**line, "spans": spans}


def run_of(line: PaintedLine, painted_block: int, frame: Frame, link: str = "") -> tuple[Run | None, int]:
    """Return the visible part of a line, None if that is blank, and the number of characters that are invisible.

    Invisible are render modes 3 and 7 and an opacity of 0, which PyMuPDF all calls alpha 0.
    """
    shown = [span for span in line["spans"] if span["alpha"]]
    hidden = sum(inked(span["text"]) for span in line["spans"] if not span["alpha"])
    sizes: Counter[tuple[float, float]] = Counter()
    for span in shown:
        sizes[round(span["size"], 2), frame.point(*span["origin"])[1]] += inked(span["text"])
    if not any(sizes.values()):
        return None, hidden
    size, baseline = max(sizes, key=sizes.__getitem__)
    if not all(math.isfinite(number) for span in shown for number in (span["size"], *span["bbox"], *span["origin"])):
        return None, hidden + sum(sizes.values())  # no place on the page
    text = "".join(span["text"] for span in shown)
    is_along = _turn(line) == frame.from_raw
    starts_raised = is_along and _is_raised(shown[0], size, baseline, frame)
    if starts_raised:
        # "1See" is a footnote's mark and its first word.
        text = f"{shown[0]['text']} {text[len(shown[0]['text']) :]}"
    rtl_letters, ltr_letters = letters_by_direction(text)
    if is_along and rtl_letters > ltr_letters and len(shown) > 1:
        places = [frame.rectangle(span["bbox"]) for span in shown]
        text = text_from_right([(place.x0, place.x1, span["text"]) for place, span in zip(places, shown, strict=True)])
    run = Run(
        text=text,
        place=rectangle_around(_glyphs(span, frame, is_capped=is_along and not line["wmode"]) for span in shown),
        baseline=baseline,
        size=size,
        is_bold=all(_is_bold(span) for span in shown if any(map(str.isalnum, span["text"]))),
        rtl_letters=rtl_letters,
        ltr_letters=ltr_letters,
        is_along=is_along,
        painted_block=painted_block,
        slanted=sum(len(span["text"]) for span in shown if _is_slanted(span)),
        starts_raised=starts_raised,
        link=link,
    )
    return run, hidden


def _glyphs(span: _Span, frame: Frame, *, is_capped: bool) -> Rectangle:
    whole = frame.rectangle(span["bbox"])
    if not is_capped:
        return whole
    baseline, size = frame.point(*span["origin"])[1], span["size"]
    top = max(whole.y0, baseline - _ASCENT * size)
    return Rectangle(whole.x0, top, whole.x1, max(top, min(whole.y1, baseline + _DESCENT * size)))


def _is_raised(span: _Span, size: float, baseline: float, frame: Frame) -> bool:
    is_small = span["size"] <= _RAISED_SIZE * size
    return is_small and baseline - frame.point(*span["origin"])[1] >= _RAISED_BY * size


def _is_slanted(span: _Span) -> bool:
    return bool(span["flags"] & _ITALIC_FLAG) or _SLANTED_NAME.search(span["font"]) is not None


def _is_bold(span: _Span) -> bool:
    return bool(span["flags"] & _BOLD_FLAG) or _BOLD_NAME.search(span["font"]) is not None
