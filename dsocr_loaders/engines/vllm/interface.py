"""All that depends on vLLM's version: making its engine, and giving it a page that is rendered already.

vLLM 0.18 and newer take a rendered input, a mapping with `"type": "multimodal"`, where they take a prompt. Before
that, the same mapping is what their preprocessor makes of a prompt, so there it is let through that one step. What is
relied on is listed in `docs/vllm.md` with the versions that were checked, and `tests/in_vllm/test_interface.py` checks
it against the version that is installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dsocr_loaders.engines.vllm.installed import LEAST_FOR_ALL_MODES, version_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dsocr_loaders.values import Decoding

__all__ = ["SIDES_FIELD", "ModelFacts", "make_llm_engine", "rendered_input", "sampling_for"]

SIDES_FIELD: Final = "mode_sides_px"
"""A further value of each image, sides of view and tile: vLLM does not stack images that differ in it."""
_RENDERED: Final = "multimodal"


def make_llm_engine(arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401 - vLLM ships no types where these are checked
    """Return vLLM's engine, loaded, in this very process (workers of a parallel model have their own).

    Raises:
        Exception: whatever vLLM raises, see `start_faults`.
    """
    from vllm.engine.arg_utils import EngineArgs  # noqa: PLC0415 - in the core only
    from vllm.v1.engine.llm_engine import LLMEngine  # noqa: PLC0415 - likewise

    engine = LLMEngine.from_engine_args(EngineArgs(**arguments))
    preprocessor = getattr(engine.input_processor, "input_preprocessor", None)
    if preprocessor is not None:
        _let_rendered_through(preprocessor)
    return engine


def _let_rendered_through(preprocessor: Any) -> None:  # noqa: ANN401 - likewise
    original = preprocessor.preprocess

    def preprocess(prompt: object, *arguments: object, **named: object) -> object:
        if isinstance(prompt, dict) and prompt.get("type") == _RENDERED:
            return prompt
        return original(prompt, *arguments, **named)

    preprocessor.preprocess = preprocess


class ModelFacts:
    """What a loaded engine says about its model.

    Attributes:
        tokenizer: as vLLM loaded it.
        dtype: torch's, of the pixels too.
        context_tokens: of image, prompt and answer together.
        architectures: as the model's configuration names them.
        device: vLLM's word for it, such as `cuda`.
        version: of vLLM.
        processor: vLLM's own for the model's images, which knows how tensors belong to images.
        takes_all_sizes: whether the model takes images of any size, and those of unlike sizes one after the other.
    """

    def __init__(self, engine: Any) -> None:  # noqa: ANN401 - likewise
        import vllm  # noqa: PLC0415 - likewise
        from vllm.multimodal import MULTIMODAL_REGISTRY  # noqa: PLC0415 - likewise
        from vllm.platforms import current_platform  # noqa: PLC0415 - likewise

        config = engine.model_config
        self.tokenizer = engine.get_tokenizer()
        self.dtype = config.dtype
        self.context_tokens = int(config.max_model_len)
        self.architectures = tuple(map(str, getattr(config.hf_config, "architectures", None) or ()))
        self.device = str(current_platform.device_type)
        self.version = str(vllm.__version__)
        self.takes_all_sizes = version_numbers(self.version) >= version_numbers(LEAST_FOR_ALL_MODES)
        self.processor = MULTIMODAL_REGISTRY.create_processor(config)


def rendered_input(
    facts: ModelFacts, tensors: Mapping[str, Any], token_ids: list[int], *, first: int, count: int, name: str
) -> dict[str, Any]:
    """Return what vLLM's own renderer would return for one page.

    Args:
        facts: of the engine.
        tensors: `pixel_values`, `images_crop` and `images_spatial_crop` for one image, as the model takes them.
        token_ids: of the prompt, with a token for each place of the image.
        first: the first of these places.
        count: how many they are.
        name: of the image, unlike that of any other: nothing is to be found in a cache.
    """
    from vllm.multimodal.inputs import (  # noqa: PLC0415 - likewise
        MultiModalFieldConfig,
        MultiModalKwargsItems,
        PlaceholderRange,
    )

    fields = dict(facts.processor._get_mm_fields_config(tensors, {}))  # noqa: SLF001 - every model of vLLM overrides it
    if SIDES_FIELD in tensors:
        fields[SIDES_FIELD] = MultiModalFieldConfig.shared("image", 1)
    return {
        "type": _RENDERED,
        "prompt_token_ids": token_ids,
        "mm_kwargs": MultiModalKwargsItems.from_hf_inputs(tensors, fields),
        "mm_hashes": {"image": [name]},
        "mm_placeholders": {"image": [PlaceholderRange(offset=first, length=count)]},
    }


def sampling_for(decoding: Decoding, *, max_tokens: int, whitelist: list[int]) -> Any:  # noqa: ANN401 - likewise
    """Return vLLM's sampling parameters: the answer whole and with its tags, the n-gram rule as ours asks for it."""
    from vllm import SamplingParams  # noqa: PLC0415 - likewise
    from vllm.sampling_params import RequestOutputKind  # noqa: PLC0415 - likewise

    return SamplingParams(
        temperature=decoding.temperature,
        max_tokens=max_tokens,
        skip_special_tokens=False,
        output_kind=RequestOutputKind.FINAL_ONLY,
        extra_args={
            "ngram_size": decoding.ngram_size,
            "window_size": decoding.ngram_window,
            "whitelist_token_ids": whitelist,
        },
    )
