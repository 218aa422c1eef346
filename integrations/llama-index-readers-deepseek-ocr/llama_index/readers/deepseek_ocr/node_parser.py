"""The node parser: `grounded` documents in, nodes out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Literal

import dsocr_loaders
from dsocr_loaders.errors import OutputError, SettingsError
from dsocr_loaders.export import document_from_json
from dsocr_loaders.settings import Settings
from llama_index.core.bridge.pydantic import Field, field_serializer
from llama_index.core.node_parser import NodeParser
from llama_index.core.node_parser.interface import IdFuncCallable
from llama_index.core.node_parser.node_utils import default_id_func
from llama_index.core.schema import BaseNode, MetadataMode
from llama_index.core.utils import get_tqdm_iterable

from llama_index.readers.deepseek_ocr.translation import linked, node_of, relation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dsocr_loaders.values import Document as ReadDocument
    from llama_index.core.schema import Document

__all__ = ["DeepSeekOCRNodeParser"]

_CHUNK_SETTINGS = (
    "chunk_tokens",
    "token_counter",
    "min_tokens",
    "overlap_tokens",
    "parents",
    "contextualize",
    "table_format",
    "join_pages",
    "include_furniture",
)


def _setting(name: str) -> Any:  # noqa: ANN401 - what pydantic's Field returns
    known = Settings.model_fields[name]
    return Field(default=known.default, description=known.description)


class DeepSeekOCRNodeParser(NodeParser):
    """Makes nodes of documents that `DeepSeekOCRReader(granularity="grounded")` read.

    ```python
    pipeline = IngestionPipeline(
        transformations=[DeepSeekOCRNodeParser(), embed_model], docstore=SimpleDocumentStore(), vector_store=store
    )
    pipeline.run(documents=DeepSeekOCRReader(url, granularity="grounded").load_data("reports/"))
    ```

    A `grounded` document is one file, whose id comes from its place alone. So a document store sees which files have
    changed and replaces their nodes, and cutting a file anew does not read it anew.

    Nodes are those of `DeepSeekOCRReader.load_nodes`, with what else the document's metadata says (its file's dates,
    for example) on each. Relationships name other nodes without copying their metadata.

    The settings that shape chunks are as in `dsocr_loaders.Settings`. A token counter takes part in a pipeline's cache
    by its name, so two of them need two names. With `parents`, the nodes are what `AutoMergingRetriever` merges: put
    all of them into the docstore, and those of `get_leaf_nodes` into the index.

    Raises:
        SettingsError: a setting is not allowed, or shapes no nodes.
    """

    chunk_tokens: int = _setting("chunk_tokens")
    token_counter: Any = _setting("token_counter")
    min_tokens: int | None = _setting("min_tokens")
    overlap_tokens: int = _setting("overlap_tokens")
    parents: bool = _setting("parents")
    contextualize: bool = _setting("contextualize")
    table_format: Literal["markdown", "html"] = _setting("table_format")
    join_pages: bool = _setting("join_pages")
    include_furniture: bool = _setting("include_furniture")
    id_func: IdFuncCallable = Field(
        default=default_id_func, exclude=True, description="Not used: a node has its chunk's id."
    )

    def __init__(self, **values: Any) -> None:  # noqa: ANN401 - the settings above and LlamaIndex's own
        for name in values.keys() - type(self).model_fields.keys():
            raise SettingsError(f"{name!r} is no setting of a node parser; these are: {', '.join(_CHUNK_SETTINGS)}.")
        Settings(**{name: values[name] for name in _CHUNK_SETTINGS if name in values})
        super().__init__(**values)

    @classmethod
    def class_name(cls) -> str:
        """Return the name that serialised node parsers carry."""
        return "DeepSeekOCRNodeParser"

    @field_serializer("token_counter")
    def _counter_as_text(self, value: object) -> str | None:
        shown: str | None = Settings(token_counter=value).model_dump()["token_counter"]
        return shown

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        if "token_counter" not in state["__dict__"]:  # LlamaIndex drops what cannot be pickled
            raise SettingsError(
                "token_counter cannot be sent to another process, since it cannot be pickled. Pass a function that "
                "is defined in a module."
            )
        return state

    def _parse_nodes(
        self,
        nodes: Sequence[BaseNode],
        show_progress: bool = False,  # noqa: FBT001, FBT002 - as the base class has it
        **kwargs: Any,  # noqa: ANN401, ARG002 - as the base class has it; a pipeline hands its own words over
    ) -> list[BaseNode]:
        """Return the nodes of all documents, in order.

        Raises:
            OutputError: a document holds something else than `grounded` JSON.
        """
        parsed: list[BaseNode] = []
        for document in get_tqdm_iterable(nodes, show_progress, "Parsing nodes"):
            parsed += self._nodes_of(document)
        return parsed

    async def _aparse_nodes(
        self,
        nodes: Sequence[BaseNode],
        show_progress: bool = False,  # noqa: FBT001, FBT002 - as the base class has it
        **kwargs: Any,  # noqa: ANN401 - as the base class has it
    ) -> list[BaseNode]:
        return await asyncio.to_thread(self._parse_nodes, nodes, show_progress=show_progress, **kwargs)

    def _postprocess_parsed_nodes(
        self,
        nodes: list[BaseNode],
        parent_doc_map: dict[str, Document],  # noqa: ARG002 - what is needed of a document is on its nodes
    ) -> list[BaseNode]:
        """Return the nodes, linked to their neighbours.

        Everything else that `NodeParser` does here is done, or has no place: it looks for each node's text in the
        document's, which is JSON, and copies the neighbours' metadata into every relationship.
        """
        return linked(nodes) if self.include_prev_next_rel else nodes

    def _nodes_of(self, document: BaseNode) -> Iterator[BaseNode]:
        source = document.source_node or relation(document)
        metadata = document.metadata if self.include_metadata else {}
        settings = {name: getattr(self, name) for name in _CHUNK_SETTINGS}
        for chunk in dsocr_loaders.chunk(_read_document(document), **settings):
            node = node_of(chunk, metadata, source, is_contextualized=self.contextualize)
            node.excluded_embed_metadata_keys = _joined(
                node.excluded_embed_metadata_keys, document.excluded_embed_metadata_keys
            )
            node.excluded_llm_metadata_keys = _joined(
                node.excluded_llm_metadata_keys, document.excluded_llm_metadata_keys
            )
            yield node


def _read_document(document: BaseNode) -> ReadDocument:
    try:
        return document_from_json(document.get_content(metadata_mode=MetadataMode.NONE))
    except OutputError as error:
        raise OutputError(
            f"The document {document.metadata.get('file_name', document.node_id)!r} is not what this node parser "
            f"reads. Load it with DeepSeekOCRReader(granularity='grounded'). {error}"
        ) from error


def _joined(keys: Sequence[str], more: Sequence[str]) -> list[str]:
    return list(dict.fromkeys((*keys, *more)))
