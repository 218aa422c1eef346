"""deepseek-ocr.rs (TimmyOVO/deepseek-ocr.rs, `deepseek-ocr-server`).

Sources: its `crates/server/src/generation.rs` (parts are walked from the last to the first, so the image comes last to
stand first; answers are decoded without special tokens; one lock around the model), `routes.rs` (the answer without an
image, the finish reason that is always "stop", the owners of the models), `crates/core/src/inference.rs` (512 tokens
unless asked, decoding fields) and `sampling.rs` (n-grams over the whole history).
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from dsocr_loaders.engines.profiles.chat import CHAT_PATH, answer_of, chat_body
from dsocr_loaders.engines.profiles.profile import KnownFault, ServerProfile
from dsocr_loaders.errors import engine_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dsocr_loaders.engines.profiles.profile import Question
    from dsocr_loaders.values import RawAnswer

__all__ = ["DEEPSEEK_OCR_RS"]

_IMAGE_REQUIRED: Final = "⚠️ **Image Required**"
_LEAST_NGRAM: Final = 35  # of the official code where the whole history counts, as here; less breaks boxes


def _ngram_fields(question: Question) -> Mapping[str, object]:
    """Return its rule over the whole history, which has no window and no whitelist; 0 switches it off."""
    size = question.request.decoding.ngram_size
    return {"no_repeat_ngram_size": max(size, _LEAST_NGRAM) if size else 0}


def _reply(payload: object, *, model: str, max_tokens: int, engine: str) -> RawAnswer:
    """Return the answer; one of as many tokens as were asked for is cut off, whatever the finish reason says."""
    answer = answer_of(payload, model=model, engine=engine)
    if answer.text.startswith(_IMAGE_REQUIRED) and not answer.output_tokens:
        raise engine_error("not_understood", "it did not find the page's image in the request")
    is_cut_off = answer.output_tokens is not None and answer.output_tokens >= max_tokens
    return replace(answer, finish_reason="length") if is_cut_off else answer


DEEPSEEK_OCR_RS = ServerProfile(
    name="deepseek-ocr-rs",
    title="deepseek-ocr.rs",
    path=CHAT_PATH,
    body=chat_body,
    reply=_reply,
    tags_advice=lambda facts: (  # noqa: ARG005 - the signature of `ServerProfile.tags_advice`
        "deepseek-ocr.rs has no option to keep them; vLLM, SGLang, and llama-server with --special do."
    ),
    owners=("deepseek-ocr", "paddleocr-vl", "dots-ocr", "glm-ocr"),
    has_catalogue=True,
    part_order=("text", "image"),
    fixed_fields=MappingProxyType({"do_sample": False}),
    ngram_fields=_ngram_fields,
    resolution_advice="Its options --base-size, --image-size and --crop-mode set it when it is started.",
    most_in_flight=1,
    known_faults=(
        KnownFault("model returned empty output", "no_answer", "The model has nothing to say about this page."),
    ),
)
