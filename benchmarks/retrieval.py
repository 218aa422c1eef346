"""Do chunks retrieve? Asks 150 questions of 70 pages, with every system's passages of the same answers.

    python benchmarks/retrieval.py [--final] [--cache FOLDER] [--misses SYSTEM]

Prints, for MiniLM (English and German) and for BM25 (all languages), a table for all questions, one by kind and one by
language, and the intervals of the differences. `retrieval/README.md` says what the pages and questions are, what the
figures mean and what has to be installed. The questions that were kept apart are asked with `--final` alone.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from retrieval_scores import FIGURES, difference, score, value
from retrieval_search import Bm25, MiniLm, minilm_tokenizer
from retrieval_set import load_documents, load_questions
from retrieval_systems import OURS, make_systems

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from retrieval_scores import Figure
    from retrieval_set import Question
    from retrieval_systems import Passage

NEAREST = 5
MINILM_LANGUAGES = {"de", "en"}
LONGEST_NAME = 31
Scores = dict[str, list[dict[str, float]]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A retriever's scores: for each system those of each question, and the passages that it found."""

    questions: list[Question]
    scores: Scores
    hits: dict[str, list[list[Passage]]]


def ask(retriever: MiniLm | Bm25, systems: dict[str, list[Passage]], questions: list[Question]) -> Asked:
    """Return what each system's passages are worth. MiniLM sees English and German documents and questions alone."""
    languages = MINILM_LANGUAGES if isinstance(retriever, MiniLm) else {question.language for question in questions}
    asked = [question for question in questions if question.language in languages]
    scores, hits = {}, {}
    for name, all_passages in systems.items():
        passages = [passage for passage in all_passages if passage.language in languages]
        rows = retriever.scores([passage.text for passage in passages], [question.text for question in asked])
        hits[name] = [[passages[at] for at in np.argsort(-row, kind="stable")[:NEAREST]] for row in rows]
        scores[name] = [score(question, found) for question, found in zip(asked, hits[name], strict=True)]
    return Asked(asked, scores, hits)


def print_table(title: str, scores: Scores, systems: dict[str, list[Passage]]) -> None:
    """Print a row for each system; behind a figure "+" where ours is significantly better, "-" where worse."""
    print(f"\n{title}, {len(scores[OURS])} questions")
    print(" " * LONGEST_NAME + "".join(f"{figure.name:>11}" for figure in FIGURES))
    for name, theirs in scores.items():
        cells = ""
        for figure in FIGURES:
            if figure.needs_boxes and not _has_boxes(systems[name]):
                cells += f"{'.':>11}"
                continue
            verdict = difference(scores[OURS], theirs, figure).verdict if name != OURS else ""
            cells += f"{_shown(value(theirs, figure), figure):>10}{verdict or ' '}"
        print(f"{name:{LONGEST_NAME}}{cells}")


def _shown(number: float, figure: Figure) -> str:
    if not math.isfinite(number):
        return "none"  # not a single answer
    return f"{number:.{0 if figure.is_better_small else 3}f}"


def _has_boxes(passages: Sequence[Passage]) -> bool:
    return any(piece.box for passage in passages for piece in passage.pieces)


def print_intervals(scores: Scores, systems: dict[str, list[Passage]]) -> None:
    """Print the difference of ours to each other system with its interval."""
    print("\nours less the other, 95 % intervals")
    for name, theirs in scores.items():
        for figure in FIGURES:
            if name == OURS or (figure.needs_boxes and not _has_boxes(systems[name])):
                continue
            interval = difference(scores[OURS], theirs, figure)
            mean = value(scores[OURS], figure) - value(theirs, figure)
            digits = 0 if figure.is_better_small else 3
            print(
                f"{name:{LONGEST_NAME}}{figure.name:>11} {mean:+10.{digits}f} "
                f"[{interval.low:+.{digits}f}, {interval.high:+.{digits}f}] {interval.verdict}"
            )


def print_groups(asked: Asked, key: Callable[[Question], str], systems: dict[str, list[Passage]]) -> None:
    """Print a table for each group of questions."""
    groups: dict[str, list[int]] = defaultdict(list)
    for at, question in enumerate(asked.questions):
        groups[key(question)].append(at)
    for group, members in sorted(groups.items()):
        print_table(group, {name: [rows[at] for at in members] for name, rows in asked.scores.items()}, systems)


def print_misses(asked: Asked, name: str) -> None:
    """Print the questions that a system's best passage does not answer, and what it found instead."""
    for question, row, found in zip(asked.questions, asked.scores[name], asked.hits[name], strict=True):
        if row["answered@1"]:
            continue
        better = [other for other, rows in asked.scores.items() if rows[asked.questions.index(question)]["answered@1"]]
        places = ",".join(str(gold.page_number) for gold in question.gold)
        words = "; ".join(word for gold in question.gold for word in gold.words)
        print(f"\n{question.id} {question.kind} {question.document} p{places}: {question.text}  [{words}]")
        print(f"  answered@5: {bool(row['answered@5'])}; first for: {', '.join(better) or 'nobody'}")
        for passage in found[:3]:
            text = " ".join(passage.text.split())
            print(f"  {passage.document} p{sorted(passage.pages())} {passage.tokens} tokens: {text[:220]}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Measures retrieval with chunks of dsocr_loaders and of others.")
    parser.add_argument("--final", action="store_true", help="ask the questions that were kept apart")
    parser.add_argument("--cache", type=Path, help="keep embeddings here (default: a temporary folder)")
    parser.add_argument("--misses", metavar="SYSTEM", help="list the questions that its best passage does not answer")
    arguments = parser.parse_args()
    questions = [question for question in load_questions() if question.is_final == arguments.final]
    systems = dict(make_systems(load_documents(), minilm_tokenizer()))
    half = "final" if arguments.final else "development"
    print(f"{len(questions)} questions of the {half} half")
    for name, passages in systems.items():
        mean = sum(passage.tokens for passage in passages) / len(passages)
        print(f"{name:{LONGEST_NAME}}{len(passages):5} passages, {mean:4.0f} tokens on average")
    with tempfile.TemporaryDirectory() as folder:
        for retriever in (MiniLm(arguments.cache or Path(folder)), Bm25()):
            asked = ask(retriever, systems, questions)
            print(f"\n== {retriever.name}")
            print_table("all", asked.scores, systems)
            print_intervals(asked.scores, systems)
            print_groups(asked, lambda question: question.kind, systems)
            print_groups(asked, lambda question: question.language, systems)
            if arguments.misses:
                print_misses(asked, arguments.misses)


if __name__ == "__main__":
    main()
