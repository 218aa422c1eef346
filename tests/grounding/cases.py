"""The cases that `tests/grounding` checks and `docs/grounding.md` shows, and the program that writes that page.

python tests/grounding/cases.py
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dsocr_loaders.geometry import box_to_model
from dsocr_loaders.grounding import ISSUES, parse_answer

if TYPE_CHECKING:
    from dsocr_loaders.values import Region

PAGE = Path(__file__).parents[2] / "docs" / "grounding.md"


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    introduction: str


@dataclass(frozen=True, slots=True)
class Case:
    """An answer and what becomes of it; `reading` has one line for each region, as `describe` writes it."""

    title: str
    answer: str
    reading: tuple[str, ...]
    issues: tuple[str, ...] = ()
    dialect: str = "grounded"
    task: str = "document"
    finish_reason: str | None = None


def describe(region: Region) -> str:
    """Return a region in one line: type, label if it is another word, boxes in the model's numbers, text."""
    words = [region.type.value]
    if region.label not in {"", region.type.value}:
        words.append(f"({region.label})")
    if region.level:
        words.append(f"level {region.level}")
    if region.page_index:
        words.append(f"page {region.page_index}")
    words += [str(list(box_to_model(box))) for box in region.boxes]
    if region.caption_of is not None:
        words.append(f"of {region.caption_of}")
    return " ".join([*words, repr(region.text)])


