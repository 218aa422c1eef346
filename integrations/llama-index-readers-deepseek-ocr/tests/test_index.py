"""Indexes: documents that LlamaIndex's splitter leaves whole, and nodes that need none."""

from __future__ import annotations

import asyncio
import json

import pytest
from dsocr_loaders import SettingsError, highlight
from dsocr_loaders.testing import ScriptedEngine
from llama_index.core import VectorStoreIndex
from llama_index.core.schema import MetadataMode, NodeRelationship, ObjectType, TextNode

from llama_index.readers.deepseek_ocr import DeepSeekOCRReader

HEADER = "<tr><td>Item</td><td>Description of the part</td><td>Count</td><td>Price in euros</td></tr>"
ROWS = "".join(
    f"<tr><td>{1000 + n}</td><td>Bracket, galvanised, size {n % 17}, left</td><td>{n}</td><td>{n * 3}.50</td></tr>"
    for n in range(150)
)
LONG_TABLE = f"<|ref|>table<|/ref|><|det|>[[50, 50, 950, 950]]<|/det|>\n<table>{HEADER}{ROWS}</table>"
LONG_CHINESE = "<|ref|>text<|/ref|><|det|>[[50, 50, 950, 950]]<|/det|>\n" + "鲸鱼在海里游泳,水手们望着地平线。" * 120
LONG_ENGLISH = "<|ref|>text<|/ref|><|det|>[[50, 50, 950, 950]]<|/det|>\n" + (
    "Unhurriedly, the harpooneers reconsidered (once more) their extraordinarily improbable undertakings; "
    "nevertheless, forty-two whaleboats disembarked. " * 60
)


@pytest.fixture
def reader(engine):
    with DeepSeekOCRReader(engine) as made:
        yield made


def index_of_documents(documents, embedding):
    return VectorStoreIndex.from_documents(documents, embed_model=embedding)


def nodes_in(index):
    return list(index.docstore.docs.values())


@pytest.mark.parametrize("answer", [LONG_TABLE, LONG_CHINESE, LONG_ENGLISH], ids=["table", "chinese", "english"])
def test_default_chunks_stay_whole(make_pdf, embedding, answer):
    """This test ensures that LlamaIndex's default splitter makes one node of each chunk and changes no text."""
    engine = ScriptedEngine(answer)
    name = "the-complete-and-unabridged-annual-report-of-the-whaling-company-of-nantucket-2024-final-v2.pdf"

    with DeepSeekOCRReader(engine, repair=False) as reader:  # a long text here says the same again and again
        documents = reader.load_data(make_pdf("a page", name=name))
    engine.close()
    nodes = nodes_in(index_of_documents(documents, embedding))

    assert len(documents) > 3
    assert len(documents) == len(nodes)
    assert sorted(document.text for document in documents) == sorted(node.text for node in nodes)


def test_each_part_of_a_long_table_says_which_part_it_is(make_pdf, embedding):
    """This test ensures that a table's parts keep their header, their numbers and their rows in an index."""
    engine = ScriptedEngine(LONG_TABLE)

    with DeepSeekOCRReader(engine) as reader:
        index = index_of_documents(reader.load_data(make_pdf("a page")), embedding)
    engine.close()
    nodes = sorted(nodes_in(index), key=lambda node: node.metadata["chunk_index"])

    parts = [node.metadata["table_part"] for node in nodes]
    assert list(range(1, len(nodes) + 1)) == parts
    assert {len(nodes)} == {node.metadata["table_parts"] for node in nodes}
    assert all("Description of the part" in node.text for node in nodes)
    assert nodes[0].metadata["table_rows"].startswith("1-")
    assert nodes[-1].metadata["table_rows"].endswith("-150")


