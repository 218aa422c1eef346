"""vLLM's own model classes with processors that know every resolution mode.

Taking a class from this module, under vLLM's name for it, makes it of vLLM's: `DeepseekOCRForCausalLM`,
`DeepseekOCR2ForCausalLM` or `UnlimitedOCRForCausalLM`. The model is the same; what differs is how requests with
`mm_processor_kwargs={"resolution": ...}` are prepared. All others go through vLLM's code alone.

Where vLLM does not look as it does in the versions that this was written for (0.20 to 0.33), the class is vLLM's own,
and a warning says so: a server must start whatever is installed beside it.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from inspect import signature
from typing import TYPE_CHECKING, Any, Final

from dsocr_loaders.resolution import vision_tokens
from dsocr_loaders.vllm_plugin.asked_mode import ARGUMENT, asked_mode, family_served_by
from dsocr_loaders.vllm_plugin.registration import STOCK_MODULES, warn_of_unknown_vllm

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dsocr_loaders.models import ModelFamily
    from dsocr_loaders.resolution import Mode

    DeepseekOCRForCausalLM: type
    DeepseekOCR2ForCausalLM: type
    UnlimitedOCRForCausalLM: type

__all__ = ["DeepseekOCR2ForCausalLM", "DeepseekOCRForCausalLM", "UnlimitedOCRForCausalLM"]

_NEEDED: Final = {
    "info": {
        "get_hf_processor": ("self", "kwargs"),
        "get_num_image_tokens": ("self", "image_width", "image_height", "cropping"),
        "get_image_size_with_most_features": ("self",),
    },
    "processor": {
        "_get_mm_fields_config": ("self", "hf_inputs", "hf_processor_mm_kwargs"),
        "_get_prompt_updates": ("self", "mm_items", "hf_processor_mm_kwargs", "out_mm_kwargs"),
    },
}
"""What is overridden, with the arguments that it has to have."""


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _model_class(name)


def __dir__() -> list[str]:
    return sorted(__all__)


@cache
def _model_class(architecture: str) -> object:
    stock = getattr(import_module(STOCK_MODULES[architecture]), architecture)
    try:
        return _with_modes(stock, family_served_by(architecture))
    except Exception as error:  # noqa: BLE001 - whatever a later vLLM does otherwise, its server has to start
        warn_of_unknown_vllm(error)
        return stock


def _with_modes(stock: Any, family: ModelFamily) -> object:  # noqa: ANN401 - a class of vLLM's
    """Return a subclass of the model class `stock` with processors of our own.

    Raises:
        Exception: of any kind; vLLM has changed.
    """
    from vllm.config import ModelConfig  # noqa: PLC0415 - inside vLLM only
    from vllm.config.multimodal import MultiModalConfig  # noqa: PLC0415 - likewise
    from vllm.multimodal import MULTIMODAL_REGISTRY  # noqa: PLC0415 - likewise

    from dsocr_loaders.vllm_plugin.mode_graphs import PastGraphs, has_graphs_by_path  # noqa: PLC0415 - needs torch

    factories = stock._processor_factory  # noqa: SLF001 - the one place where a class says how it is prepared
    for role, methods in _NEEDED.items():
        for name, arguments in methods.items():
            found = tuple(signature(getattr(getattr(factories, role), name)).parameters)
            if found != arguments:
                raise TypeError(f"{name} takes {', '.join(found)}")
    for kind, name in ((ModelConfig, "get_multimodal_config"), (MultiModalConfig, "merge_mm_processor_kwargs")):
        if not callable(getattr(kind, name, None)):
            raise TypeError(f"there is no {name}")
    register = MULTIMODAL_REGISTRY.register_processor(
        _processor_class(factories.processor),
        info=_info_class(factories.info, family),
        dummy_inputs=factories.dummy_inputs,
    )
    bases = (PastGraphs, stock) if has_graphs_by_path(stock) else (stock,)
    return register(type(stock.__name__, bases, {"__module__": __name__, "__doc__": stock.__doc__}))


def _info_class(stock: Any, family: ModelFamily) -> type:  # noqa: ANN401 - a class of vLLM's
    from dsocr_loaders.vllm_plugin.mode_pixels import ModeProcessor  # noqa: PLC0415 - needs torch

    class ModeInfo(stock):  # type: ignore[misc]  # which class that is depends on the model
        """Says what a page costs and who prepares it."""

        def mode_of(self, arguments: Mapping[str, object]) -> Mode | None:
            """Return the mode that a request asks for, or else the launch option `--mm-processor-kwargs`."""
            config = self.ctx.model_config.get_multimodal_config()
            return asked_mode(family, config.merge_mm_processor_kwargs(dict(arguments)))

        def get_hf_processor(self, **kwargs: object) -> object:
            mode = self.mode_of(kwargs)
            kwargs.pop(ARGUMENT, None)
            processor = super().get_hf_processor(**kwargs)
            return processor if mode is None else ModeProcessor(processor, mode)

        def get_num_image_tokens(self, *, image_width: int, image_height: int, **kwargs: object) -> int:
            mode = self.mode_of({})
            if mode is None:
                count: int = super().get_num_image_tokens(image_width=image_width, image_height=image_height, **kwargs)
                return count
            return vision_tokens(mode, image_width, image_height)

        def get_image_size_with_most_features(self) -> object:
            from vllm.multimodal.parse import ImageSize  # noqa: PLC0415 - inside vLLM only

            mode = self.mode_of({})
            if mode is None:
                return super().get_image_size_with_most_features()
            # of all grids with as many tiles, one column has the most rows and so the most tokens
            side = mode.tile_px or mode.base_px
            return ImageSize(width=side, height=side * max(1, mode.max_tiles))

    return ModeInfo


def _processor_class(stock: Any) -> type:  # noqa: ANN401 - a class of vLLM's
    from vllm.multimodal.inputs import MultiModalFieldConfig  # noqa: PLC0415 - inside vLLM only
    from vllm.multimodal.parse import ImageEmbeddingItems, ImageProcessorItems  # noqa: PLC0415 - likewise
    from vllm.multimodal.processing import PromptReplacement  # noqa: PLC0415 - likewise

    from dsocr_loaders.vllm_plugin.mode_pixels import SIDES_FIELD  # noqa: PLC0415 - needs torch

    class ModeMultiModalProcessor(stock):  # type: ignore[misc]  # which class that is depends on the model
        """Puts as many image tokens into the prompt as the mode takes, and keeps images of two modes apart."""

        def _get_mm_fields_config(
            self, hf_inputs: Mapping[str, Any], hf_processor_mm_kwargs: Mapping[str, object]
        ) -> Mapping[str, object]:
            fields = dict(super()._get_mm_fields_config(hf_inputs, hf_processor_mm_kwargs))
            if SIDES_FIELD in hf_inputs:
                fields[SIDES_FIELD] = MultiModalFieldConfig.shared("image", len(hf_inputs["pixel_values"]))
            return fields

        def _get_prompt_updates(
            self,
            mm_items: Any,  # noqa: ANN401 - of vLLM's
            hf_processor_mm_kwargs: Mapping[str, object],
            out_mm_kwargs: object,
        ) -> Sequence[object]:
            mode = self.info.mode_of(hf_processor_mm_kwargs)
            if mode is None:
                updates: Sequence[object] = super()._get_prompt_updates(mm_items, hf_processor_mm_kwargs, out_mm_kwargs)
                return updates
            token = self.info.get_hf_processor().image_token_id

            def tokens_of(position: int) -> list[int]:
                images = mm_items.get_items("image", (ImageEmbeddingItems, ImageProcessorItems))
                if isinstance(images, ImageEmbeddingItems):
                    return [token] * images.get_feature_size(position)
                size = images.get_image_size(position)
                return [token] * vision_tokens(mode, size.width, size.height)

            return [PromptReplacement(modality="image", target=[token], replacement=tokens_of)]

    return ModeMultiModalProcessor
