"""The committed pages and questions are what `benchmarks/retrieval/README.md` promises."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest

from dsocr_loaders.grounding import parse_answer


@pytest.fixture
def retrieval_set(benchmark):
    return benchmark("retrieval_set")


@pytest.fixture
def documents(retrieval_set):
    return {document.name: document for document in retrieval_set.load_documents()}


@pytest.fixture
def questions(retrieval_set):
    return retrieval_set.load_questions()


def test_counts(documents, questions) -> None:
    """There are 70 pages in four languages and six styles, and 150 questions, a third of them not on plain text."""
    kinds = Counter(question.kind for question in questions)

    assert 70 == sum(len(document.answers) for document in documents.values())
    assert {"form", "manual", "newspaper", "paper", "report", "slides"} == {
        document.style for document in documents.values()
    }
    assert {"text": 97, "table": 28, "page-break": 16, "figure": 9} == kinds
    assert {"en": 66, "de": 36, "zh": 28, "ar": 20} == Counter(question.language for question in questions)


def test_ids_and_questions_are_unique(questions) -> None:
    """No question stands twice."""
    assert 150 == len({question.id for question in questions}) == len({question.text for question in questions})


def test_halves(questions) -> None:
    """Half of the questions are kept apart: half of each kind in each language, give or take one."""
    everything = Counter((question.language, question.kind) for question in questions)
    final = Counter((question.language, question.kind) for question in questions if question.is_final)

    assert 75 == final.total()
    assert [] == [group for group, count in everything.items() if abs(2 * final[group] - count) > 1]


def test_no_file_is_left_over(retrieval_set, documents) -> None:
    """Every answer belongs to a page of a document."""
    found = {path.name for path in (retrieval_set.FOLDER / "answers").iterdir()}

    assert {
        f"{document.name}-{page}.txt" for document in documents.values() for page in range(1, len(document.answers) + 1)
    } == found


def test_answers_are_read_whole(documents) -> None:
    """Nothing in an answer is out of order, every region has a box, and boxes of a page do not overlap."""
    for document in documents.values():
        for answer in document.answers:
            parsed = parse_answer(answer)
            boxes = [box for region in parsed.regions for box in region.boxes]
            overlapping = [
                (one, other)
                for one, other in combinations(boxes, 2)
                if min(one.x1, other.x1) > max(one.x0, other.x0) and min(one.y1, other.y1) > max(one.y0, other.y0)
            ]

            assert () == tuple(parsed.issues)
            assert all(region.boxes for region in parsed.regions)
            assert [] == overlapping


def test_gold_stands_where_it_says(documents, questions) -> None:
    """Every answer word is in the region whose box is the gold box, behind that box's tag in the raw answer."""
    for question in questions:
        document = documents[question.document]
        for gold in question.gold:
            answer = document.answers[gold.page_number - 1]
            regions = [
                region
                for region in parse_answer(answer).regions
                if [_thousandths(box) for box in region.boxes] == [_thousandths(box) for box in gold.boxes]
            ]

            assert question.language == document.language
            assert 1 == len(regions), question.id
            assert [] == [word for word in gold.words if word not in regions[0].text], question.id
            tag = ", ".join(str(list(_thousandths(box))) for box in gold.boxes)
            _, _, behind = answer.partition(f"<|det|>[{tag}]<|/det|>")
            assert [] == [word for word in gold.words if word not in behind], question.id


def test_rows_lie_inside_their_tables(questions) -> None:
    """The answer's own box is inside the region's box, and smaller only for tables."""
    for question in questions:
        for gold in question.gold:
            if gold.answer_boxes == gold.boxes:
                continue
            (table,), (row,) = gold.boxes, gold.answer_boxes

            assert (table.x0, table.x1) == (row.x0, row.x1)
            assert table.y0 <= row.y0 < row.y1 <= table.y1


def _thousandths(box) -> tuple[int, ...]:
    return tuple(round(side * 999) for side in (box.x0, box.y0, box.x1, box.y1))
