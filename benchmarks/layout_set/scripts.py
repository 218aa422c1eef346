"""Pages in other scripts: Chinese and Japanese across and downwards, Hebrew and Arabic from right to left.

The texts were written for this set. Hebrew and Arabic are set with the fonts that PyMuPDF brings along, the others with
fonts that every PDF reader has to have.
"""

# ruff: noqa: RUF001 - full-width marks are meant

from __future__ import annotations

import itertools
import random
import re
from typing import TYPE_CHECKING

import pymupdf

from layout_set.sheet import Book, Piece, TrueLine, TrueRegion, box_around, save_truth

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["chinese", "hebrew", "japanese", "vertical"]

CHINESE = (
    "港口的灯塔建于上世纪初，至今仍为往来船只指引方向。",
    "档案馆保存了大量记录，研究人员可以据此了解当时的贸易情况。",
    "工程师每年检查一次水库的堤坝，并将结果写入报告。",
    "由于河口淤积严重，委员会决定重新测量航道的深度。",
    "仓库里的仪器虽然陈旧，但经过校准后仍然十分可靠。",
    "居民们希望新的桥梁能够尽快完工，以便缩短上班的路程。",
    "植物园收集了来自高山地区的种子，并在温室里培育。",
    "养蜂人发现，果园附近的花粉比往年少得多。",
    "灌溉系统的改造提高了产量，也节约了用水。",
    "标本按照采集的年份排列，方便学生比较。",
)
JAPANESE = (
    "灯台は百年前に建てられ、今も船の道しるべとなっている。",
    "古い倉庫には、港の歴史を伝える記録が残されていた。",
    "技師たちは毎年春になると、堤防の高さを丁寧に測る。",
    "橋の工事が終われば、町の人々の暮らしは大きく変わるだろう。",
    "観測の結果は、委員会の報告書にまとめられる予定である。",
    "川の流れが変わったため、地図を作り直す必要があった。",
    "庭師は朝早くから温室の窓を開け、苗に水をやった。",
    "蜂は果樹園の花を訪れ、静かに蜜を集めていた。",
    "標本は採集した年ごとに並べられ、学生が見比べやすい。",
    "畑の土は雨のあとで柔らかく、種をまくのに向いている。",
)
HEBREW = (
    "המגדלור נבנה לפני מאה שנים והוא מאיר עד היום את הדרך לאוניות.",
    "בארכיון נשמרו רשומות רבות על המסחר בנמל הישן.",
    "המהנדסים בודקים את הסכר בכל אביב וכותבים דוח מפורט.",
    "הגשר החדש יקצר את הדרך לעבודה של תושבי העיר.",
    "הגנן פותח את חלונות החממה ומשקה את השתילים.",
    "הדבורים אוספות צוף מן הפרחים שבמטע.",
    "הדגימות מסודרות לפי שנת האיסוף כדי להקל על התלמידים.",
    "הוועדה החליטה למדוד שוב את עומק התעלה.",
)


_NUMERALS = "〇一二三四五六七八九"


def _sentences(draw: random.Random, sentences: tuple[str, ...], count: int, joint: str = "") -> str:
    """Return sentences with a number each, so that hardly any line comes twice."""
    made = []
    for _ in range(count):
        sentence, number = draw.choice(sentences), draw.randrange(100, 999)
        if joint:
            words = sentence.split()
            words.insert(draw.randrange(1, len(words) - 1), f"({number})")
            made.append(" ".join(words))
        else:
            made.append("第" + "".join(_NUMERALS[int(digit)] for digit in str(number)) + "。" + sentence)
    return joint.join(made)


def _set(sheet_regions: list[TrueRegion], region: TrueRegion) -> None:
    region.boxes = region.boxes or [box_around(line.box for line in region.lines)]
    sheet_regions.append(region)


def chinese(seed: str, half: int, columns: int, size: float = 10.5, font: str = "chinese") -> Book:
    """Return a Chinese or Japanese page set across: title, headings, paragraphs in columns."""
    draw = random.Random(seed)
    sentences = (CHINESE if font == "chinese" else JAPANESE)[half * 6 : 6 + half * 4]
    book = Book()
    sheet = book.add_sheet()
    y = 80.0
    title = sentences[0][:9]
    sheet.write(Piece(60, y, title, font, 20))
    _set(
        sheet.regions, TrueRegion("title", title, [], [TrueLine((60, y - 17, 60 + 20 * len(title), y + 2.5), title)], 1)
    )
    gutter = 24.0
    width = (475 - gutter * (columns - 1)) / columns
    per_line = int(width / size)
    for column in range(columns):
        x, y = 60 + column * (width + gutter), 120.0
        while y < 640:
            heading = draw.choice(sentences)[2:8]
            sheet.begin_block()
            sheet.write(Piece(x, y + 13, heading, font, 13))
            box = (x, y + 13 - 0.86 * 13, x + 13 * len(heading), y + 13 + 0.12 * 13)
            _set(sheet.regions, TrueRegion("heading", heading, [], [TrueLine(box, heading)], 2))
            y += 25
            for _ in range(2):
                text = _sentences(draw, sentences, draw.randrange(3, 6))
                region = TrueRegion("text", text, [])
                first = per_line - 2
                cuts = [0, first, *range(first + per_line, len(text) + per_line, per_line)]
                for index, (start, end) in enumerate(itertools.pairwise(cuts)):
                    part = text[start:end]
                    if not part:
                        continue
                    at = x + (2 * size if index == 0 else 0)
                    sheet.begin_line()
                    sheet.write(Piece(at, y + size, part, font, size))
                    box = (at, y + 0.14 * size, at + size * len(part), y + 1.12 * size)
                    region.lines.append(TrueLine(box, part))
                    y += 1.5 * size
                _set(sheet.regions, region)
                y += 0.5 * size
    return book


