"""Finding a quotation again: exact and misread, over regions and pages, in tables, in time."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsocr_loaders.errors import SettingsError
from dsocr_loaders.geometry import Box
from dsocr_loaders.quotes import Quotation, QuotePlace, _normalised, _origins, locate_quote
from dsocr_loaders.structure import Structurer, build_document
from dsocr_loaders.testing.pages import page_from_regions, report_source
from dsocr_loaders.values import Document, Line, Region, RegionType, SourceInfo

TOP = Box(0.1, 0.1, 0.9, 0.3)
BOTTOM = Box(0.1, 0.5, 0.9, 0.9)


def text(words: str, box: Box = TOP, kind: RegionType = RegionType.TEXT, lines: tuple[Line, ...] = ()) -> Region:
    return Region(kind, kind.value, (box,), words, lines=lines)


def document(*pages: list[Region]) -> Document:
    labels = tuple(str(number) for number in range(1, len(pages) + 1))
    return build_document(
        report_source(),
        SourceInfo(len(pages), labels, (), "pymupdf"),
        [page_from_regions(regions, page_number=number) for number, regions in enumerate(pages, start=1)],
    )


def structured(plain: Document) -> Document:
    info = SourceInfo(len(plain.pages), tuple(page.label for page in plain.pages), (), "pymupdf")
    structurer = Structurer(info, "whole")
    pages = [found for page in plain.pages for found in structurer.add(page)]
    return build_document(plain.source, info, [*pages, *structurer.finish()])


FERRY = "The ferry to Amrum leaves at noon. It carries forty cars and a brass band."
WINTER = "In winter the crossing takes two hours longer than the timetable admits."


class TestWhatIsFound:
    def test_whole_region(self):
        """This test ensures that a quotation of a whole region has the region's own box, exactly."""
        found = locate_quote(document([text("Something else.")], [text(FERRY, BOTTOM)]), FERRY)

        assert (Quotation(FERRY, 100.0, (QuotePlace(2, 0, 0, len(FERRY), (BOTTOM,), is_exact=True),)),) == found

    def test_part_of_a_region_without_lines(self):
        """This test ensures that a part of a region is a band of its box, said to be an estimate."""
        words = "forty cars and a brass band."

        (found,) = locate_quote(document([text(FERRY)]), words)

        (place,) = found.places
        assert (words, FERRY.index(words), len(FERRY)) == (found.text, place.start, place.end)
        assert not place.is_exact
        assert place.boxes[0].y0 == pytest.approx(TOP.y0 + TOP.height * place.start / len(FERRY))

    def test_part_of_a_region_with_lines(self):
        """This test ensures that where lines are known, a quotation has the boxes of its own lines."""
        middle = FERRY.index("It carries")
        lines = (Line(Box(0.1, 0.1, 0.9, 0.2), 0, middle), Line(Box(0.1, 0.2, 0.9, 0.3), middle, len(FERRY)))

        (found,) = locate_quote(document([text(FERRY, lines=lines)]), "forty cars")

        assert [((Box(0.1, 0.2, 0.9, 0.3),), True)] == [(place.boxes, place.is_exact) for place in found.places]

    def test_over_two_pages(self):
        """This test ensures that a quotation that goes over a page, past notes and headers, has both places."""
        head = text("Ferries of the North", Box(0.1, 0.0, 0.9, 0.05), RegionType.HEADER)
        note = text("1 Except on Sundays.", Box(0.1, 0.9, 0.9, 0.95), RegionType.FOOTNOTE)
        middle = FERRY.index("cars")
        first, second = FERRY[:middle].rstrip(), FERRY[middle:]

        (found,) = locate_quote(
            document([head, text(first), note], [head, text(second)]), "forty cars and a brass band"
        )

        assert [1, 2] == [place.page_number for place in found.places]
        assert "forty cars and a brass band" == found.text

    @pytest.mark.parametrize(
        ("written", "quoted"),
        [
            ("the time-\ntable admits", "timetable admits"),
            ("the co- author of it", "the co-author of it"),
            ("runs at \\( 3 \\mathrm{kn} \\), slowly", "runs at $3 \\mathrm{kn}$, slowly"),
            ("the  time table\nadmits", "time table admits"),
            ("said \u201cnever\u201d twice", 'said "NEVER" twice'),
            ("1914\u20131918 in short", "1914-1918 in short"),
            ("die gro\u00dfe \u00dcberfahrt", "Gro\u00dfe \u00fcberfahrt"),
            ("\u8fd9\u662f\u7b2c\u4e00\u7ae0\u7684\u5185\u5bb9", "\u7b2c\u4e00\u7ae0"),
        ],
    )
    def test_spelling_does_not_matter(self, written, quoted):
        """This test ensures that case, line ends, hyphens and kinds of marks make no difference."""
        (found,) = locate_quote(document([text(f"Before it, {written}, and after.")]), quoted)

        assert 100.0 == found.score

    @pytest.mark.parametrize(
        ("before", "behind", "quoted"),
        [
            ("It is late in the after-", "noon when the ferry leaves.", "the afternoon when the ferry"),
            ("It is late, said the time-", "Table of the line.", "the time-Table of the line"),
            ("Es f\u00e4hrt die F\u00e4hre der See\u00ad", "leute um zw\u00f6lf.", "der Seeleute um"),
            (
                "\u6e21\u8f6e\u6bcf\u5929\u4e2d\u5348\u4ece\u7801\u5934\u51fa\u53d1\u8f7d\u7740\u56db\u5341\u8f86",
                "\u6c7d\u8f66\u548c\u4e00\u652f\u94dc\u7ba1\u4e50\u961f\u524d\u5f80\u5bf9\u9762\u7684\u5c0f\u5c9b\u3002",
                "\u56db\u5341\u8f86\u6c7d\u8f66",
            ),
        ],
    )
    def test_over_a_page_break_within_a_word(self, before, behind, quoted):
        """This test ensures that words divided by a page break are found whole, past a figure between the halves."""
        caption = text("Figure 1: The landing stage.", Box(0.1, 0.8, 0.9, 0.9), RegionType.CAPTION)
        whole = structured(document([text(before, BOTTOM), caption], [text(behind)]))

        (found,) = locate_quote(whole, quoted)

        assert (100.0, [1, 2]) == (found.score, [place.page_number for place in found.places])
        assert quoted == found.text

    def test_words_of_a_chunk_of_a_table(self):
        """This test ensures that cells quoted with Markdown's bars between them are found."""
        html = "<table><tr><td>Harbour</td><td>Cars</td></tr><tr><td>Amrum</td><td>41</td></tr></table>"

        (found,) = locate_quote(document([text(html, kind=RegionType.TABLE)]), "| Amrum | 41 |")

        assert 100.0 == found.score

    def test_table_cells(self):
        """This test ensures that words of neighbouring cells are found although markup stands between them."""
        html = "<table><tr><td>Harbour</td><td>Cars</td></tr><tr><td>Amrum</td><td>41</td></tr></table>"

        (found,) = locate_quote(document([text(html, kind=RegionType.TABLE)]), "Amrum 41")

        assert "Amrum</td><td>41" == found.text

    def test_every_occurrence(self):
        """This test ensures that words that stand in several places are found in each, in order, as far as asked."""
        pages = [[text(FERRY)], [text(WINTER)], [text(FERRY)], [text(FERRY)]]

        found = locate_quote(document(*pages), "forty cars", most=2)

        assert [1, 3] == [each.places[0].page_number for each in found]

    def test_furniture(self):
        """This test ensures that words of a header are found."""
        head = text("Ferries of the North", Box(0.1, 0.0, 0.9, 0.05), RegionType.HEADER)

        (found,) = locate_quote(document([head, text(FERRY)]), "ferries of the north")

        assert 0 == found.places[0].region

    def test_nothing(self):
        """This test ensures that what is not there is not found, also in an empty document."""
        assert () == locate_quote(document([text(FERRY)]), "A submarine was never mentioned here")
        assert () == locate_quote(document([text(FERRY)]), "cat")
        assert () == locate_quote(document(), FERRY)

    @pytest.mark.parametrize("quote", ["", "  ", "...", "\u3002"])
    def test_no_words(self, quote):
        """This test ensures that a quotation without a letter is refused with words."""
        with pytest.raises(SettingsError, match="no letter or digit"):
            locate_quote(document([text(FERRY)]), quote)

    @pytest.mark.parametrize("limits", [{"min_score": 101}, {"min_score": -1}, {"most": 0}])
    def test_limits(self, limits):
        """This test ensures that numbers out of range are refused with words."""
        with pytest.raises(SettingsError, match="not allowed"):
            locate_quote(document([text(FERRY)]), "ferry", **limits)


