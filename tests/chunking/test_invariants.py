"""What holds of the chunks of any document, under any settings."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from dsocr_loaders.chunking import Chunker, estimate_tokens, reconstruct_table
from dsocr_loaders.geometry import Box
from dsocr_loaders.settings import Settings
from dsocr_loaders.tables import parse_table
from dsocr_loaders.testing.pages import failed_page, page_from_regions
from dsocr_loaders.values import Join, PageStatus, Region, RegionType, TextSource

BOX = Box(0.1, 0.2, 0.9, 0.4)
FURNITURE = {RegionType.HEADER, RegionType.FOOTER, RegionType.PAGE_NUMBER}
HYPHENS = "-\u00ad\u2010"
SCRIPTS = (
    "abc Def. gh, ij! ",
    "中文句子。「引用」、好？",
    "كلمة عربية. جملة؟ ",
    "ภาษาไทย เก่ง ",
    "한국어 문장. ",
    "e\u0301🇩🇪👩\u200d👧 -12.5\n",
)
texts = st.lists(st.sampled_from(SCRIPTS).flatmap(lambda script: st.text(script, max_size=40)), max_size=6).map("".join)
kinds = st.sampled_from([kind for kind in RegionType if kind is not RegionType.TABLE])
boxes = st.sampled_from([(), (BOX,), (BOX, Box(0.1, 0.5, 0.4, 0.9))])
regions = st.builds(
    lambda kind, text, where: Region(kind, kind.value, where, text.strip(), level=2 if "heading" in kind else 0),
    kinds,
    texts,
    boxes,
)
joins = st.sampled_from([None, None, "hyphen", "none", "space", "line"])


@st.composite
def tables(draw):
    rows, columns = draw(st.integers(1, 12)), draw(st.integers(1, 6))
    cells = st.text("ab 漢7", min_size=1, max_size=draw(st.sampled_from([4, 60])))
    html = "".join(
        "<tr>" + "".join(f"<td>{draw(cells).strip() or 'x'}</td>" for _ in range(columns)) + "</tr>"
        for _ in range(rows)
    )
    return Region(RegionType.TABLE, "table", (BOX,), f"<table>{html}</table>")


@st.composite
def documents(draw):
    """Draw pages, some failed, some of a text layer, whose first texts may go on from the page before."""
    pages = []
    for number in range(1, draw(st.integers(1, 5)) + 1):
        if draw(st.integers(0, 9)) == 0:
            pages.append(failed_page(page_number=number))
            continue
        source = draw(st.sampled_from([TextSource.OCR, TextSource.OCR, TextSource.TEXT_LAYER]))
        drawn = draw(st.lists(regions | tables(), max_size=6))
        page = page_from_regions(drawn, page_number=number, text_source=source)
        pages.append(_joined_to(pages[-1], page, draw(joins)) if pages else page)
    return pages


def _joined_to(before, page, how):
    """Return the page with its first text continuing the last text of the page before."""
    last = [each for each in before.regions if each.type is RegionType.TEXT and each.text]
    first = [each for each in page.regions if each.type is RegionType.TEXT and each.text]
    if how is None or not last or not first or before.text_source is not page.text_source:
        return page
    join = Join(before.page_number, last[-1].order, how)
    changed = [replace(each, continues=join) if each is first[0] else each for each in page.regions]
    return replace(page, regions=tuple(changed))


chosen = st.fixed_dictionaries(
    {
        "chunk_tokens": st.integers(24, 150),
        "min_tokens": st.sampled_from([0, 8, 24]),
        "table_format": st.sampled_from(["markdown", "html"]),
        "include_furniture": st.booleans(),
        "contextualize": st.booleans(),
    }
)


def chunks_of(pages, **settings_chosen):
    chunker = Chunker(Settings(**settings_chosen))
    return [chunk for page in pages for chunk in chunker.add(page)] + chunker.finish()


def inked(text):
    return "".join(text.split())


@dataclass
class Expected:
    """The text of a document as it should stand in chunks, block by block, and its tables."""

    texts: list
    places: dict
    tables: list


def expected_of(pages, *, include_furniture):
    found = Expected([], {}, [])
    for page in pages:
        for each in page.regions:
            if each.type in FURNITURE and not include_furniture:
                continue
            if each.type is RegionType.TABLE:
                found.tables.append(parse_table(each.text))
                continue
            text = inked(each.text)
            if each.type is RegionType.FORMULA and text:
                text = f"$${text}$$"
            join = each.continues
            before = found.places.get((join.page_number, join.order)) if join else None
            if before is None:
                found.places[page.page_number, each.order] = len(found.texts)
                found.texts.append(text)
                continue
            earlier = found.texts[before]
            found.texts[before] = (earlier.rstrip(HYPHENS) if join.how == "hyphen" else earlier) + text
            found.places[page.page_number, each.order] = before
    return found


@settings(max_examples=30)
@given(documents(), chosen)
def test_any_document(pages, choice):
    """This test ensures that no text is lost, doubled or moved, that pieces cover it, and that budgets are kept."""
    expected = expected_of(pages, include_furniture=choice["include_furniture"])

    chunks = chunks_of(pages, **choice)

    plain = [chunk for chunk in chunks if not chunk.metadata.table_id]
    shown = "".join(inked(_own_text(chunk)) for chunk in chunks if not chunk.metadata.table_id)
    assert "".join(expected.texts) == (shown if not expected.tables else _without_openings(expected, chunks))
    by_table = {}
    for chunk in chunks:
        if chunk.metadata.table_id:
            by_table.setdefault(chunk.metadata.table_id, []).append(chunk)
    assert [each.grid for each in expected.tables] == [reconstruct_table(parts).grid for parts in by_table.values()]
    sources = {page.page_number: page.text_source for page in pages}
    for chunk in chunks:
        covered = set()
        for piece in chunk.regions:
            assert 0 <= piece.start <= piece.end <= len(chunk.text)
            assert sources[piece.page_number] == chunk.metadata.text_source
            covered.update(range(piece.start, piece.end))
        own = len(chunk.text) - len(_own_text(chunk))
        missing = "".join(letter for at, letter in enumerate(chunk.text) if at >= own and at not in covered)
        assert missing.isspace() or not missing
    assert all(estimate_tokens(chunk.contextualized) <= choice["chunk_tokens"] for chunk in plain)
    assert len(chunks) == len({chunk.id for chunk in chunks})
    assert chunks == chunks_of(pages, **choice)
    assert len({tuple(chunk.metadata.as_dict()) for chunk in chunks}) <= 1
    assert [page.page_number for page in pages if page.status is PageStatus.FAILED] == [
        chunk.metadata.page_number for chunk in chunks if not chunk.text
    ]


def _own_text(chunk):
    """Return the text without the context in front and without heading marks."""
    start = min((piece.start for piece in chunk.regions), default=0)
    own = chunk.text[start:]
    for piece in reversed(chunk.regions):
        if piece.type in {RegionType.TITLE, RegionType.HEADING}:
            at = piece.start - start
            marks = len(own[at:]) - len(own[at:].lstrip("#"))
            own = own[:at] + " " * marks + own[at + marks :]
    return own


def _without_openings(expected, chunks):
    """Return the text of all chunks without the tables in them."""
    shown = []
    for chunk in chunks:
        own = _own_text(chunk)
        offset = len(chunk.text) - len(own)
        for piece in sorted({(p.start, p.end) for p in chunk.regions if p.type is RegionType.TABLE}, reverse=True):
            own = own[: piece[0] - offset] + own[piece[1] - offset :]
        shown.append(inked(own))
    return "".join(shown)


@settings(max_examples=15)
@given(documents(), chosen, st.integers(0, 30))
def test_overlap_repeats_only_what_was_split(pages, choice, overlap):
    """This test ensures that with overlap every text is there, and that other chunks and tables stay as they are."""
    choice = {**choice, "min_tokens": 0, "contextualize": False}
    overlap = min(overlap, choice["chunk_tokens"] // 2)

    plain = chunks_of(pages, **choice)
    overlapping = chunks_of(pages, **choice, overlap_tokens=overlap)

    assert all(
        estimate_tokens(chunk.contextualized) <= choice["chunk_tokens"]
        for chunk in overlapping
        if not chunk.metadata.table_id
    )
    seen, expected = ("".join(inked(_own_text(chunk)) for chunk in chunks) for chunks in (overlapping, plain))
    assert len(seen) >= len(expected)
    assert _is_subsequence(expected, seen)


def _is_subsequence(short, long):
    letters = iter(long)
    return all(letter in letters for letter in short)


@settings(max_examples=15)
@given(documents(), chosen)
def test_parents_change_nothing_else(pages, choice):
    """This test ensures that parents hold their children's texts once, and that children are the same without them."""
    without = chunks_of(pages, **choice)

    family = chunks_of(pages, **choice, parents=True)

    children = [chunk for chunk in family if not chunk.metadata.child_count]
    assert [(chunk.id, chunk.text, chunk.previous_id, chunk.next_id) for chunk in without] == [
        (chunk.id, chunk.text, chunk.previous_id, chunk.next_id) for chunk in children
    ]
    assert len(family) == len({chunk.id for chunk in family})
    place = {chunk.id: number for number, chunk in enumerate(family)}
    for parent in family:
        own = [chunk for chunk in family if chunk.parent_id == parent.id]
        assert parent.metadata.child_count == len(own)
        assert all(place[parent.id] < place[chunk.id] for chunk in own)
        if own and not parent.metadata.table_id and all(not chunk.metadata.table_id for chunk in own):
            assert "".join(inked(_own_text(chunk)) for chunk in own) == inked(_own_text(parent))
        if own and parent.metadata.table_id:
            assert reconstruct_table([parent]).grid == reconstruct_table(own).grid
