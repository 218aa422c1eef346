"""How fast answers become chunks: prints two tables.

    python benchmarks/chunking.py [--pages 1000] [--tokenizer TOKENIZER_JSON]

1. **From answers to chunks**: pages a second on one core for each step, at half the pages and at all of them, so that
   what is not linear shows.
2. **Beside docling**: the same pages, made a `DoclingDocument`, through docling-core's `HierarchicalChunker` (which
   counts no tokens) and `HybridChunker`, with the same counter and budget as ours. It needs `docling-core[chunking]`.

Pages are written anew from a seed, in the model's own form: headings, paragraphs, lists, tables, figures and formulas.
Times are of this process alone, so that what else the machine does counts little. The tokens are our estimate's, or
those of a `tokenizer.json`.
"""

from __future__ import annotations

import argparse
import gc
import random
import time
from typing import TYPE_CHECKING

from dsocr_loaders.chunking import Chunker, token_count_of
from dsocr_loaders.grounding import parse_answer
from dsocr_loaders.settings import Settings
from dsocr_loaders.structure import Structurer, build_document
from dsocr_loaders.testing.pages import page_from_regions, report_source
from dsocr_loaders.values import SourceInfo

if TYPE_CHECKING:
    from collections.abc import Callable

    from dsocr_loaders.values import Document, PageResult

SYLLABLES = "ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu".split()  # noqa: SIM905 - reads better
BUDGET = 256
MOST_TOKENS = 10**9


def word(chance: random.Random) -> str:
    """Return something that looks like a word."""
    return "".join(chance.choice(SYLLABLES) for _ in range(chance.randint(1, 4)))


def sentence(chance: random.Random) -> str:
    """Return something that looks like a sentence."""
    words = [word(chance) for _ in range(chance.randint(6, 22))]
    return f"{' '.join(words).capitalize()}."


def answer_of(chance: random.Random, number: int) -> str:
    """Return what a model might answer for a page: about 3,500 characters."""
    top = 40
    blocks: list[str] = []

    def add(label: str, text: str, height: int) -> None:
        nonlocal top
        box = f"[[90, {min(998, top)}, 910, {min(999, top + height)}]]"
        blocks.append(f"<|ref|>{label}<|/ref|><|det|>{box}<|/det|>\n{text}\n")
        top += height + 8

    add("header", f"{word(chance).title()} report", 15)
    if number % 3 == 0:
        title = " ".join(word(chance) for _ in range(3))
        add("sub_title", f"## {number // 3 + 1} {title.title()}", 20)
    for place in range(5):
        add("text", " ".join(sentence(chance) for _ in range(chance.randint(2, 6))), 90)
        if place == 1 and number % 2 == 1:
            add("text", "\n".join(f"- {sentence(chance)}" for _ in range(chance.randint(3, 7))), 80)
        if place == 2 and number % 3 == 1:  # noqa: PLR2004 - on one page of three
            rows = "".join(
                f"<tr><td>{word(chance)} {row}</td>"
                + "".join(f"<td>{chance.randint(0, 9999) / 10}</td>" for _ in range(4))
                + "</tr>"
                for row in range(chance.randint(6, 24))
            )
            header = "<tr><td>name</td>" + "".join(f"<td>{word(chance)}</td>" for _ in range(4)) + "</tr>"
            add("table_caption", f"Table {number}: {sentence(chance)}", 15)
            add("table", f"<table>{header}{rows}</table>", 160)
        if place == 3 and number % 4 == 2:  # noqa: PLR2004 - now and then
            add("image", "", 120)
            add("image_caption", f"Figure {number}: {sentence(chance)}", 15)
        if place == 3 and number % 5 == 0:  # noqa: PLR2004 - likewise
            add("equation", r"\[ y_{k} = \sum_{i} a_{i} x_{k-i} + \epsilon \]", 40)
    add("page_number", str(number), 10)
    return "\n".join(blocks)


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """Return the seconds of this process that `work` takes, and what it returns."""
    gc.collect()
    begin = time.process_time()
    result = work()
    return time.process_time() - begin, result


