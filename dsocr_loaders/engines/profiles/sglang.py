"""SGLang (`python -m sglang.launch_server`).

Sources: sgl-project/sglang `srt/parser/conversation.py` (its template puts `<image>` and a line break before the text,
and one more where the text has one; before pull request 12358 it stood where the image's part stood, so that comes
first), `srt/entrypoints/http_server.py` (`/get_server_info`),
`srt/managers/tokenizer_manager.py` (a processor is refused without `--enable-custom-logit-processor`),
`srt/sampling/custom_logit_processor.py`, and pull requests 12415 (the processor) and 29186 (`images_config`).
"""

from __future__ import annotations

import json
import re
import struct
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from dsocr_loaders.engines.profiles.chat import CHAT_PATH, answer_of, chat_body, count_of, object_of
from dsocr_loaders.engines.profiles.profile import KnownFault, ServerFacts, ServerProfile
from dsocr_loaders.engines.profiles.token_ids import whitelist_ids

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dsocr_loaders.engines.profiles.profile import Question
    from dsocr_loaders.models import ModelFamily

__all__ = ["SGLANG"]

_INFO: Final = "/get_server_info"
_NEWER_INFO: Final = "/server_info"
_OPTION: Final = "--enable-custom-logit-processor"
_FIRST_WITH_PROCESSOR: Final = (0, 5, 5)  # an older server fails on a class that it does not have
_UNRELEASED: Final = (0, 0, 0)


def _reference_to(module: str, name: str) -> str:
    """Return what `CustomLogitProcessor.to_str` of SGLang gives for a class of its own: a pickled reference in JSON.

    The pickle says where the class is and holds no code, so that it can be written without SGLang: protocol 4, one
    frame, two short texts, STACK_GLOBAL, each remembered, STOP.
    """
    frame = b"".join(b"\x8c" + bytes((len(word),)) + word.encode("ascii") + b"\x94" for word in (module, name))
    frame += b"\x93\x94."
    return json.dumps({"callable": (b"\x80\x04\x95" + struct.pack("<Q", len(frame)) + frame).hex()})


_PROCESSOR: Final = _reference_to(
    "sglang.srt.sampling.custom_logit_processor", "DeepseekOCRNoRepeatNGramLogitProcessor"
)


def _ngram_fields(question: Question) -> Mapping[str, object]:
    decoding = question.request.decoding
    if not decoding.ngram_size or not question.facts.takes_processors:
        return {}
    return {
        "custom_logit_processor": _PROCESSOR,
        "custom_params": {
            "ngram_size": decoding.ngram_size,
            "window_size": decoding.ngram_window,
            "whitelist_token_ids": whitelist_ids(decoding),
        },
    }


def _resolution_fields(question: Question) -> Mapping[str, object]:
    if question.family.family != "unlimited-ocr":
        return {}
    return {"images_config": {"image_mode": question.request.resolution}}


def _resolutions(family: ModelFamily, facts: ServerFacts) -> tuple[str, ...]:
    own = ("base", "gundam") if family.family == "unlimited-ocr" else ("gundam",)
    return (*own, *facts.resolutions)


def _facts(told: Mapping[str, object]) -> ServerFacts:
    info = object_of(told.get(_INFO, told.get(_NEWER_INFO)))
    said = info.get("version")
    version = said if isinstance(said, str) else ""
    is_enabled = info.get("enable_custom_logit_processor")
    is_old = _UNRELEASED < _numbers(version) < _FIRST_WITH_PROCESSOR
    notes: tuple[str, ...] = ()
    if is_enabled is not True or is_old:
        why = f"it is older than {'.'.join(map(str, _FIRST_WITH_PROCESSOR))}" if is_old else f"it has no {_OPTION}"
        how = "update it" if is_old else f"start it with {_OPTION}"
        if not info:
            why, how = f"it does not tell whether it has {_OPTION}", f"let {_INFO} be asked"
        notes = (f"Pages are read without the rule that stops repetitions, since {why}: {how}.",)
    return ServerFacts(
        version=version,
        slots=count_of(info.get("max_running_requests")) or None,
        takes_processors=is_enabled is True and not is_old,
        notes=notes,
    )


def _numbers(version: str) -> tuple[int, ...]:
    """Return the numbers that a version begins with; none for one that is not told."""
    found = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
    return tuple(int(number) for number in found.groups()) if found else ()


SGLANG = ServerProfile(
    name="sglang",
    title="SGLang",
    path=CHAT_PATH,
    body=chat_body,
    reply=answer_of,
    tags_advice=lambda facts: (  # noqa: ARG005 - the signature of `ServerProfile.tags_advice`
        "This package asks SGLang for them with skip_special_tokens=false, which something between here and the "
        "server drops: give the URL of the server itself."
    ),
    owners=("sglang",),
    fixed_fields=MappingProxyType({"skip_special_tokens": False}),
    ngram_fields=_ngram_fields,
    resolution_fields=_resolution_fields,
    resolutions=_resolutions,
    resolution_advice="SGLang fixes it for this model.",
    tells_load=True,  # if it was launched with --enable-metrics
    told_by=(_INFO, _NEWER_INFO),
    facts=_facts,
    known_faults=(KnownFault("enable custom logit processor", "bad_request", f"Start SGLang with {_OPTION}."),),
)
