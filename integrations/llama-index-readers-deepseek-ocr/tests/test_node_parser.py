"""Nodes of `grounded` documents, and indexes that are updated with them."""

from __future__ import annotations

import asyncio
import pickle

import pytest
from dsocr_loaders import OutputError, SettingsError
from dsocr_loaders.testing import ScriptedEngine
from llama_index.core import SimpleDirectoryReader
from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.node_parser import NodeParser
from llama_index.core.schema import Document, MetadataMode, NodeRelationship, RelatedNodeInfo
from llama_index.core.storage.docstore import SimpleDocumentStore
from llama_index.core.vector_stores import SimpleVectorStore
from llama_index.core.vector_stores.types import VectorStoreQuery

from llama_index.readers.deepseek_ocr import DeepSeekOCRNodeParser, DeepSeekOCRReader


@pytest.fixture
def grounded_reader(engine):
    with DeepSeekOCRReader(engine, granularity="grounded") as made:
        yield made


@pytest.fixture(scope="module")
def text_reader():
    with DeepSeekOCRReader("text_layer", granularity="grounded") as reader:
        yield reader


def count_words(text):
    return len(text.split())


def parsed(documents, **settings):
    return DeepSeekOCRNodeParser(**settings).get_nodes_from_documents(documents)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"chunk_tokens": 16},
        {"contextualize": True},
        {"table_format": "html"},
        {"token_counter": count_words, "chunk_tokens": 16},
    ],
    ids=["defaults", "small", "contextualized", "html", "counted"],
)
def test_nodes_are_those_of_the_reader(report, engine, settings):
    """This test ensures that cutting a file that was read makes what reading it in chunks makes."""
    with DeepSeekOCRReader(engine, **settings) as reader:
        expected = reader.load_nodes(report)
        documents = reader.model_copy(update={"granularity": "grounded"}).load_data(report)

    nodes = parsed(documents, **settings)

    def facts(node):
        shown = [node.get_content(mode) for mode in MetadataMode]
        return (node.id_, node.text, node.metadata, shown, node.ref_doc_id, node.prev_node, node.next_node)

    assert [facts(node) for node in expected] == [facts(node) for node in nodes]
    assert {documents[0].id_} == {node.ref_doc_id for node in nodes}


def test_settings_shape_the_nodes(report, grounded_reader):
    """This test ensures that each chunk setting has an effect."""
    documents = grounded_reader.load_data(report)

    def texts(**settings):
        return [node.text for node in parsed(documents, **settings)]

    plain = texts()
    assert len(plain) < len(texts(chunk_tokens=16))
    assert len(plain) < len(texts(token_counter=len, chunk_tokens=40))
    assert "<td>" in "".join(texts(table_format="html"))
    assert plain != texts(contextualize=True)


def test_what_the_document_knows_stays(report, grounded_reader):
    """This test ensures that metadata of others, such as a file's dates, and what is hidden of it reach each node."""
    (document,) = grounded_reader.load_data(report, {"last_modified_date": "2026-01-02", "owner": "Ahab"})
    document.excluded_embed_metadata_keys.append("owner")
    document.excluded_llm_metadata_keys.append("last_modified_date")

    nodes = parsed([document])

    assert len(nodes) > 1
    for node in nodes:
        assert ("2026-01-02", "Ahab", node.id_) == (
            node.metadata["last_modified_date"],
            node.metadata["owner"],
            node.metadata["chunk_id"],
        )
        assert "Ahab" not in node.get_metadata_str(MetadataMode.EMBED)
        assert "2026" not in node.get_metadata_str(MetadataMode.LLM)
        assert "owner: Ahab" in node.get_metadata_str(MetadataMode.LLM)


def test_metadata_of_the_document_can_be_left_out(report, grounded_reader):
    """This test ensures that LlamaIndex's own two switches work as in other node parsers."""
    documents = grounded_reader.load_data(report, {"owner": "Ahab"})

    nodes = parsed(documents, include_metadata=False, include_prev_next_rel=False)

    assert all("owner" not in node.metadata and "page_number" in node.metadata for node in nodes)
    assert [{NodeRelationship.SOURCE}] * len(nodes) == [set(node.relationships) for node in nodes]