def pages_of(answers: list[str]) -> list[PageResult]:
    """Return the answers as pages."""
    source = report_source()
    return [
        page_from_regions(parse_answer(answer).regions, page_number=number, source=source, total_pages=len(answers))
        for number, answer in enumerate(answers, start=1)
    ]


def structured(pages: list[PageResult]) -> Document:
    """Return the document that pages make."""
    info = SourceInfo(len(pages), tuple(page.label for page in pages), (), "pymupdf")
    structurer = Structurer(info, "stream")
    ready = [done for page in pages for done in structurer.add(page)] + structurer.finish()
    return build_document(report_source(), info, ready)


def chunked(document: Document, counter: object) -> list[object]:
    """Return the document's chunks."""
    chunker = Chunker(Settings(chunk_tokens=BUDGET, token_counter=counter))
    return [chunk for page in document.pages for chunk in chunker.add(page)] + chunker.finish()


def measure_ours(answers: list[str], counter: object) -> tuple[Document, float]:
    """Print the times of our steps at half of the answers and at all; return the document and the chunker's time."""
    print(f"{'pages':>6} {'parse':>9} {'structure':>10} {'chunk':>9} {'all':>9}   pages a second")
    for share in (answers[: len(answers) // 2], answers):
        parse_s, pages = timed(lambda share=share: pages_of(share))
        structure_s, document = timed(lambda pages=pages: structured(pages))
        chunk_s, chunks = timed(lambda document=document: chunked(document, counter))
        rates = [len(share) / each for each in (parse_s, structure_s, chunk_s, parse_s + structure_s + chunk_s)]
        print(f"{len(share):6} {rates[0]:9.0f} {rates[1]:10.0f} {rates[2]:9.0f} {rates[3]:9.0f}   {len(chunks)} chunks")
    return document, chunk_s


def measure_docling(document: Document, counter: object, ours_s: float) -> None:
    """Print the times of docling's chunkers beside ours."""
    try:
        from docling_core.transforms.chunker.hierarchical_chunker import (  # noqa: PLC0415 - optional
            HierarchicalChunker,
        )
        from docling_core.transforms.chunker.hybrid_chunker import HybridChunker  # noqa: PLC0415 - likewise
        from docling_core.transforms.chunker.tokenizer.base import BaseTokenizer  # noqa: PLC0415 - likewise

        from dsocr_loaders.export import document_to_docling  # noqa: PLC0415 - needs docling-core
    except (ImportError, RuntimeError) as error:
        print(f"docling-core[chunking] is not here: {error}")
        return
    counted = token_count_of(counter).count

    class Tokenizer(BaseTokenizer):
        def count_tokens(self, text: str) -> int:
            return counted(text)

        def get_max_tokens(self) -> int:
            return BUDGET

        def get_tokenizer(self) -> object:
            return counted

    converted = document_to_docling(document)
    print(f"\n{'chunker':24} {'pages a second':>14} {'times ours':>10}")
    print(f"{'ours':24} {len(document.pages) / ours_s:14.0f} {1:10.1f}")
    for name, chunker in (
        ("docling Hierarchical", HierarchicalChunker()),
        ("docling Hybrid", HybridChunker(tokenizer=Tokenizer())),
    ):
        spent_s, chunks = timed(lambda chunker=chunker: list(chunker.chunk(converted)))
        rate = len(document.pages) / spent_s
        print(f"{name:24} {rate:14.0f} {spent_s / ours_s:10.1f}   {len(chunks)} chunks")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--tokenizer", help="a tokenizer.json; by default our estimate counts")
    chosen = parser.parse_args()
    chance = random.Random(5)  # noqa: S311 - no secret
    answers = [answer_of(chance, number) for number in range(1, chosen.pages + 1)]
    print(f"{sum(map(len, answers)) / len(answers):.0f} characters a page\n")
    document, ours_s = measure_ours(answers, chosen.tokenizer)
    measure_docling(document, chosen.tokenizer, ours_s)


if __name__ == "__main__":
    main()
