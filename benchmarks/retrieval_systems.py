"""What each system makes of the same answers: passages that know their pages, and where they can, their boxes.

Every system is set up as its documentation recommends, with `BUDGET` tokens, counted for all by one tokenizer.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

import dsocr_loaders
from dsocr_loaders.geometry import box_from_pixels
from dsocr_loaders.testing import ScriptedEngine
from dsocr_loaders.values import RegionType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from docling_core.transforms.chunker.base import BaseChunker
    from docling_core.types.doc import DoclingDocument
    from retrieval_set import BenchmarkDocument
    from tokenizers import Tokenizer

    from dsocr_loaders.geometry import Box

__all__ = ["BUDGET", "OURS", "Passage", "Piece", "make_systems"]

HEADINGS = {RegionType.TITLE, RegionType.HEADING}

BUDGET = 256
OURS = "ours"
_OVERLAP = BUDGET // 10
_REF = re.compile(r"<\|ref\|>(\w+)<\|/ref\|><\|det\|>.*<\|/det\|>\s?")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a passage, as far as the system tells its parts apart.

    Attributes:
        page_number: where it comes from.
        box: where it is there; None if the system does not say, and for headings, whose boxes docling does not name.
        text: what it says; `""` without a box.
    """

    page_number: int
    box: Box | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """What a system puts into the index.

    Attributes:
        document, language: where it comes from.
        text: what is indexed and handed on; cut at the budget for everybody.
        pieces: what it is made of.
        tokens: of `text`.
    """

    document: str
    language: str
    text: str
    pieces: tuple[Piece, ...]
    tokens: int

    def pages(self) -> set[int]:
        """Return the pages that it comes from."""
        return {piece.page_number for piece in self.pieces}

    def boxes(self, page_number: int) -> list[Box]:
        """Return its boxes on a page."""
        return [piece.box for piece in self.pieces if piece.page_number == page_number and piece.box is not None]


Made = tuple[str, Sequence[Piece]]


def make_systems(documents: Sequence[BenchmarkDocument], tokenizer: Tokenizer) -> Iterator[tuple[str, list[Passage]]]:
    """Yield each system's name and its passages of all documents. The first is `OURS`."""
    ways: dict[str, Callable[[BenchmarkDocument, Tokenizer], Iterable[Made]]] = {
        OURS: _ours,
        "docling hybrid": _docling_hybrid,
        "docling hybrid, Markdown tables": _docling_hybrid_markdown,
        "docling hierarchical": _docling_hierarchical,
        "Markdown, recursive": _recursive,
        "pages": _pages,
        "windows": _windows,
    }
    for name, way in ways.items():
        yield (
            name,
            [
                _passage(document, text, pieces, tokenizer)
                for document in documents
                for text, pieces in way(document, tokenizer)
                if text.strip()
            ],
        )


def _passage(document: BenchmarkDocument, text: str, pieces: Sequence[Piece], tokenizer: Tokenizer) -> Passage:
    offsets = tokenizer.encode(text, add_special_tokens=False).offsets
    if len(offsets) > BUDGET:
        text = text[: offsets[BUDGET - 1][1]]
    return Passage(document.name, document.language, text, tuple(pieces), min(len(offsets), BUDGET))


def _counter(tokenizer: Tokenizer) -> Callable[[str], int]:
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)


def _ours(document: BenchmarkDocument, tokenizer: Tokenizer) -> Iterator[Made]:
    """The public way from a file to chunks, with an engine that gives the recorded answers."""
    engine = ScriptedEngine(dict(enumerate(document.answers, start=1)), needs_image=False)
    with tempfile.TemporaryDirectory() as folder:
        path = _scan(Path(folder) / f"{document.name}.pdf", document)
        with dsocr_loaders.Reader(engine, structure="whole") as reader:
            read = reader.read(path)
    engine.close()
    chunks = dsocr_loaders.chunk(read, chunk_tokens=BUDGET, token_counter=_counter(tokenizer))
    for chunk in chunks:
        yield (
            chunk.contextualized,
            [
                Piece(piece.page_number)
                if piece.type in HEADINGS
                else Piece(piece.page_number, piece.box, chunk.text[piece.start : piece.end])
                for piece in chunk.regions
            ],
        )