def japanese(seed: str, half: int) -> Book:
    """Return a Japanese page set across in one column."""
    return chinese(seed, half, 1, 11.0, "japanese")


def vertical(seed: str, half: int, tiers: int, size: float = 11.0, *, by_character: bool = False) -> Book:
    """Return a Japanese page set downwards: lines from right to left, in one tier or two, one below the other.

    With `by_character` each character is placed by itself in a font that runs across, as word processors do.
    """
    draw = random.Random(seed)
    sentences = JAPANESE[half * 6 : 6 + half * 4]
    book = Book()
    sheet = book.add_sheet()
    font = "japanese" if by_character else "vertical"

    def line(text: str, x: float, y: float, points: float) -> TrueLine:
        sheet.begin_line()
        if by_character:
            for index, character in enumerate(text):
                sheet.write(Piece(x - points / 2, y + (index + 0.88) * points, character, font, points))
        else:
            sheet.write(Piece(x, y, text, font, points))
        return TrueLine((x - points / 2, y, x + points / 2, y + points * len(text)), text)

    title = sentences[1][:8]
    x = 530.0
    _set(sheet.regions, TrueRegion("title", title, [], [line(title, x, 90, 20)], 1))
    right = x - 40
    height = (680.0 - 30 * (tiers - 1)) / tiers
    per_line = int(height / size)
    for tier in range(tiers):
        x, y = right, 80 + tier * (height + 30)
        while x > 120:
            text = _sentences(draw, sentences, draw.randrange(3, 6))
            region = TrueRegion("text", text, [])
            sheet.begin_block()
            first = per_line - 1
            cuts = [0, first, *range(first + per_line, len(text) + per_line, per_line)]
            for index, (start, end) in enumerate(itertools.pairwise(cuts)):
                if text[start:end]:
                    region.lines.append(line(text[start:end], x, y + (size if index == 0 else 0), size))
                    x -= 1.7 * size
            _set(sheet.regions, region)
            x -= 0.8 * size
    return book


def _as_painted(text: str) -> str:
    """Return Hebrew from left to right: letters reversed, numbers and the brackets around them not."""
    return re.sub(r"\)\d+\(", lambda found: "(" + found[0][1:-1][::-1] + ")", text[::-1])


def hebrew(path: Path, seed: str, half: int, columns: int) -> None:
    """Write a Hebrew page with columns that are read from the right, and its truth."""
    draw = random.Random(seed)
    sentences = HEBREW[half * 4 : 4 + half * 4]
    document = pymupdf.open()
    page = document.new_page(width=595, height=842)
    font = pymupdf.Font(script=7)  # MuPDF's number of the script, see ucdn.h
    writer = pymupdf.TextWriter(page.rect)
    regions: list[TrueRegion] = []

    def line(text: str, right: float, y: float, size: float) -> TrueLine:
        width = font.text_length(text, size)
        writer.append((right - width, y), _as_painted(text), font=font, fontsize=size)
        return TrueLine((right - width, y - 0.75 * size, right, y + 0.2 * size), text)

    title = " ".join(sentences[0].split()[:4])
    _set(regions, TrueRegion("title", title, [], [line(title, 535, 80, 20)], 1))
    gutter = 24.0
    width = (475 - gutter * (columns - 1)) / columns
    for column in range(columns):
        right, y = 535 - column * (width + gutter), 120.0
        while y < 680:
            heading = " ".join(draw.choice(sentences).split()[1:4])
            _set(regions, TrueRegion("heading", heading, [], [line(heading, right, y + 14, 14)], 2))
            y += 24
            for _ in range(2):
                text = _sentences(draw, sentences, 3, " ")
                region, words = TrueRegion("text", text, []), []
                for word in [*text.split(), ""]:
                    if not word or font.text_length(" ".join([*words, word]), 11) > width:
                        region.lines.append(line(" ".join(words), right, y + 11, 11))
                        words = []
                        y += 15
                    words.append(word)
                _set(regions, region)
                y += 8
    writer.write_text(page)
    document.subset_fonts()
    document.save(path, garbage=4, deflate=True, no_new_id=True)
    save_truth(path, [(595, 842, regions)])