def test_relationships_agree_and_carry_no_metadata(report, grounded_reader):
    """This test ensures that both neighbours name the node between them alike, and stores do not grow by copies."""
    before, between, after = parsed(grounded_reader.load_data(report, {"owner": "Ahab"}))

    related = [info for node in (before, between, after) for info in node.relationships.values()]

    assert before.next_node == after.prev_node
    assert between.hash == before.next_node.hash
    assert [{}] * 7 == [info.metadata for info in related]


def test_several_documents_are_cut_one_by_one(report, make_pdf, grounded_reader):
    """This test ensures that nodes of different files are not linked."""
    documents = grounded_reader.load_data([report, make_pdf("the first page", "the second page")])

    nodes = parsed(documents)

    assert [3, 3] == [sum(node.ref_doc_id == document.id_ for node in nodes) for document in documents]
    assert (None, None) == (nodes[2].next_node, nodes[3].prev_node)


def test_the_first_document_of_a_chain_stays_the_source(report, grounded_reader):
    """This test ensures that nodes of a document that was made of another one are deleted with that one."""
    (document,) = grounded_reader.load_data(report)
    document.relationships[NodeRelationship.SOURCE] = RelatedNodeInfo(node_id="the original")

    assert {"the original"} == {node.ref_doc_id for node in parsed([document])}


def test_async_parsing_makes_the_same_nodes(report, grounded_reader):
    """This test ensures that `acall`, which pipelines use, differs in how it waits alone."""
    documents = grounded_reader.load_data(report)
    parser = DeepSeekOCRNodeParser()

    assert parser(documents) == asyncio.run(parser.acall(documents))


def test_another_document_is_refused_with_the_way_out():
    """This test ensures that text, other JSON and an empty document say which granularity is needed."""
    for text in ("# Chapter 1", '{"pages": []}', ""):
        with pytest.raises(OutputError, match=r"a\.pdf.*granularity='grounded'"):
            parsed([Document(text=text, metadata={"file_name": "a.pdf"})])


def test_settings_are_checked_by_the_core():
    """This test ensures that a wrong setting is a `SettingsError`, and one that shapes no nodes is not ignored."""
    with pytest.raises(SettingsError, match="chunk_tokens=3 is not allowed"):
        DeepSeekOCRNodeParser(chunk_tokens=3)
    with pytest.raises(SettingsError, match="'granularity' is no setting of a node parser"):
        DeepSeekOCRNodeParser(granularity="page")


def test_a_dict_of_a_parser_makes_the_same_parser():
    """This test ensures that serialised parsers keep their settings, which are the pipeline cache's key."""
    parser = DeepSeekOCRNodeParser(chunk_tokens=100, contextualize=True, include_metadata=False)

    again = DeepSeekOCRNodeParser.from_json(parser.to_json())

    assert parser.to_dict() == again.to_dict()
    assert (100, True, False) == (again.chunk_tokens, again.contextualize, again.include_metadata)
    assert isinstance(again, NodeParser)
    assert DeepSeekOCRNodeParser(token_counter=count_words).to_dict()["token_counter"].endswith("count_words")


def test_a_counter_that_cannot_travel_is_not_dropped():
    """This test ensures that no worker process quietly counts in another way."""
    assert len == pickle.loads(pickle.dumps(DeepSeekOCRNodeParser(token_counter=len))).token_counter  # noqa: S301 - ours

    with pytest.raises(SettingsError, match="token_counter cannot be sent"):
        pickle.dumps(DeepSeekOCRNodeParser(token_counter=lambda text: len(text) + 1))


def stored_texts(store, embedding):
    """Return what is in a vector store, by node id -> ref_doc_id."""
    result = store.query(VectorStoreQuery(query_embedding=embedding.get_query_embedding("page"), similarity_top_k=100))
    return {node_id: store.data.text_id_to_ref_doc_id[node_id] for node_id in result.ids}


