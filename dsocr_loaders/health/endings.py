"""How an answer ends: of itself, or before the page does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dsocr_loaders.models import model_for
from dsocr_loaders.values import AnswerFault, HealthFinding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.values import Decoding, ParsedAnswer, RawAnswer

__all__ = ["cut_off", "ran_out"]

_LONG_LOOP: Final = 4000
"""Characters. What repeats itself up to the end of the answer for so long was ended by a limit, and not by the model:
those that end by themselves, as far as recorded, do so before 2,000, or with a table that is closed."""

_SHORT: Final = 4000
"""Characters. A shorter answer is far from any usual limit of tokens, and models leave a formula open by themselves."""

_BRACKETS: Final = (("\\[", "\\]"), ("\\(", "\\)"))


def cut_off(answer: RawAnswer, parsed: ParsedAnswer, decoding: Decoding) -> HealthFinding | None:
    """Return that the answer was cut off, and what shows it; None if nothing does.

    In this order: the server says so; the answer has as many tokens as were allowed, or it and its prompt have as many
    as the model's context (some servers always say `stop`); it ends in a tag or a table; it ends in a formula. The
    model may also leave one open by itself, so that counts in a long answer, and where no server says `stop`.
    """
    limit, tokens = decoding.max_new_tokens, answer.output_tokens
    if answer.finish_reason == "length":
        return _finding("the server says that the answer ended at its limit of tokens", answer)
    if tokens is not None and limit is not None and tokens >= limit:
        return _finding(f"the answer has all the {limit} tokens that it may have", answer)
    context = model_for(answer.model).context_tokens
    if tokens is not None and answer.prompt_tokens is not None and tokens + answer.prompt_tokens == context:
        return _finding(f"prompt and answer have the {context} tokens that the model's context holds", answer)
    opened = _opened(answer.text, parsed, answer.finish_reason)
    return _finding(f"the answer ends in the middle of {opened}", answer) if opened else None


def ran_out(answer: RawAnswer, loops: Sequence[HealthFinding]) -> HealthFinding | None:
    """Return that the answer was cut off in a loop; None if nothing shows it.

    Args:
        answer: one of which the server does not say how it ended.
        loops: what `find_loops` found.
    """
    if answer.finish_reason is not None or not loops:
        return None
    last = loops[-1]
    if last.end >= len(answer.text.rstrip()) and last.end - last.start >= _LONG_LOOP:
        return _finding("the answer repeats itself up to its end", answer)
    return None


def _opened(text: str, parsed: ParsedAnswer, finish_reason: str | None) -> str:
    """Return in words what is open at the end of the answer, `""` if nothing is."""
    end = len(text.rstrip())
    if any(issue.code == "tag_cut_off" and issue.span.end >= end for issue in parsed.issues):
        return "a tag"
    if text.rfind("<table") > text.rfind("</table"):
        return "a table"
    if finish_reason == "stop" or not parsed.regions or len(text) < _SHORT:
        return ""
    words = parsed.regions[-1].text
    if any(words.rfind(opening) > words.rfind(closing) for opening, closing in _BRACKETS):
        return "a formula"
    return ""


def _finding(detail: str, answer: RawAnswer) -> HealthFinding:
    return HealthFinding(AnswerFault.TRUNCATED, detail, len(answer.text), len(answer.text))
