"""The chunker: structure first, then the budget, with nothing lost on the way."""

from __future__ import annotations

import uuid

import pytest

from dsocr_loaders.chunking import Chunker, estimate_tokens
from dsocr_loaders.geometry import Box
from dsocr_loaders.settings import Settings
from dsocr_loaders.testing.pages import failed_page, page_from_answer, page_from_regions, report_source
from dsocr_loaders.values import Chunk, PageResult, PageStatus, Region, RegionType, TextSource

BOX = Box(0.1, 0.2, 0.9, 0.4)


def chunks_of(*pages: PageResult, **chosen: object) -> list[Chunk]:
    chunker = Chunker(Settings(**chosen))
    return [chunk for page in pages for chunk in chunker.add(page)] + chunker.finish()


def region(kind: RegionType, text: str, **more: object) -> Region:
    return Region(kind, kind.value, more.pop("boxes", (BOX,)), text, **more)


def test_fills_a_chunk_up_to_the_budget() -> None:
    """Paragraphs of a section share a chunk as long as they fit."""
    page = page_from_regions([region(RegionType.TEXT, f"word{number} " * 10) for number in range(6)])

    chunks = chunks_of(page, chunk_tokens=50)

    assert [2, 2, 2] == [len(chunk.regions) for chunk in chunks]
    assert all(estimate_tokens(chunk.text) <= 50 for chunk in chunks)


def test_leaves_out_furniture_and_bare_figures() -> None:
    """Headers, footers, page numbers and figures without words make no chunk; a captioned figure makes one."""
    page = page_from_regions(
        [
            region(RegionType.HEADER, "Running head"),
            region(RegionType.FIGURE, ""),
            region(RegionType.FIGURE, ""),
            region(RegionType.CAPTION, "Figure 2: Rain", caption_of=2),
            region(RegionType.FOOTER, "Company"),
            region(RegionType.PAGE_NUMBER, "7"),
        ]
    )

    chunks = chunks_of(page)

    assert ["Figure 2: Rain"] == [chunk.text for chunk in chunks]


def test_never_mixes_text_sources() -> None:
    """Text that was read and text of a text layer are in different chunks."""
    read = page_from_regions([region(RegionType.TEXT, "Read.")])
    layer = page_from_regions([region(RegionType.TEXT, "Typed.")], page_number=2, text_source=TextSource.TEXT_LAYER)

    assert [("Read.", "ocr"), ("Typed.", "text_layer")] == [
        (chunk.text, chunk.metadata.text_source) for chunk in chunks_of(read, layer)
    ]


def test_takes_the_worse_status_of_two_pages() -> None:
    """A chunk over two pages has both page numbers and the worse status, and its box is on the first."""
    first = page_from_regions([region(RegionType.TEXT, "One.")], total_pages=2)
    second = page_from_regions(
        [region(RegionType.TEXT, "Two.", boxes=(Box(0.0, 0.0, 1.0, 0.1),))],
        page_number=2,
        status=PageStatus.TRUNCATED,
    )

    (chunk,) = chunks_of(first, second)

    assert (1, 2, "truncated") == (
        chunk.metadata.page_number,
        chunk.metadata.page_end,
        chunk.metadata.page_status,
    )
    assert (BOX.y0, BOX.y1) == (chunk.metadata.bbox_y0, chunk.metadata.bbox_y1)


def test_makes_a_failed_page_visible() -> None:
    """A failed page is one chunk without text and with its status."""
    (chunk,) = chunks_of(failed_page())

    assert ("", "failed", "page", "[]") == (
        chunk.text,
        chunk.metadata.page_status,
        chunk.metadata.bbox_source,
        chunk.metadata.regions,
    )


def test_links_neighbours_and_counts() -> None:
    """Chunks know the ones before and behind them and their position."""
    page = page_from_regions([region(RegionType.TEXT, "word " * 40) for _ in range(3)])

    chunks = chunks_of(page, chunk_tokens=50)

    ids = [chunk.id for chunk in chunks]
    assert 3 == len(set(ids))
    assert ["", *ids[:-1]] == [chunk.previous_id for chunk in chunks]
    assert [*ids[1:], ""] == [chunk.next_id for chunk in chunks]
    assert [0, 1, 2] == [chunk.metadata.chunk_index for chunk in chunks]