CASES: tuple[Group | Case, ...] = (
    Group("Dialects", "The first tag names the dialect of an answer."),
    Case(
        "Grounded: what DeepSeek-OCR writes",
        answer=(
            "<|ref|>title<|/ref|><|det|>[[100, 50, 899, 90]]<|/det|>\n"
            "# A study of rain  \n"
            "\n"
            "<|ref|>text<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "It rains. \n"
            "Often.  \n"
            "\n"
            "<|ref|>image<|/ref|><|det|>[[500, 113, 900, 364]]<|/det|>\n"
        ),
        reading=(
            "title level 1 [100, 50, 899, 90] 'A study of rain'",
            "text [61, 113, 429, 364] 'It rains.\\nOften.'",
            "figure (image) [500, 113, 900, 364] ''",
        ),
    ),
    Case(
        "Grounded, after a server removed the special tokens",
        answer=(
            "text[[61, 113, 429, 364]]\n"
            "It rains.  \n"
            "\n"
            "table[[61, 400, 429, 500]]\n"
            "table_caption[[61, 380, 429, 398]]\n"
            "Table 1: Rain  \n"
            "\n"
            "<table>JanuaryFebruary1213</table>\n"
        ),
        reading=(
            "text [61, 113, 429, 364] 'It rains.'",
            "table [61, 400, 429, 500] '<table>JanuaryFebruary1213</table>'",
            "caption (table_caption) [61, 380, 429, 398] of 1 'Table 1: Rain'",
        ),
        issues=(
            "tags_stripped",
            "table_structure_lost",
        ),
        dialect="stripped",
    ),
    Case(
        "Label and box in one tag: what Unlimited-OCR writes",
        answer=(
            "<PAGE><|det|>header [61, 20, 429, 40]<|/det|>Weather\n"
            "<|det|>text [61, 113, 429, 364]<|/det|>It rains.\n"
            "<PAGE>\n"
            "<|det|>page_number [480, 960, 520, 980]<|/det|>2"
        ),
        reading=(
            "header [61, 20, 429, 40] 'Weather'",
            "text [61, 113, 429, 364] 'It rains.'",
            "page_number page 1 [480, 960, 520, 980] '2'",
        ),
        dialect="det_label",
    ),
    Case(
        "That form without its special tokens",
        answer=("title [100, 50, 899, 90]A study of rain\ntext [61, 113, 429, 364]It rains."),
        reading=(
            "title level 1 [100, 50, 899, 90] 'A study of rain'",
            "text [61, 113, 429, 364] 'It rains.'",
        ),
        issues=("tags_stripped",),
        dialect="det_label_stripped",
    ),
    Case(
        "Plain: no tags at all",
        answer=("Free OCR gives text.\n\n| Month | Rain |\n|---|---|\n| May | 12 |\n\nMore text."),
        reading=(
            "text 'Free OCR gives text.'",
            "table '| Month | Rain |\\n|---|---|\\n| May | 12 |'",
            "text 'More text.'",
        ),
        dialect="plain",
        task="free",
    ),
    Group("Tasks", "What the model was asked for decides where the text stands."),
    Case(
        "`ocr` and `locate`: the line stands inside the tag",
        answer=(
            "<|ref|>Total 12.50<|/ref|><|det|>[[10, 20, 300, 40]]<|/det|>\n"
            "<|ref|>table<|/ref|><|det|>[[10, 50, 300, 70]]<|/det|>"
        ),
        reading=(
            "text [10, 20, 300, 40] 'Total 12.50'",
            "text [10, 50, 300, 70] 'table'",
        ),
        task="ocr",
    ),
    Case(
        "`ocr` without special tokens",
        answer=("Total 12.50[[10, 20, 300, 40]]\nThanks[[10, 50, 300, 70]]"),
        reading=(
            "text [10, 20, 300, 40] 'Total 12.50'",
            "text [10, 50, 300, 70] 'Thanks'",
        ),
        issues=("tags_stripped",),
        dialect="stripped",
        task="ocr",
    ),
    Case(
        "`figure`: a table where the chart has numbers",
        answer="<table><tr><td>May</td><td>12</td></tr></table>",
        reading=("table '<table><tr><td>May</td><td>12</td></tr></table>'",),
        dialect="plain",
        task="figure",
    ),
    Case(
        "`describe`: one region without a box",
        answer=("A field in the rain.\n\nA dog."),
        reading=("text 'A field in the rain.\\n\\nA dog.'",),
        dialect="plain",
        task="describe",
    ),
    Group("Boxes", "Numbers are 0 to 999 of the page as it was sent. Boxes that cannot be read leave the text."),
    Case(
        "Several boxes: a paragraph that flows over columns",
        answer=("<|ref|>text<|/ref|><|det|>[[61, 113, 429, 364], [500, 113, 900, 200]]<|/det|>\nIt rains."),
        reading=("text [61, 113, 429, 364] [500, 113, 900, 200] 'It rains.'",),
    ),
    Case(
        "A missing comma",
        answer=("<|ref|>text<|/ref|><|det|>[[506 688, 660, 732]]<|/det|>\nIt rains."),
        reading=("text [506, 688, 660, 732] 'It rains.'",),
        issues=("box_misspelt",),
    ),
    Case(
        "A doubled comma",
        answer=("<|ref|>text<|/ref|><|det|>[[150,, 884, 884, 901]]<|/det|>\nIt rains."),
        reading=("text [150, 884, 884, 901] 'It rains.'",),
        issues=("box_misspelt",),
    ),
    Case(
        "A blank before and a fraction",
        answer=("<|ref|>text<|/ref|><|det|> [[500.5, 339, 775, 411]]<|/det|>\nIt rains."),
        reading=("text [500, 339, 775, 411] 'It rains.'",),
        issues=("box_with_fractions",),
    ),
    Case(
        "A missing bracket",
        answer=("<|ref|>text<|/ref|><|det|>[150, 421, 345, 444]]<|/det|>\nIt rains."),
        reading=("text [150, 421, 345, 444] 'It rains.'",),
        issues=("box_misspelt",),
    ),
    Case(
        "Out of range: clamped",
        answer=("<|ref|>text<|/ref|><|det|>[[110, -1, 444, 1005]]<|/det|>\nIt rains."),
        reading=("text [110, 0, 444, 999] 'It rains.'",),
        issues=("box_out_of_range",),
    ),
    Case(
        "Reversed: put in order",
        answer=("<|ref|>text<|/ref|><|det|>[[429, 364, 61, 113]]<|/det|>\nIt rains."),
        reading=("text [61, 113, 429, 364] 'It rains.'",),
        issues=("box_reversed",),
    ),
    Case(
        "No area",
        answer=("<|ref|>text<|/ref|><|det|>[[0, 0, 0, 0]]<|/det|>\nIt rains."),
        reading=("text [0, 0, 0, 0] 'It rains.'",),
        issues=("box_without_area",),
    ),
    Case(
        "A word between the numbers",
        answer=("<|ref|>text<|/ref|><|det|>[[44, raw 666, 501, 707]]<|/det|>\nIt rains."),
        reading=("text [44, 666, 501, 707] 'It rains.'",),
        issues=("box_with_words",),
    ),
    Case(
        "Three numbers",
        answer=("<|ref|>text<|/ref|><|det|>[[1, 2, 3]]<|/det|>\nIt rains."),
        reading=("text '[[1, 2, 3]]\\nIt rains.'",),
        issues=(
            "box_unreadable",
            "stray_tag",
        ),
    ),
    Case(
        "A name in place of the box",
        answer=("<|ref|>equation<|/ref|><|det|>[eq:sum]\n\\[a = b\\]"),
        reading=("formula (equation) '[eq:sum]\\n\\\\[a = b\\\\]'",),
        issues=("box_unreadable",),
    ),
    Case(
        "The formula itself in place of the box",
        answer="<|ref|>equation<|/ref|><|det|>[0.5]\\(f'(x) = 2\\) for all x.",
        reading=('formula (equation) "[0.5]\\\\(f\'(x) = 2\\\\) for all x."',),
        issues=("box_unreadable",),
    ),
    Group("Damaged tags", "Every part of a tag but its first marker may be missing."),
    Case(
        "`<|/ref|>` is missing",
        answer=("<|ref|>text<|det|>[[61, 113, 429, 364]]<|/det|>\nIt rains."),
        reading=("text [61, 113, 429, 364] 'It rains.'",),
        issues=("label_unclosed",),
    ),
    Case(
        "`<|det|>` is missing",
        answer=("<|ref|>equation<|/ref|>[150, 533, 789, 620]]<|/det|>\n\\[a = b\\]"),
        reading=("formula (equation) [150, 533, 789, 620] '\\\\[a = b\\\\]'",),
        issues=(
            "det_unopened",
            "box_misspelt",
        ),
    ),
    Case(
        "`<|/det|>` is missing",
        answer="<|ref|>text<|/ref|><|det|>[[61, 113, 429, 364]] It rains.",
        reading=("text [61, 113, 429, 364] 'It rains.'",),
        issues=("det_unclosed",),
    ),
    Case(
        "The box is missing",
        answer=("<|ref|>text<|/ref|>\nIt rains.\n"),
        reading=("text 'It rains.'",),
        issues=("box_missing",),
    ),
    Case(
        "The label is missing",
        answer=("<|det|>[[61, 113, 429, 364]]<|/det|>\nIt rains."),
        reading=("text [61, 113, 429, 364] 'It rains.'",),
        issues=("label_missing",),
    ),
    Case(
        "A tag begun again",
        answer=(
            "<|ref|>equation<|/ref|><|det|>[[147,\n"
            "\n"
            "<|ref|>equation<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "\\[a = b\\]"
        ),
        reading=("formula (equation) [61, 113, 429, 364] '\\\\[a = b\\\\]'",),
        issues=(
            "tag_cut_off",
            "tag_restarted",
        ),
    ),
    Case(
        "Cut off inside the label",
        answer=("It rains.\n<|ref|>te"),
        reading=(
            "text 'It rains.'",
            "text (te) ''",
        ),
        issues=(
            "tag_cut_off",
            "truncated",
        ),
        finish_reason="length",
    ),
    Case(
        "Cut off inside the box",
        answer=(
            "<|ref|>text<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "It rains.\n"
            "\n"
            "<|ref|>image<|/ref|><|det|>[[902, 940, 920,"
        ),
        reading=(
            "text [61, 113, 429, 364] 'It rains.'",
            "figure (image) ''",
        ),
        issues=(
            "tag_cut_off",
            "truncated",
        ),
        finish_reason="length",
    ),
    Case(
        "A marker alone",
        answer="It <|/ref|>rains.",
        reading=("text 'It rains.'",),
        issues=("stray_tag",),
        dialect="plain",
    ),
    Case(
        "Text where the label should be",
        answer="<|ref|>It rains often.<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n",
        reading=("text [61, 113, 429, 364] 'It rains often.'",),
        issues=("label_is_text",),
    ),
    Group(
        "Tables and captions",
        "The rows of a table follow its caption; a caption belongs to the table or figure next to it.",
    ),
    Case(
        "Rows behind the caption",
        answer=(
            "<|ref|>table<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "<|ref|>table_caption<|/ref|><|det|>[[61, 90, 429, 110]]<|/det|>\n"
            "Table 1: Rain  \n"
            "\n"
            "<table><tr><td>May</td><td>12</td></tr></table>\n"
            "\n"
            "<|ref|>table_footnote<|/ref|><|det|>[[61, 370, 429, 380]]<|/det|>\n"
            "Source: a gauge.\n"
        ),
        reading=(
            "table [61, 113, 429, 364] '<table><tr><td>May</td><td>12</td></tr></table>'",
            "caption (table_caption) [61, 90, 429, 110] of 0 'Table 1: Rain'",
            "footnote (table_footnote) [61, 370, 429, 380] of 0 'Source: a gauge.'",
        ),
    ),
    Case(
        "A caption before its figure, another behind",
        answer=(
            "<|ref|>image_caption<|/ref|><|det|>[[61, 90, 429, 110]]<|/det|>\n"
            "Figure 1\n"
            "\n"
            "<|ref|>image<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "\n"
            "<|ref|>image_caption<|/ref|><|det|>[[61, 590, 429, 610]]<|/det|>\n"
            "Figure 2\n"
            "\n"
            "<|ref|>image<|/ref|><|det|>[[61, 613, 429, 864]]<|/det|>\n"
        ),
        reading=(
            "caption (image_caption) [61, 90, 429, 110] of 1 'Figure 1'",
            "figure (image) [61, 113, 429, 364] ''",
            "caption (image_caption) [61, 590, 429, 610] of 3 'Figure 2'",
            "figure (image) [61, 613, 429, 864] ''",
        ),
    ),
    Case(
        "A centred caption",
        answer=(
            "<|ref|>image<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "<|ref|>image_caption<|/ref|><|det|>[[61, 370, 429, 390]]<|/det|>\n"
            "<center>Figure 1: Rain </center>  \n"
        ),
        reading=(
            "figure (image) [61, 113, 429, 364] ''",
            "caption (image_caption) [61, 370, 429, 390] of 0 'Figure 1: Rain'",
        ),
    ),
    Case(
        "Rows that come as a second table in the same place",
        answer=(
            "<|ref|>table<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "<|ref|>table_caption<|/ref|><|det|>[[61, 90, 429, 110]]<|/det|>\n"
            "Table 1\n"
            "\n"
            "<|ref|>table<|/ref|><|det|>[[60, 112, 430, 360]]<|/det|>\n"
            "<table><tr><td>12</td></tr></table>\n"
        ),
        reading=(
            "table [61, 113, 429, 364] '<table><tr><td>12</td></tr></table>'",
            "caption (table_caption) [61, 90, 429, 110] of 0 'Table 1'",
        ),
    ),
    Case(
        "Rows that are missing",
        answer=(
            "<|ref|>table<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "<|ref|>table_caption<|/ref|><|det|>[[61, 90, 429, 110]]<|/det|>\n"
            "Table 1\n"
        ),
        reading=(
            "table [61, 113, 429, 364] ''",
            "caption (table_caption) [61, 90, 429, 110] of 0 'Table 1'",
        ),
        issues=("table_without_body",),
    ),
    Case(
        "Several tables behind one tag",
        answer=(
            "<|ref|>table<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "<table><tr><td>1</td></tr></table><br>\n"
            "<table><tr><td>2</td></tr></table>\n"
        ),
        reading=(
            "table [61, 113, 429, 364] '<table><tr><td>1</td></tr></table>'",
            "table [61, 113, 429, 364] '<table><tr><td>2</td></tr></table>'",
        ),
    ),
    Case(
        "Text around a table",
        answer=(
            "<|ref|>table<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "In mm\n"
            "<table><tr><td>1</td></tr></table>\n"
            "Rounded.\n"
        ),
        reading=(
            "text (table) [61, 113, 429, 364] 'In mm'",
            "table [61, 113, 429, 364] '<table><tr><td>1</td></tr></table>'",
            "text (table) [61, 113, 429, 364] 'Rounded.'",
        ),
    ),
    Case(
        "A table that is cut off",
        answer=(
            "<|ref|>table<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n<table><tr><td>1</td><td>2</td></tr><tr><td>3"
        ),
        reading=("table [61, 113, 429, 364] '<table><tr><td>1</td><td>2</td></tr><tr><td>3'",),
        issues=(
            "table_unclosed",
            "truncated",
        ),
        finish_reason="length",
    ),
    Case(
        "A table that is not closed, and text behind it",
        answer=("<|ref|>table<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n<table><tr><td>1</td></tr>\n\nIt rains."),
        reading=(
            "table [61, 113, 429, 364] '<table><tr><td>1</td></tr>'",
            "text (table) [61, 113, 429, 364] 'It rains.'",
        ),
        issues=("table_unclosed",),
    ),
    Group("Text", "How a region's text comes from its characters."),
    Case(
        "Headings: marked, not marked, and marked as text",
        answer=(
            "<|ref|>sub_title<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "### 2.1 Setup\n"
            "\n"
            "<|ref|>sub_title<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "Method\n"
            "\n"
            "<|ref|>text<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "## Results\n"
        ),
        reading=(
            "heading (sub_title) level 3 [61, 113, 429, 364] '2.1 Setup'",
            "heading (sub_title) level 2 [61, 113, 429, 364] 'Method'",
            "heading (text) level 2 [61, 113, 429, 364] 'Results'",
        ),
    ),
    Case(
        "Text behind a heading's tag",
        answer=("<|ref|>sub_title<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n## Before you climb\n\n1 Is it dry?\n"),
        reading=(
            "heading (sub_title) level 2 [61, 113, 429, 364] 'Before you climb'",
            "text (sub_title) [61, 113, 429, 364] '1 Is it dry?'",
        ),
    ),
    Case(
        "Items glued into one line: split where a stop says so",
        answer=(
            "<|ref|>text<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "- Competence.- Common focus.- A high- resolution view.\n"
        ),
        reading=("text [61, 113, 429, 364] '- Competence.\\n- Common focus.\\n- A high- resolution view.'",),
    ),
    Case(
        "A formula and its number",
        answer=(
            "<|ref|>equation<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n\\[\nf(x) \\coloneqq x^2 \\quad (12)\n\\]\n"
        ),
        reading=("formula (equation) [61, 113, 429, 364] '\\\\[\\nf(x) := x^2 \\\\quad (12)\\n\\\\]'",),
    ),
    Case(
        "Text before the first tag and on a tag's line",
        answer=("Continued.\n<|ref|>text<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|> It rains.\n"),
        reading=(
            "text 'Continued.'",
            "text [61, 113, 429, 364] 'It rains.'",
        ),
    ),
    Case(
        "Several pages and the end of the answer",
        answer=(
            "<|ref|>text<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "one\n"
            "<--- Page Split --->\n"
            "<|ref|>text<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "two<｜end▁of▁sentence｜>"  # noqa: RUF001 - the model's own token
        ),
        reading=(
            "text [61, 113, 429, 364] 'one'",
            "text page 1 [61, 113, 429, 364] 'two'",
        ),
    ),
    Case(
        "A label that nobody knows",
        answer=("<|ref|>seal<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\nApproved\n"),
        reading=("text (seal) [61, 113, 429, 364] 'Approved'",),
    ),
)

