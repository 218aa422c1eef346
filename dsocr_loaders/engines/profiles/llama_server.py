"""llama-server of llama.cpp.

Sources: ggml-org/llama.cpp `common/chat.cpp` (parts are joined in their order, with nothing around the image's marker),
`tools/server/server-context.cpp` (control tokens are printed with `--special` alone; `/props`), `server-schema.cpp`
(DRY's fields: the sequence breakers may not be empty, the window may not be negative), pull request 17400 and issue
21022 (`--chat-template deepseek-ocr` breaks the server).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dsocr_loaders.engines.profiles.chat import CHAT_PATH, answer_of, chat_body, count_of, object_of
from dsocr_loaders.engines.profiles.profile import KnownFault, ServerFacts, ServerProfile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dsocr_loaders.engines.profiles.profile import Question
    from dsocr_loaders.models import ModelFamily

__all__ = ["LLAMA_SERVER"]

_PROPERTIES: Final = "/props"
_DRY_MULTIPLIER: Final = 0.8  # both as in llama.cpp's own test of these models, `tools/mtmd/tests`
_DRY_BASE: Final = 1.75
_NEVER_WRITTEN: Final = "\x1d"  # a breaker has to be named; the usual ones stand in every tag and table
_NO_TEMPLATE: Final = "Start llama-server without --chat-template, which is for llama-mtmd-cli."


def _ngram_fields(question: Question) -> Mapping[str, object]:
    """Return the fields of DRY that come closest to the n-gram rule, which llama.cpp does not have.

    What would make a run of n tokens stand twice within the window becomes less likely, and exponentially so with each
    further token, instead of impossible. Shorter runs are left alone, since tags repeat: a rule from two tokens on, as
    in llama.cpp's test, would push each tag off its form. There is no whitelist.
    """
    decoding = question.request.decoding
    if not decoding.ngram_size:
        return {}
    return {
        "dry_multiplier": _DRY_MULTIPLIER,
        "dry_base": _DRY_BASE,
        "dry_allowed_length": max(1, decoding.ngram_size - 1),
        "dry_penalty_last_n": decoding.ngram_window,
        "dry_sequence_breakers": [_NEVER_WRITTEN],
    }


def _prompt_prefix(family: ModelFamily) -> str:
    """Return what the model was trained with between image and prompt, since the server puts nothing there."""
    return family.image_prefix.removeprefix("<image>")


def _facts(told: Mapping[str, object]) -> ServerFacts:
    properties = object_of(told.get(_PROPERTIES))
    settings = object_of(properties.get("default_generation_settings"))
    version = properties.get("build_info")
    return ServerFacts(
        version=version if isinstance(version, str) else "",
        context_tokens=count_of(settings.get("n_ctx")) or None,
        slots=count_of(properties.get("total_slots")) or None,
    )


LLAMA_SERVER = ServerProfile(
    name="llama-server",
    title="llama-server",
    path=CHAT_PATH,
    body=chat_body,
    reply=answer_of,
    tags_advice=lambda facts: "Start llama-server with --special.",  # noqa: ARG005 - the signature
    owners=("llamacpp",),
    prompt_prefix=_prompt_prefix,
    ngram_fields=_ngram_fields,
    resolution_advice="llama.cpp's own preprocessing has that mode alone.",
    told_by=(_PROPERTIES,),
    facts=_facts,
    known_faults=(
        KnownFault("does not match number of markers", "wrong_server", _NO_TEMPLATE),
        KnownFault("Failed to tokenize prompt", "wrong_server", _NO_TEMPLATE),
        KnownFault("image input is not supported", "wrong_server", "Start llama-server with the model's --mmproj."),
    ),
)