def test_a_pipeline_replaces_what_has_changed(make_pdf, tmp_path, text_reader, embedding):
    """This test ensures that an unchanged file is left alone, and a changed one leaves no old node behind."""
    make_pdf("about whales", "about ships", name="a.pdf", folder=tmp_path)
    make_pdf("about storms", name="b.pdf", folder=tmp_path)
    store = SimpleVectorStore()
    pipeline = IngestionPipeline(
        transformations=[DeepSeekOCRNodeParser(), embedding], docstore=SimpleDocumentStore(), vector_store=store
    )

    def run():
        return pipeline.run(documents=text_reader.load_data(tmp_path))

    first = run()
    unchanged = run()
    make_pdf("about whales", "about whalers", name="a.pdf", folder=tmp_path)
    changed = run()

    assert ["about whales about ships", "about storms"] == [node.text for node in first]
    assert [] == unchanged
    assert ["about whales about whalers"] == [node.text for node in changed]
    assert first[0].ref_doc_id == changed[0].ref_doc_id
    assert {first[1].id_: first[1].ref_doc_id, changed[0].id_: changed[0].ref_doc_id} == stored_texts(store, embedding)


def test_bytes_that_have_not_changed_are_left_alone(report, text_reader, embedding):
    """This test ensures that a document of spooled bytes holds nothing that differs from run to run."""
    pipeline = IngestionPipeline(
        transformations=[DeepSeekOCRNodeParser(), embedding],
        docstore=SimpleDocumentStore(),
        vector_store=SimpleVectorStore(),
    )

    first, second = (
        pipeline.run(documents=text_reader.load_data(report.read_bytes(), name="report.pdf")) for _ in range(2)
    )

    assert [1, 0] == [len(first), len(second)]


def test_files_of_a_directory_reader_keep_their_dates(make_pdf, tmp_path, text_reader):
    """This test ensures that reader and parser work on both sides of SimpleDirectoryReader."""
    make_pdf("about whales", name="a.pdf", folder=tmp_path)
    directory = SimpleDirectoryReader(str(tmp_path), file_extractor=text_reader.as_file_extractor())

    documents = directory.load_data()
    (node,) = parsed(documents)

    assert documents[0].metadata["last_modified_date"] == node.metadata["last_modified_date"]
    assert "last_modified_date" not in node.get_metadata_str(MetadataMode.EMBED)
    assert node.metadata["file_path"] == str(tmp_path / "a.pdf")


def test_a_page_that_failed_is_left_out(report, answers):
    """This test ensures that a file that was read in part makes nodes of that part."""
    engine = ScriptedEngine({1: answers[1]})

    with DeepSeekOCRReader(engine, granularity="grounded", on_page_error="skip") as reader:
        nodes = parsed(reader.load_data(report))
    engine.close()

    assert {1} == {node.metadata["page_number"] for node in nodes}


def test_what_figures_show_goes_through_the_grounded_form(report):
    """This test ensures that a figure's reading is in the JSON of a file, and in the nodes that are cut from it."""

    def answer(request):
        if request.prompt == "Parse the figure.":
            return "C1=CC=CC=C1"
        return "<|ref|>image<|/ref|><|det|>[[0, 0, 999, 999]]<|/det|>"

    settings = {"pages": "1", "read_figures": True, "repair": False}
    with DeepSeekOCRReader(ScriptedEngine(answer), **settings) as reader:
        expected = reader.load_nodes(report)
        documents = reader.model_copy(update={"granularity": "grounded"}).load_data(report)

    nodes = parsed(documents)

    assert ["C1=CC=CC=C1"] == [node.text for node in nodes] == [node.text for node in expected]
    assert ["figure"] == [node.metadata["region_type"] for node in nodes]
    assert [node.id_ for node in expected] == [node.id_ for node in nodes]