FURTHER_CASES: tuple[Case, ...] = (
    Case(
        "A marked line in a longer text without a tag",
        answer="# Rain\nIt rains.",
        reading=("text '# Rain\\nIt rains.'",),
        dialect="plain",
    ),
    Case(
        "Rows behind a second caption",
        answer=(
            "<|ref|>table<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "<|ref|>table_caption<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "Table 1\n"
            "\n"
            "<|ref|>table_footnote<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "Note.\n"
            "\n"
            "<table>1</table>"
        ),
        reading=(
            "table [61, 113, 429, 364] '<table>1</table>'",
            "caption (table_caption) [61, 113, 429, 364] of 0 'Table 1'",
            "footnote (table_footnote) [61, 113, 429, 364] of 0 'Note.'",
        ),
        issues=("table_structure_lost",),
    ),
    Case(
        "A second caption goes to the next figure",
        answer=(
            "<|ref|>image<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "<|ref|>image_caption<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "A\n"
            "\n"
            "<|ref|>image_caption<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "B\n"
            "\n"
            "<|ref|>image<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>"
        ),
        reading=(
            "figure (image) [61, 113, 429, 364] ''",
            "caption (image_caption) [61, 113, 429, 364] of 0 'A'",
            "caption (image_caption) [61, 113, 429, 364] of 3 'B'",
            "figure (image) [61, 113, 429, 364] ''",
        ),
    ),
    Case(
        "A caption between a table without rows and one elsewhere with rows",
        answer=(
            "<|ref|>table<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "<|ref|>table_caption<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "T\n"
            "\n"
            "<|ref|>table<|/ref|><|det|>[[500, 500, 900, 900]]<|/det|>\n"
            "<table><tr><td>1</td></tr></table>"
        ),
        reading=(
            "table [61, 113, 429, 364] ''",
            "caption (table_caption) [61, 113, 429, 364] of 2 'T'",
            "table [500, 500, 900, 900] '<table><tr><td>1</td></tr></table>'",
        ),
        issues=("table_without_body",),
    ),
    Case(
        "A second table in the same place with a caption of its own",
        answer=(
            "<|ref|>table<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "<|ref|>table_caption<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "T\n"
            "\n"
            "<|ref|>table<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "<table><tr><td>1</td></tr></table>\n"
            "<|ref|>table_caption<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "U"
        ),
        reading=(
            "table [61, 113, 429, 364] ''",
            "caption (table_caption) [61, 113, 429, 364] of 0 'T'",
            "table [61, 113, 429, 364] '<table><tr><td>1</td></tr></table>'",
            "caption (table_caption) [61, 113, 429, 364] of 2 'U'",
        ),
        issues=("table_without_body",),
    ),
    Case(
        "Two tables behind a caption for one",
        answer=(
            "<|ref|>table<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "<|ref|>table_caption<|/ref|><|det|>[[61, 90, 429, 110]]<|/det|>\n"
            "T\n"
            "\n"
            "<table><tr>1</tr></table>\n"
            "<table><tr>2</tr></table>"
        ),
        reading=(
            "table [61, 113, 429, 364] '<table><tr>1</tr></table>'",
            "caption (table_caption) [61, 90, 429, 110] of 0 'T'",
            "table [61, 113, 429, 364] '<table><tr>2</tr></table>'",
        ),
    ),
    Case(
        "Rows behind a caption without a table",
        answer=(
            "<|ref|>table_caption<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "T\n"
            "\n"
            "<table><tr>1</tr></table>\n"
            "\n"
            "It rains."
        ),
        reading=(
            "caption (table_caption) [61, 113, 429, 364] of 1 'T'",
            "table '<table><tr>1</tr></table>'",
            "text 'It rains.'",
        ),
    ),
    Case(
        "A tag cut off before one of another label",
        answer=(
            "<|ref|>image<|/ref|><|det|>[[147,\n<|ref|>text<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\nIt rains."
        ),
        reading=(
            "figure (image) ''",
            "text [61, 113, 429, 364] 'It rains.'",
        ),
        issues=("tag_cut_off",),
    ),
    Case(
        "A table inside a table's cell",
        answer=(
            "<|ref|>table<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "<table><tr><td><table>1</table></td></tr></table>"
        ),
        reading=("table [61, 113, 429, 364] '<table><tr><td><table>1</table></td></tr></table>'",),
    ),
    Case(
        "A table begun again in its own line",
        answer=(
            "<|ref|>table<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "<table><tr><td>1</td><table><tr><td>2</td></tr></table>\n"
            "It rains."
        ),
        reading=(
            "table [61, 113, 429, 364] '<table><tr><td>1</td><table><tr><td>2</td></tr></table>'",
            "text (table) [61, 113, 429, 364] 'It rains.'",
        ),
        issues=("table_unclosed",),
    ),
    Case(
        "Two tables, the first not closed",
        answer=(
            "<|ref|>table<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "<table><tr><td>1</td></tr>\n"
            "<table><tr><td>2</td></tr></table>"
        ),
        reading=(
            "table [61, 113, 429, 364] '<table><tr><td>1</td></tr>'",
            "table [61, 113, 429, 364] '<table><tr><td>2</td></tr></table>'",
        ),
        issues=("table_unclosed",),
    ),
    Case(
        "A table not closed, cells behind a blank line",
        answer=(
            "<|ref|>table<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "<table><tr><td>1</td></tr>\n"
            "\n"
            "<tr><td>2</td></tr>\n"
            "\n"
            "<td>3"
        ),
        reading=("table [61, 113, 429, 364] '<table><tr><td>1</td></tr>\\n\\n<tr><td>2</td></tr>\\n\\n<td>3'",),
        issues=("table_unclosed",),
    ),
    Case(
        "A table not closed, text on the next line",
        answer=("<|ref|>table<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n<table><tr><td>1</td></tr>\nIt rains."),
        reading=("table [61, 113, 429, 364] '<table><tr><td>1</td></tr>\\nIt rains.'",),
        issues=("table_unclosed",),
    ),
    Case(
        "Brackets too many before <|/det|>",
        answer=("<|ref|>text<|/ref|>[[61, 113, 429, 364]]]]<|/det|>\nIt rains."),
        reading=("text [61, 113, 429, 364] 'It rains.'",),
        issues=(
            "det_unopened",
            "box_misspelt",
        ),
    ),
    Case(
        "A citation behind a box without <|/det|>",
        answer="<|ref|>text<|/ref|><|det|>[[61, 113, 429, 364]] [1, 2, 3, 4] say so.",
        reading=("text [61, 113, 429, 364] '[1, 2, 3, 4] say so.'",),
        issues=("det_unclosed",),
    ),
    Case(
        "Closed brackets in place of the box",
        answer=("<|ref|>equation<|/ref|><|det|>[][]\n\\[x\\]"),
        reading=("formula (equation) '[][]\\n\\\\[x\\\\]'",),
        issues=("box_unreadable",),
    ),
    Case(
        "A page separator first",
        answer=("<--- Page Split --->\n<|ref|>text<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\nIt rains."),
        reading=("text page 1 [61, 113, 429, 364] 'It rains.'",),
    ),
    Case(
        "A stripped tag cut off, not at the end",
        answer=("text[[61, 113,\nIt rains."),
        reading=("text 'text[[61, 113,\\nIt rains.'",),
        dialect="plain",
    ),
    Case(
        "A stripped tag cut off",
        answer=("text[[61, 113, 429, 364]]\nIt rains.\ntext[[61, 11"),
        reading=(
            "text [61, 113, 429, 364] 'It rains.'",
            "text ''",
        ),
        issues=(
            "tags_stripped",
            "tag_cut_off",
        ),
        dialect="stripped",
    ),
    Case(
        "Stops and hyphens in a line that is no list",
        answer=("<|ref|>text<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\nRain.- Wind.- Sun."),
        reading=("text [61, 113, 429, 364] 'Rain.- Wind.- Sun.'",),
    ),
    Case(
        "A marked line in a longer text",
        answer=("<|ref|>text<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n# Rain\nIt rains.\n"),
        reading=(
            "heading (text) level 1 [61, 113, 429, 364] 'Rain'",
            "text [61, 113, 429, 364] 'It rains.'",
        ),
    ),
    Case(
        "A marked line below a text",
        answer=("<|ref|>text<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\nIt rains.\n# Rain\n"),
        reading=("text [61, 113, 429, 364] 'It rains.\\n# Rain'",),
    ),
    Case(
        "Several words of a footnote that belongs to the page",
        answer=(
            "<|ref|>image<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "<|ref|>footnote<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n"
            "1 See above."
        ),
        reading=(
            "figure (image) [61, 113, 429, 364] ''",
            "footnote [61, 113, 429, 364] '1 See above.'",
        ),
    ),
    Case(
        "A table tag with text that is no table",
        answer=("<|ref|>table<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\nIt rains."),
        reading=("table [61, 113, 429, 364] 'It rains.'",),
        issues=("table_without_body",),
    ),
    Case(
        "A Markdown table behind a table's tag",
        answer=("<|ref|>table<|/ref|><|det|>[[61, 113, 429, 364]]<|/det|>\n| a |\n|---|\n| 1 |\n\nIt rains."),
        reading=(
            "table [61, 113, 429, 364] '| a |\\n|---|\\n| 1 |'",
            "text (table) [61, 113, 429, 364] 'It rains.'",
        ),
    ),
)
"""Checked, and too special for the page."""