def misread(words: str, seed: int, share: float = 0.06) -> str:
    dice = random.Random(seed)  # noqa: S311 - the same noise each time
    return "".join(dice.choice("eclmox") if dice.random() < share else letter for letter in words)


def long_document(pages: int, seed: int = 1) -> Document:
    dice = random.Random(seed)  # noqa: S311 - the same words each time
    vocabulary = ["".join(dice.choices("abdefghiklmnoprstuvw", k=dice.randint(2, 9))) for _ in range(4000)]
    return document(
        *([text(" ".join(dice.choices(vocabulary, k=60)), TOP) for _ in range(8)] for _ in range(pages)),
    )


class TestMisreadWords:
    @pytest.mark.parametrize("seed", range(8))
    @pytest.mark.parametrize("length", [30, 120, 350, 900])
    def test_found_where_it_is(self, seed, length):
        """This test ensures that a quotation with one letter in sixteen misread is found where it was taken from."""
        whole = long_document(30)
        page = whole.pages[seed * 3 + 2]
        words = " ".join(region.text for region in page.regions)[seed * 7 :][:length]

        found = locate_quote(whole, misread(words, seed))[0]

        assert page.page_number == found.places[0].page_number
        assert len(words) == pytest.approx(len(found.text), abs=12)

    def test_best_first(self):
        """This test ensures that of two similar places, the one that is more alike comes first."""
        near, nearer = "Das Schiff legt um sieben Uhr ab", "Das Schiff legt um acht Uhr abends an"

        found = locate_quote(
            document([text(near)], [text(nearer)]), "Das Schiff legt urn acht Uhr abends an", min_score=60
        )

        assert [2, 1] == [each.places[0].page_number for each in found]
        assert found[0].score > found[1].score

    def test_quotation_longer_than_the_document(self):
        """This test ensures that a quotation that goes on beyond what was read is found as far as it is there."""
        (found,) = locate_quote(document([text(FERRY)]), f"{FERRY} {WINTER}", min_score=50)

        assert FERRY == found.text


