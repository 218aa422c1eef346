"""Parents and children, as LlamaIndex's own retriever merges them, and tables made of nodes again."""

from __future__ import annotations

from contextlib import closing

import pytest
from dsocr_loaders import reconstruct_table
from dsocr_loaders.tables import parse_table
from dsocr_loaders.testing import ScriptedEngine
from llama_index.core import StorageContext, VectorStoreIndex
from llama_index.core.node_parser import get_leaf_nodes, get_root_nodes
from llama_index.core.retrievers import AutoMergingRetriever
from llama_index.core.schema import NodeRelationship
from llama_index.core.storage.docstore import SimpleDocumentStore

from llama_index.readers.deepseek_ocr import DeepSeekOCRNodeParser, DeepSeekOCRReader

TABLE = "<table><tr><td rowspan=2>Ship</td><td colspan=2>Catch</td></tr><tr><td>2023</td><td>2024</td></tr>" + (
    "".join(f"<tr><td>Ship {number}</td><td>{number}</td><td>{number * 2}</td></tr>" for number in range(40))
)
ANSWER = (
    "<|ref|>sub_title<|/ref|><|det|>[[50, 10, 950, 40]]<|/det|>\n## 1 Whales\n\n"
    "<|ref|>text<|/ref|><|det|>[[50, 50, 950, 450]]<|/det|>\n" + "The fleet sails on. " * 60 + "\n\n"
    f"<|ref|>table<|/ref|><|det|>[[50, 500, 950, 950]]<|/det|>\n{TABLE}</table>\n"
)


@pytest.fixture(scope="module", params=["reader", "node parser"])
def nodes(request, make_pdf):
    """Return the nodes of a page with a long section and a long table."""
    chosen = {"chunk_tokens": 80, "parents": True}
    with closing(ScriptedEngine(ANSWER)) as engine:
        if request.param == "reader":
            return DeepSeekOCRReader(engine, **chosen).load_nodes(make_pdf("a page", name="whales.pdf"))
        documents = DeepSeekOCRReader(engine, granularity="grounded").load_data(make_pdf("a page", name="whales.pdf"))
        return DeepSeekOCRNodeParser(**chosen).get_nodes_from_documents(documents)


def test_auto_merging_retriever_hands_out_the_section(nodes, embedding):
    """This test ensures that enough hits in a section or table become it, with nothing but LlamaIndex's own parts."""
    store = SimpleDocumentStore()
    store.add_documents(nodes)
    context = StorageContext.from_defaults(docstore=store)
    index = VectorStoreIndex(get_leaf_nodes(nodes), storage_context=context, embed_model=embedding)

    merging = AutoMergingRetriever(index.as_retriever(similarity_top_k=100), context)
    found = merging.retrieve("whales")

    (section,) = get_root_nodes(nodes)
    (table,) = (node for node in nodes if node.metadata["child_count"] and node.metadata["table_id"])
    assert {section.node_id, table.node_id} == {each.node.node_id for each in found}
    assert 60 == section.text.count("The fleet sails on.")


def test_relations_go_both_ways(nodes):
    """This test ensures that parents list their children, and that neighbours are leaves alone."""
    leaves = {node.node_id for node in get_leaf_nodes(nodes)}
    for node in nodes:
        children = node.relationships.get(NodeRelationship.CHILD, [])
        assert node.metadata["child_count"] == len(children)
        for child in children:
            (own,) = (each for each in nodes if each.node_id == child.node_id)
            assert node.node_id == own.parent_node.node_id == own.metadata["parent_id"]
        for neighbour in (node.prev_node, node.next_node):
            assert neighbour is None or {neighbour.node_id, node.node_id} <= leaves


def test_a_table_is_made_of_nodes_again(nodes):
    """This test ensures that texts and metadata of nodes, as a store gives them back, are enough for the table."""
    leaves = [node for node in reversed(nodes) if not node.metadata["child_count"]]

    assert parse_table(TABLE) == reconstruct_table(leaves)