@pytest.mark.parametrize("way", ["documents", "nodes"])
def test_a_question_finds_passage_page_type_and_box(report, reader, embedding, way):
    """This test ensures that what a retriever returns says where on which page it comes from."""
    if way == "documents":
        index = index_of_documents(reader.load_data(report), embedding)
    else:
        index = VectorStoreIndex(reader.load_nodes(report), embed_model=embedding)

    (hit,) = index.as_retriever(similarity_top_k=1).retrieve("Revenue of the year 2024 in million")

    found = hit.node.metadata
    box = [found[key] for key in ("bbox_x0", "bbox_y0", "bbox_x1", "bbox_y1")]
    assert "51 million" in hit.node.text
    assert ("table", 1, "1", "report.pdf") == (
        found["region_type"],
        found["page_number"],
        found["page_label"],
        found["file_name"],
    )
    assert box == pytest.approx([150 / 999, 400 / 999, 850 / 999, 600 / 999])


def test_nodes_are_the_chunks(report, reader):
    """This test ensures that nodes and documents agree in ids, texts, metadata and what is shown of it."""
    documents = reader.load_data(report, {"mark": 1})

    nodes = reader.load_nodes(report, {"mark": 1})

    def facts(each):
        return (each.id_, each.text, each.metadata, [each.get_metadata_str(mode) for mode in MetadataMode])

    assert [TextNode] * len(nodes) == [type(node) for node in nodes]
    assert [facts(document) for document in documents] == [facts(node) for node in nodes]


@pytest.mark.parametrize("granularity", ["chunk", "region", "page"])
def test_nodes_know_their_file_and_neighbours(report, make_pdf, answers, granularity):
    """This test ensures that nodes are linked within a file, not beyond it, and name the file as documents do."""
    engine = ScriptedEngine(answers)
    paths = [report, make_pdf("the first page", "the second page")]

    with DeepSeekOCRReader(engine, granularity=granularity) as reader:
        nodes = reader.load_nodes(paths)
        files = reader.model_copy(update={"granularity": "grounded"}).load_data(paths)
    engine.close()

    by_file = [[node for node in nodes if node.ref_doc_id == file.id_] for file in files]
    assert nodes == by_file[0] + by_file[1]
    for group in by_file:
        ids = [node.id_ for node in group]
        assert len(ids) > 1
        assert [None, *ids[:-1]] == [node.prev_node and node.prev_node.node_id for node in group]
        assert [*ids[1:], None] == [node.next_node and node.next_node.node_id for node in group]
        assert {ObjectType.DOCUMENT} == {node.source_node.node_type for node in group}


def test_relationships_agree_and_carry_no_metadata(report, reader):
    """This test ensures that both neighbours name the node between them alike, which merging retrievers rely on."""
    before, between, after = reader.load_nodes(report)

    related = [info for node in (before, between, after) for info in node.relationships.values()]

    assert before.next_node == after.prev_node
    assert between.hash == before.next_node.hash
    assert [{}] * 7 == [info.metadata for info in related]


def test_async_nodes_are_the_same(report, reader):
    """This test ensures that `aload_nodes` differs from `load_nodes` in how it waits alone."""
    assert reader.load_nodes(report, {"mark": 1}) == asyncio.run(reader.aload_nodes(report, {"mark": 1}))


def test_nodes_survive_being_stored(report, reader):
    """This test ensures that everything on a node is JSON and reads back equal."""
    nodes = reader.load_nodes(report)

    again = [TextNode.from_dict(json.loads(node.to_json())) for node in nodes]

    assert nodes == again
    assert {NodeRelationship.SOURCE} <= set(again[0].relationships)


def test_json_is_no_text_of_a_node(report, engine):
    """This test ensures that `grounded` and `load_nodes` together are refused before anything is read."""
    with (
        DeepSeekOCRReader(engine, granularity="grounded") as reader,
        pytest.raises(SettingsError, match="DeepSeekOCRNodeParser"),
    ):
        reader.load_nodes(report)

    assert [] == engine.requests


def test_a_hit_can_be_shown_on_its_page(report, reader, embedding):
    """This test ensures that what a retriever returns is enough to draw where it stands."""
    index = VectorStoreIndex(reader.load_nodes(report), embed_model=embedding)
    hits = index.as_retriever(similarity_top_k=1).retrieve("Revenue of the year 2024 in million")

    pages = highlight(hits, report, dpi=36)

    assert [(1, (0,))] == [(page.page_number, page.items) for page in pages]