@given(st.text(alphabet="aB -\n\t<>$|\\(\u0130\u00ad\u00df.\u201c", max_size=40), st.booleans())
@settings(max_examples=200)
def test_every_letter_has_its_origin(words, is_table):
    """This test ensures that each letter of a normalised text is known to come from one of the text, in order."""
    normalised, origins = _normalised(words, is_table=is_table), _origins(words, is_table=is_table)

    assert len(normalised) == len(origins)
    assert sorted(set(origins)) == origins
    assert all(
        letter == " " or words[origin].lower()[:1] in {letter, "i", "\u201c"}
        for letter, origin in zip(normalised, origins, strict=True)
    )


def test_within_ten_milliseconds():
    """This test ensures that looking a quotation up in 100 pages takes at most 10 ms, there or not, misread or not."""
    whole = long_document(100)
    words = whole.pages[63].regions[2].text[40:160]
    quotes = (words, misread(words, 3), "zyx " * 20)
    best = dict.fromkeys(quotes, 1.0)

    for _ in range(15):
        for quote in quotes:
            start = time.thread_time()  # what else the machine does is no part of it
            locate_quote(whole, quote)
            best[quote] = min(best[quote], time.thread_time() - start)

    assert [] == [(quote, duration) for quote, duration in best.items() if duration > 0.010]
