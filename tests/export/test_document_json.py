from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dsocr_loaders.errors import OutputError
from dsocr_loaders.export import document_from_json, document_to_json
from dsocr_loaders.geometry import Box
from dsocr_loaders.values import (
    Document,
    Join,
    LayoutAnswer,
    Line,
    OutlineEntry,
    PageError,
    PageResult,
    PageStatus,
    RawAnswer,
    Reference,
    Region,
    RegionType,
    Source,
    Span,
    TextSource,
)

numbers = st.integers(-(2**70), 2**70)
sizes = st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(max_size=8)


@st.composite
def boxes(draw):
    x0, x1 = sorted((draw(st.floats(0, 1)), draw(st.floats(0, 1))))
    y0, y1 = sorted((draw(st.floats(0, 1)), draw(st.floats(0, 1))))
    return Box(x0, y0, x1, y1)


def tuples(values, most=3):
    return st.lists(values, max_size=most).map(tuple)


JOINS = ["hyphen", "none", "space", "line", "rows", "rows_after_header", "repeated"]
references = st.builds(Reference, numbers, numbers, numbers, numbers)
regions = st.builds(
    Region,
    type=st.sampled_from(RegionType),
    label=texts,
    boxes=tuples(boxes()),
    text=texts,
    spans=tuples(st.builds(Span, numbers, numbers)),
    page_index=numbers,
    lines=tuples(st.builds(Line, boxes(), numbers, numbers)),
    order=numbers,
    level=numbers,
    caption_of=st.none() | numbers,
    heading_source=st.sampled_from(["", "bookmark", "number", "size", "markup", "neighbours"]),
    marked_level=numbers,
    original_type=st.none() | st.sampled_from(RegionType),
    continues=st.none() | st.builds(Join, numbers, numbers, st.sampled_from(JOINS), numbers),
    number=texts,
    refers_to=tuples(references),
    referred_from=tuples(references),
    image_path=texts,
)
raw_answers = st.builds(
    RawAnswer, texts, st.none() | texts, st.none() | numbers, st.none() | numbers, model=texts, engine=texts
)
answers = raw_answers | st.builds(LayoutAnswer, tuples(regions), texts)
sources = st.builds(Source, texts, texts, texts, texts, numbers, texts)


def pages(source):
    return st.builds(
        PageResult,
        source=st.just(source) | sources,
        page_number=numbers,
        status=st.sampled_from(PageStatus),
        regions=tuples(regions),
        answer=st.none() | answers,
        attempts=numbers,
        repairs=tuples(texts),
        error=st.none() | st.builds(PageError, texts, texts, texts),
        width=sizes,
        height=sizes,
        unit=st.sampled_from(["pt", "px"]),
        label=texts,
        text_source=st.sampled_from(TextSource),
        total_pages=numbers,
    )


@st.composite
def documents(draw):
    source = draw(sources)
    entries = st.builds(OutlineEntry, numbers, texts, numbers, st.sampled_from(["bookmark", "markup"]))
    return Document(source, draw(tuples(pages(source))), draw(tuples(entries)), draw(texts), draw(numbers))


SOURCE = Source("report.pdf", "/in/report.pdf", "ab" * 32, "application/pdf", 1234, "/in/report.pdf")
REGION = Region(RegionType.TITLE, "title", (Box(0.1, 0.2, 0.3, 1 / 3),), "Über\n漢", (Span(0, 9),))
PAGE = PageResult(
    source=SOURCE,
    page_number=1,
    status=PageStatus.OK,
    regions=(REGION,),
    answer=RawAnswer("<|ref|>title<|/ref|>", "stop", 907, None, "deepseek-ocr", "remote"),
    attempts=1,
    repairs=(),
    error=None,
    width=595.276,
    height=842,
    unit="pt",
    label="i",
    text_source=TextSource.OCR,
    total_pages=2,
)
FAILED = replace(
    PAGE,
    page_number=2,
    status=PageStatus.FAILED,
    regions=(),
    answer=None,
    error=PageError("EngineRejected", "bad_request", "It said no."),
)
DOCUMENT = Document(SOURCE, (PAGE, FAILED), (OutlineEntry(1, "Über", 1, "markup"),), "pymupdf", 2)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(documents())
def test_round_trip(document):
    """This test ensures that any document reads back equal, from one and the same text, which UTF-8 can store."""
    text = document_to_json(document)

    assert document == document_from_json(text)
    assert text == document_to_json(document_from_json(text))
    assert text == text.encode().decode()


def test_what_is_written():
    """This test ensures that the text has a header, plain words, readable letters, and each page's source once."""
    text = document_to_json(DOCUMENT)
    data = json.loads(text)

    assert ["schema", "version", "source", "pages", "outline", "pdf_backend", "total_pages"] == list(data)
    assert ("dsocr-document", 1) == (data["schema"], data["version"])
    assert {"x0": 0.1, "y0": 0.2, "x1": 0.3, "y1": 1 / 3} == data["pages"][0]["regions"][0]["boxes"][0]
    assert "EngineRejected" == data["pages"][1]["error"]["kind"]
    assert 1 == text.count('"sha256"')
    assert "Über\\n漢" in text
    assert '    {\n      "page_number": 1,\n      "status": "ok",\n' in text


