"""The committed pages and questions of `benchmarks/retrieval/`, as values."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from dsocr_loaders.geometry import Box

__all__ = ["FOLDER", "BenchmarkDocument", "Gold", "Question", "load_documents", "load_questions"]

FOLDER = Path(__file__).parent / "retrieval"


@dataclass(frozen=True, slots=True)
class BenchmarkDocument:
    """A document as the model answered for it.

    Attributes:
        name: the document.
        language: `"en"`, `"de"`, `"zh"` or `"ar"`.
        style: such as `"paper"`.
        width_px, height_px: of every page.
        answers: the grounded answers, one for each page.
    """

    name: str
    language: str
    style: str
    width_px: int
    height_px: int
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gold:
    """Where a question is answered, or a half of where if the answer goes over a page break.

    Attributes:
        page_number: from 1.
        boxes: of the region that answers: a paragraph, a table, a caption; fractions of the page.
        answer_boxes: the table's row where the answer stands; for everything but tables the same as `boxes`.
        words: what the region says that answers.
    """

    page_number: int
    boxes: tuple[Box, ...]
    answer_boxes: tuple[Box, ...]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A question and its gold answer.

    Attributes:
        id: such as `"q001"`.
        text: in a user's words.
        language, document: of the document that answers.
        kind: `"text"`, `"table"`, `"figure"` or `"page-break"`.
        gold: where the answer stands, in page order.
        is_final: kept apart for the final figure.
    """

    id: str
    text: str
    language: str
    document: str
    kind: str
    gold: tuple[Gold, ...]
    is_final: bool


def load_documents() -> list[BenchmarkDocument]:
    """Return the documents, in the order of `documents.jsonl`."""
    documents = []
    for row in _rows("documents.jsonl"):
        answers = tuple(
            (FOLDER / "answers" / f"{row['document']}-{page}.txt").read_text(encoding="utf-8")
            for page in range(1, row["pages"] + 1)
        )
        documents.append(
            BenchmarkDocument(row["document"], row["language"], row["style"], row["width"], row["height"], answers)
        )
    return documents


def load_questions() -> list[Question]:
    """Return the questions, in the order of `questions.jsonl`."""
    return [
        Question(
            row["id"],
            row["question"],
            row["language"],
            row["document"],
            row["kind"],
            tuple(
                Gold(gold["page"], _boxes(gold["boxes"]), _boxes(gold["answer_boxes"]), tuple(gold["words"]))
                for gold in row["gold"]
            ),
            row["final"],
        )
        for row in _rows("questions.jsonl")
    ]


def _rows(name: str) -> list[dict]:
    return [json.loads(line) for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()]


def _boxes(rows: list[list[float]]) -> tuple[Box, ...]:
    return tuple(Box(*row) for row in rows)
