"""Whether a server reads in the mode that was asked for: found out by letting it read a picture of two lines.

Nothing that a server tells of itself says it, and one without modes may take the request and read in its own mode. The
number of tokens that the picture costs cannot be mistaken. Done once, at the first contact, and only for a mode that
servers of this kind do not have by themselves.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from dsocr_loaders.engines.encode import encode_image
from dsocr_loaders.engines.profiles import question_for, request_for
from dsocr_loaders.engines.profiles.modes import TRIAL_PAGE_PX, modes_of_trial
from dsocr_loaders.errors import EngineError, SettingsError
from dsocr_loaders.models import decoding_for
from dsocr_loaders.values import PageImage, ReadRequest, RgbImage, Source, Task

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from dsocr_loaders.engines.profiles import HttpRequest, ServerFacts, ServerProfile
    from dsocr_loaders.models import ModelFamily
    from dsocr_loaders.values import RawAnswer

    Sends = Callable[[HttpRequest], Awaitable[RawAnswer]]

__all__ = ["tried"]

_log = logging.getLogger("dsocr_loaders.engines")

_PROMPT: Final = "."
_REFUSED: Final = frozenset({"bad_request", "server_fault"})


async def tried(
    profile: ServerProfile, facts: ServerFacts, family: ModelFamily, model: str, resolution: str, send: Sends
) -> ServerFacts:
    """Return `facts` with the modes that the server turns out to have; none for a mode that the model has not.

    A server that reads each request in the mode that it names has all modes of the model. One that takes no such
    requests may have been started in the very mode; then it has that one, and is not asked for it.

    Args:
        profile: what kind of server it is.
        facts: what it told.
        family: what its model is.
        model: the model's name there.
        resolution: the mode that is wanted.
        send: sends a request for a page and returns the answer.

    Raises:
        SettingsError: it reads in another mode; the message says in which, and what to do.
        EngineError: it cannot be asked.
    """
    width, height = TRIAL_PAGE_PX
    picture = encode_image(RgbImage(width, height, b"\xff" * (3 * width * height)), "png")
    if resolution not in family.modes:
        return facts
    refusal = ""
    counted: int | None = None
    told: tuple[str, ...] = ()
    for mode_is_fixed in (False, True):
        supposed = replace(facts, mode_is_fixed=mode_is_fixed)
        question = question_for(_request(family, resolution), picture, model, 1, family=family, facts=supposed)
        try:
            answer = await send(request_for(profile, question))
        except EngineError as error:
            if error.cause not in _REFUSED or mode_is_fixed:
                raise
            refusal = f" It said: {error}"
            continue
        counted = answer.prompt_tokens
        told = modes_of_trial(family, counted)
        if resolution in told:
            _log.info("%s reads in %s%s", profile.title, resolution, ", as it was started" if mode_is_fixed else "")
            return replace(supposed, resolutions=told if mode_is_fixed else tuple(family.modes))
        break
    reads = f"it reads in {told[0]}" if told else f"its count of prompt tokens, {counted}, is that of no mode"
    raise SettingsError(
        f"resolution={resolution!r} cannot be chosen on this {profile.title} server: {reads}. "
        f"{profile.resolution_advice}{refusal}"
    )


def _request(family: ModelFamily, resolution: str) -> ReadRequest:
    width, height = TRIAL_PAGE_PX
    source = Source("a trial", "", "", "image/png", 0, "a trial")
    page = PageImage(source, 1, "1", float(width), float(height), "px")
    return ReadRequest(page, Task.FREE, _PROMPT, resolution, decoding_for(family.repository))