def _scan(path: Path, document: BenchmarkDocument) -> Path:
    """Write a PDF with a black bar on each page, since empty pages are not read, and the engine does not look."""
    page = Image.new("L", (document.width_px, document.height_px), 255)
    page.paste(0, (document.width_px // 4, document.height_px // 4, document.width_px // 2, document.height_px // 2))
    page.save(path, save_all=True, append_images=[page] * (len(document.answers) - 1), resolution=144)
    return path


def _docling_document(document: BenchmarkDocument) -> DoclingDocument:
    """Join the pages as docling's VlmPipeline does: raw heading depths per page, levelled for the whole document."""
    from docling.utils.deepseekocr_utils import parse_deepseekocr_markdown  # noqa: PLC0415 - one package per system
    from docling.utils.vlm_utils import normalize_section_header_levels  # noqa: PLC0415 - one package per system
    from docling_core.types.doc import DoclingDocument, Size  # noqa: PLC0415 - one package per system

    size = Size(width=document.width_px, height=document.height_px)
    pages = [
        parse_deepseekocr_markdown(answer, size, 1, f"{document.name}.pdf", normalize_heading_levels=False)
        for answer in document.answers
    ]
    joined = DoclingDocument.concatenate(pages)
    normalize_section_header_levels(joined)
    return joined


def _docling(document: BenchmarkDocument, chunker: BaseChunker) -> Iterator[Made]:
    from docling_core.types.doc import RefItem  # noqa: PLC0415 - one package per system

    joined = _docling_document(document)
    for chunk in chunker.chunk(joined):
        pieces = []
        for reference in chunk.meta.doc_items:
            item = RefItem(cref=reference.self_ref).resolve(joined)  # a chunk's own copies have lost their text
            text = item.text if hasattr(item, "text") else ""
            if hasattr(item, "data"):
                text = " | ".join(cell.text for cell in item.data.table_cells)
            for origin in item.prov:
                box = origin.bbox
                found = box_from_pixels(
                    box.l, box.t, box.r, box.b, width_px=document.width_px, height_px=document.height_px
                )
                pieces.append(Piece(origin.page_no, found, text))
        yield chunker.contextualize(chunk), pieces


def _docling_tokenizer(tokenizer: Tokenizer) -> object:
    from docling_core.transforms.chunker.tokenizer.huggingface import (  # noqa: PLC0415 - one package per system
        HuggingFaceTokenizer,
    )
    from transformers import PreTrainedTokenizerFast  # noqa: PLC0415 - one package per system

    return HuggingFaceTokenizer(tokenizer=PreTrainedTokenizerFast(tokenizer_object=tokenizer), max_tokens=BUDGET)


def _docling_hybrid(document: BenchmarkDocument, tokenizer: Tokenizer) -> Iterator[Made]:
    from docling_core.transforms.chunker.hybrid_chunker import HybridChunker  # noqa: PLC0415 - one package per system

    yield from _docling(document, HybridChunker(tokenizer=_docling_tokenizer(tokenizer)))


def _docling_hybrid_markdown(document: BenchmarkDocument, tokenizer: Tokenizer) -> Iterator[Made]:
    """With docling's own way to show tables as Markdown, which lets its chunker repeat the header."""
    from docling_core.transforms.chunker.hierarchical_chunker import (  # noqa: PLC0415 - one package per system
        ChunkingDocSerializer,
        ChunkingSerializerProvider,
    )
    from docling_core.transforms.chunker.hybrid_chunker import HybridChunker  # noqa: PLC0415 - one package per system
    from docling_core.transforms.serializer.markdown import MarkdownTableSerializer  # noqa: PLC0415 - as above

    class Provider(ChunkingSerializerProvider):
        def get_serializer(self, doc: DoclingDocument) -> ChunkingDocSerializer:
            return ChunkingDocSerializer(doc=doc, table_serializer=MarkdownTableSerializer())

    chunker = HybridChunker(tokenizer=_docling_tokenizer(tokenizer), serializer_provider=Provider())
    yield from _docling(document, chunker)


def _docling_hierarchical(document: BenchmarkDocument, tokenizer: Tokenizer) -> Iterator[Made]:
    from docling_core.transforms.chunker.hierarchical_chunker import (  # noqa: PLC0415 - one package per system
        HierarchicalChunker,
    )

    del tokenizer  # it knows no budget
    yield from _docling(document, HierarchicalChunker())


def _markdown(answer: str) -> str:
    """Return the model's own Markdown, its tags removed as its official scripts remove them."""
    return _REF.sub(lambda tag: "![](image.jpg)\n" if tag[1] == "image" else "", answer)


def _joined(document: BenchmarkDocument) -> tuple[str, list[int]]:
    """Return the document's Markdown and where in it each page begins."""
    text, begins = "", []
    for answer in document.answers:
        begins.append(len(text))
        text += _markdown(answer).rstrip() + "\n\n"
    return text, begins


def _pieces_of_range(begins: list[int], start: int, end: int) -> list[Piece]:
    ends = [*begins[1:], max(end, begins[-1] + 1)]
    pages = enumerate(zip(begins, ends, strict=True), start=1)
    return [Piece(number) for number, (first, last) in pages if first < end and last > start]


def _recursive(document: BenchmarkDocument, tokenizer: Tokenizer) -> Iterator[Made]:
    """LangChain's separators for Markdown, then those that its documentation adds for scripts without word breaks."""
    from langchain_text_splitters import Language, RecursiveCharacterTextSplitter  # noqa: PLC0415 - one package per system

    markdown = RecursiveCharacterTextSplitter.get_separators_for_language(Language.MARKDOWN)
    splitter = RecursiveCharacterTextSplitter(
        separators=[*markdown[:-1], "\u200b", "\uff0c", "\u3001", "\uff0e", "\u3002", ""],
        is_separator_regex=True,
        length_function=_counter(tokenizer),
        chunk_size=BUDGET,
        chunk_overlap=_OVERLAP,
        add_start_index=True,
    )
    text, begins = _joined(document)
    for piece in splitter.create_documents([text]):
        start = piece.metadata["start_index"]
        yield piece.page_content, _pieces_of_range(begins, start, start + len(piece.page_content))


def _pages(document: BenchmarkDocument, tokenizer: Tokenizer) -> Iterator[Made]:
    """A page is a passage; what is over the budget is neither embedded nor handed on."""
    del tokenizer
    for number, answer in enumerate(document.answers, start=1):
        yield _markdown(answer), [Piece(number)]


def _windows(document: BenchmarkDocument, tokenizer: Tokenizer) -> Iterator[Made]:
    """Windows of the budget's length, a tenth of it shared with the one before."""
    text, begins = _joined(document)
    offsets = tokenizer.encode(text, add_special_tokens=False).offsets
    for first in range(0, max(1, len(offsets) - _OVERLAP), BUDGET - _OVERLAP):
        window = offsets[first : first + BUDGET]
        start, end = window[0][0], window[-1][1]
        yield text[start:end], _pieces_of_range(begins, start, end)