def test_page_of_another_source():
    """This test ensures that a page keeps a source that is not the document's."""
    other = replace(SOURCE, name="other.pdf")
    document = replace(DOCUMENT, pages=(replace(PAGE, source=other), FAILED))

    assert [other, SOURCE] == [page.source for page in document_from_json(document_to_json(document)).pages]


def test_lone_surrogate():
    """This test ensures that half a character, which a server's JSON can hold, is kept and can be stored."""
    document = replace(DOCUMENT, pdf_backend="\ud83d")
    text = document_to_json(document)

    assert document == document_from_json(text.encode().decode())


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_json_has_not(number):
    """This test ensures that a number that is not finite is refused when written, with the file's name."""
    with pytest.raises(OutputError, match=r"report\.pdf cannot be written as JSON"):
        document_to_json(replace(DOCUMENT, pages=(replace(PAGE, width=number),)))


def changed(change):
    data = json.loads(document_to_json(DOCUMENT))
    change(data)
    return json.dumps(data)


def set_at(*way_and_value):
    *way, last, value = way_and_value

    def change(data):
        for step in way:
            data = data[step]
        data[last] = value

    return change


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ('{"schema": ' + "9" * 5000 + "}", "no JSON"),
        ("[]", "without that schema"),
        ("{}", "without that schema"),
        (changed(set_at("schema", "docling")), "without that schema"),
        (changed(set_at("version", 2)), "found version 2"),
        (changed(set_at("version", True)), "found version True"),  # noqa: FBT003 - the wrong value under test
        (changed(lambda data: data.pop("version")), "found version None"),
        (changed(lambda data: data.pop("outline")), "the field 'outline' of Document is missing"),
        (changed(set_at("extra", 1)), "Document has no field 'extra'"),
        (changed(set_at("pages", {})), r"pages: expected a list, found an object"),
        (changed(set_at("pages", 1, None)), r"pages\[1\]: expected an object \(PageResult\), found null"),
        (changed(set_at("pages", 0, "status", "fine")), r"pages\[0\]\.status: expected one of ok, .*found 'fine'"),
        (changed(set_at("pages", 0, "unit", "cm")), r"unit: expected one of pt, px, found 'cm'"),
        (changed(set_at("pages", 0, "attempts", 1.0)), r"attempts: expected a whole number, found 1\.0"),
        (changed(set_at("pages", 0, "attempts", True)), "whole number, found True"),  # noqa: FBT003 - likewise
        (changed(set_at("pages", 0, "width", "1")), "width: expected a number, found '1'"),
        (changed(set_at("pages", 0, "width", 10**400)), "a float can hold"),
        (changed(set_at("pages", 0, "label", 7)), "label: expected a text, found 7"),
        (changed(set_at("pages", 0, "error", "x" * 99)), r"error: expected an object .*found 'x+\.\.\.\.$"),
        (changed(set_at("pages", 0, "answer", {"engine": ""})), r"answer: the field 'regions' of LayoutAnswer"),
        (changed(set_at("pages", 0, "answer", "text", 1)), r"answer\.text: expected a text"),
        (changed(set_at("pages", 0, "regions", 0, "boxes", 0, "x1", 2)), r"boxes\[0\]: not a box"),
        (changed(set_at("pages", 0, "regions", 0, "boxes", 0, "x1", None)), r"boxes\[0\]\.x1: expected a number"),
        (document_to_json(DOCUMENT).replace("595.276", "NaN"), "NaN is no JSON"),
        (document_to_json(DOCUMENT).replace("595.276", "1e999"), "a float can hold"),
    ],
)
def test_what_is_no_document(text, message):
    """This test ensures that anything else is refused with what was expected, and where it was not found."""
    with pytest.raises(OutputError, match=message) as caught:
        document_from_json(text)

    assert '"schema": "dsocr-document" and "version": 1' in str(caught.value)


def test_fields_that_were_added():
    """This test ensures that a file without a field that has a default can be read."""
    text = changed(lambda data: [data["pages"][0]["regions"][0].pop(name) for name in ("level", "caption_of")])

    assert DOCUMENT == document_from_json(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@given(st.data())
def test_damaged_documents(data):
    """This test ensures that a document with one value replaced is read or refused with OutputError, no other way."""
    document = json.loads(document_to_json(DOCUMENT))
    place = document
    while True:
        key = data.draw(st.sampled_from(list(place) if isinstance(place, dict) else range(len(place))))
        if not place[key] or not isinstance(place[key], dict | list) or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(json_values)

    try:
        read = document_from_json(json.dumps(document))
    except OutputError:
        return
    assert read == document_from_json(document_to_json(read))
