"""The n-gram rule as a logits processor, under one name for both of vLLM's model runners.

Each runner has a base class of its own and refuses processors of the other one's. `NoRepeatNGram` is of both, and
making one gives the implementation for the runner that makes it, told apart by the arguments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vllm.v1.sample.logits_processor import LogitsProcessor as BatchProcessor

from dsocr_loaders.vllm_plugin.batch import BatchNoRepeatNGram
from dsocr_loaders.vllm_plugin.repeats import limits_of

try:
    from vllm.v1.worker.gpu.sample.logits_processor import LogitsProcessor as DeviceProcessor
except ImportError:  # before 0.32 there is one runner
    DeviceProcessor = BatchProcessor

if TYPE_CHECKING:
    from vllm import SamplingParams

__all__ = ["NoRepeatNGram"]

_BASES = (BatchProcessor,) if DeviceProcessor is BatchProcessor else (BatchProcessor, DeviceProcessor)


class NoRepeatNGram(*_BASES):  # type: ignore[misc]  # which bases there are depends on vLLM's version
    """Bans tokens that would repeat a run of tokens of the answer.

    Token for token the rule of vLLM's `NGramPerReqLogitsProcessor` and of the official scripts, at a fraction of the
    cost, and on the newer runner as well. A request without `ngram_size` is left alone; one with a value that is not
    allowed is refused with status 400.
    """

    def __new__(cls, vllm_config: object, given: object, *more: object) -> Any:  # noqa: ANN401 - see the module
        """Return the implementation for the runner that calls."""
        if more:  # device and whether to pin memory
            return BatchNoRepeatNGram(vllm_config, given, *more)
        from dsocr_loaders.vllm_plugin.on_device import DeviceNoRepeatNGram  # noqa: PLC0415 - for that runner alone

        return DeviceNoRepeatNGram(vllm_config, given)

    @classmethod
    def validate_params(cls, sampling_params: SamplingParams) -> None:
        """Raise `ValueError` for arguments that are not allowed."""
        limits_of(sampling_params.extra_args)
