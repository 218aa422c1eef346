"""Chunks of `dsocr_loaders` as documents and nodes of LlamaIndex."""

from __future__ import annotations

from dataclasses import fields
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

from dsocr_loaders.chunking import stable_id
from dsocr_loaders.pipeline import SourceOpened
from dsocr_loaders.runs import ChunkRun, beside_loop
from dsocr_loaders.values import ChunkMetadata
from llama_index.core.schema import BaseNode, Document, NodeRelationship, ObjectType, RelatedNodeInfo, TextNode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dsocr_loaders.pipeline import RunItem
    from dsocr_loaders.settings import Settings
    from dsocr_loaders.values import Chunk

__all__ = ["NodeRun", "document_of", "hidden_keys", "linked", "node_of", "relation"]

_ABOVE = frozenset({"document_title", "heading_path"})  # what `contextualize` puts before the text
_SHOWN_TO_LLM = frozenset({"file_name", "page_label", *_ABOVE})
_EMBEDDED = frozenset({"file_name", *_ABOVE})

N = TypeVar("N", bound=BaseNode)


def hidden_keys(*, is_contextualized: bool) -> dict[str, list[str]]:
    """Return the two lists of metadata keys that LlamaIndex leaves out of texts, as arguments of a node.

    An LLM sees the file's name, the page's label, the document's title and the headings; the embedding model the same
    but for the label. So the metadata takes a few dozen tokens of a splitter's chunk size, which leaves chunks of the
    default size whole. A text that has title and headings in front does not get them twice.
    """
    left_out = _ABOVE if is_contextualized else frozenset()
    keys = [field.name for field in fields(ChunkMetadata)]
    return {
        "excluded_embed_metadata_keys": [key for key in keys if key not in _EMBEDDED - left_out],
        "excluded_llm_metadata_keys": [key for key in keys if key not in _SHOWN_TO_LLM - left_out],
    }


def document_of(chunk: Chunk, extra_info: Mapping[str, Any], *, is_contextualized: bool) -> Document:
    """Return a document with the chunk's id and text, and its metadata over `extra_info`."""
    return Document(
        id_=chunk.id,
        text=chunk.text,
        metadata={**extra_info, **chunk.metadata.as_dict()},
        **hidden_keys(is_contextualized=is_contextualized),
    )


def node_of(
    chunk: Chunk, extra_info: Mapping[str, Any], source: RelatedNodeInfo, *, is_contextualized: bool
) -> TextNode:
    """Return a node with the chunk's id and text, its metadata over `extra_info`, and its source."""
    return TextNode(
        id_=chunk.id,
        text=chunk.text,
        metadata={**extra_info, **chunk.metadata.as_dict()},
        relationships={NodeRelationship.SOURCE: source},
        **hidden_keys(is_contextualized=is_contextualized),
    )


def relation(node: BaseNode) -> RelatedNodeInfo:
    """Return what names `node` in another node's relationships: id, type and hash.

    LlamaIndex's own `as_related_node_info` copies the metadata too, which makes a stored node three times as large.
    """
    kind = ObjectType.DOCUMENT if isinstance(node, Document) else ObjectType.TEXT
    return RelatedNodeInfo(node_id=node.node_id, node_type=kind, hash=node.hash)


def linked(nodes: Sequence[N]) -> list[N]:
    """Make neighbours of one source each other's PREVIOUS and NEXT, and parents and children PARENT and CHILD.

    Parents (see `Settings.parents`) are no neighbours. Texts and metadata of the nodes must be final.
    """
    leaves = [node for node in nodes if not node.metadata["child_count"]]
    for node, following in pairwise(leaves):
        if _source_id(node) == _source_id(following):
            node.relationships[NodeRelationship.NEXT] = relation(following)
            following.relationships[NodeRelationship.PREVIOUS] = relation(node)
    parents = {node.node_id: node for node in nodes if node.metadata["child_count"]}
    children: dict[str, list[RelatedNodeInfo]] = {}
    for node in nodes:
        parent = parents.get(node.metadata["parent_id"])
        if parent is not None:
            node.relationships[NodeRelationship.PARENT] = relation(parent)
            children.setdefault(parent.node_id, []).append(relation(node))
    for parent_id, own in children.items():
        parents[parent_id].relationships[NodeRelationship.CHILD] = own
    return list(nodes)


def _source_id(node: BaseNode) -> str | None:
    return None if node.source_node is None else node.source_node.node_id


class NodeRun:
    """Makes the nodes of a run. Takes items one at a time, so that blocking and `await`able callers share it.

    The source of a node has the id that the file's `grounded` document has, whichever way nodes are made.
    """

    def __init__(self, settings: Settings, extra_info: Mapping[str, Any]) -> None:
        self._run = ChunkRun(settings, keeps_pages=True)
        self._settings = settings
        self._extra_info = extra_info
        self._source: RelatedNodeInfo | None = None
        self._nodes: list[TextNode] = []

    async def aadd(self, item: RunItem) -> None:
        """Take the next item, without holding up the event loop."""
        self._keep(item, await beside_loop(self._run.chunks, item))

    def add(self, item: RunItem) -> None:
        """Take the next item."""
        self._keep(item, self._run.chunks(item))

    def _keep(self, item: RunItem, chunks: Iterable[Chunk]) -> None:
        if isinstance(item, SourceOpened):
            document_id = stable_id(item.source, "grounded")
            self._source = RelatedNodeInfo(node_id=document_id, node_type=ObjectType.DOCUMENT)
        for chunk in chunks:
            if self._source is not None:
                is_contextualized = self._settings.contextualize
                self._nodes.append(node_of(chunk, self._extra_info, self._source, is_contextualized=is_contextualized))

    def nodes(self) -> list[TextNode]:
        """Return the nodes, linked, or raise what has to be raised at the end of the run."""
        self._run.finish()
        return linked(self._nodes)