def page() -> str:
    """Return the documentation page: each case's answer, its regions and its issues."""
    lines = ["<!-- Written by tests/grounding/cases.py; a test compares the two. -->", "", "# How answers are read", ""]
    lines += [INTRODUCTION, ""]
    for case in CASES:
        if isinstance(case, Group):
            lines += [f"## {case.title}", "", case.introduction, ""]
        else:
            lines += [*_shown(case), ""]
    lines += ["## Issues", "", "| code | meaning |", "|---|---|"]
    lines += [
        f"| `{code}` | {meaning.replace('<|', '&lt;&#124;').replace('|>', '&#124;&gt;')} |"
        for code, meaning in ISSUES.items()
    ]
    return "\n".join(lines) + "\n"


INTRODUCTION = """\
`parse_answer(text, task=..., finish_reason=...)` turns what the model wrote into regions. It raises for no text, and
loses none: every character is in the spans of a region or in `drops` (blanks, page markers, the end of the answer and
markers that are part of no tag). `AnswerScanner` reads the same while the answer is still being written.

Below, each case shows an answer and its regions: order, type, label where it is another word, boxes in the model's
numbers, the region that a caption is of, and the text. Codes of issues follow; an answer without any has none."""


def _shown(case: Case) -> list[str]:
    shown = [f"### {case.title}", "", "```text", *case.answer.rstrip("\n").split("\n"), "```", ""]
    details = [f"dialect `{case.dialect}`"]
    details += [f"task `{case.task}`"] if case.task != "document" else []
    details += [f"finish reason `{case.finish_reason}`"] if case.finish_reason else []
    shown += ["```text", *(f"{order}  {line}" for order, line in enumerate(case.reading)), "```", ""]
    codes = ", ".join(f"`{code}`" for code in case.issues)
    return [*shown, ", ".join(details) + (f"; issues: {codes}" if codes else "") + "."]


def read(case: Case) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """Return what `parse_answer` makes of a case, in the form of its `reading`, `issues` and `dialect`."""
    parsed = parse_answer(case.answer, task=case.task, finish_reason=case.finish_reason)
    codes = tuple(issue.code for issue in parsed.issues)
    return tuple(map(describe, parsed.regions)), codes, parsed.dialect.value


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