def test_names_chunks_by_place_and_text() -> None:
    """Reruns agree; another text, another place or another file gives another id."""
    text = "<|ref|>text<|/ref|><|det|>[[0, 0, 9, 9]]<|/det|>\n"

    def identity(words: str, **place: object) -> str:
        return chunks_of(page_from_answer(f"{text}{words}", **place))[0].id

    first = identity("Rain.")

    assert first == identity("Rain.")
    assert 3 == len({first, identity("Snow."), identity("Rain.", page_number=2)})


def test_counts_tokens_with_the_users_counter() -> None:
    """A `token_counter` decides how much fits."""
    page = page_from_regions([region(RegionType.TEXT, "a b c d e f g h i j k l m n o p q r s t")])

    chunks = chunks_of(page, chunk_tokens=16, token_counter=lambda text: 2 * len(text.split()))

    assert ["a b c d e f g h", "i j k l m n", "o p q r s t"] == [chunk.text for chunk in chunks]


@pytest.mark.parametrize(
    ("kind", "position", "boxes", "expected"),
    [
        (RegionType.CAPTION, 0, ((), ()), "words\n\nchart"),
        (RegionType.CAPTION, 1, ((), ()), "chart\n\nwords"),
        (RegionType.CAPTION, 0, ((Box(0, 0.8, 1, 0.9),), (BOX,)), "chart\n\nwords"),
        (RegionType.CAPTION, 1, ((Box(0, 0, 1, 0.1),), (BOX,)), "words\n\nchart"),
        (RegionType.CAPTION, 1, ((Box(0, 0, 1, 0.1),), ()), "chart\n\nwords"),
        (RegionType.FOOTNOTE, 0, ((Box(0, 0, 1, 0.1),), (BOX,)), "chart\n\nwords"),
    ],
)
def test_puts_captions_where_they_stand(
    kind: RegionType, position: int, boxes: tuple[tuple[Box, ...], tuple[Box, ...]], expected: str
) -> None:
    """A caption goes above or below by the boxes, else by the order; a footnote is always below."""
    regions = [region(RegionType.FIGURE, "chart", boxes=boxes[1]), region(RegionType.TEXT, "After.")]
    regions.insert(position, region(kind, "words", boxes=boxes[0], caption_of=1 - position))

    chunks = chunks_of(page_from_regions(regions))

    assert [expected, "After."] == [chunk.text for chunk in chunks]


def test_a_figure_with_words_stands_apart() -> None:
    """What a figure says is a chunk of its own, caption or not."""
    kinds = (RegionType.TEXT, RegionType.FIGURE, RegionType.TEXT)

    chunks = chunks_of(page_from_regions([region(kind, str(number)) for number, kind in enumerate(kinds)]))

    assert ["0", "1", "2"] == [chunk.text for chunk in chunks]


def test_names_equal_pieces_of_a_text_apart() -> None:
    """Words that repeat make pieces of equal text; where they begin tells them apart."""
    chunks = chunks_of(page_from_regions([region(RegionType.TEXT, "word " * 100)]), chunk_tokens=20)

    assert 1 == len({chunk.text for chunk in chunks})
    assert len(chunks) == len({chunk.id for chunk in chunks})


def test_a_failed_page_keeps_its_place() -> None:
    """The text before a failed page and the text behind it are not joined over it."""
    one, three = (page_from_regions([region(RegionType.TEXT, "words")], page_number=number) for number in (1, 3))

    chunks = chunks_of(one, failed_page(page_number=2), three)

    assert [(1, "words"), (2, ""), (3, "words")] == [(chunk.metadata.page_number, chunk.text) for chunk in chunks]


def test_names_files_whose_names_are_no_text() -> None:
    """A file name with bytes that are no UTF-8, and a lone surrogate in a text, have ids as all others."""
    page = page_from_regions([region(RegionType.TEXT, "half \ud83d")], source=report_source("caf\udce9.pdf"))

    (chunk,) = chunks_of(page)

    assert str(uuid.UUID(chunk.id)) == chunk.id
