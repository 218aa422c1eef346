"""What a setting takes, and what is wrong with a value, in words."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dsocr_loaders.errors import SettingsError

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic.fields import FieldInfo

__all__ = ["Allowed", "allowed_in_words", "problems_in_words"]


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a setting takes, in words for error messages and help texts."""

    words: str


def allowed_in_words(field: FieldInfo) -> str:
    """Return what a field takes, in words."""
    # A framework class that inherits from `Settings` has fields of its own.
    own = next((item.words for item in field.metadata if isinstance(item, Allowed)), None)
    return own or f"{field.annotation}"


_SECRETS = frozenset({"api_key", "password"})
_LONGEST_SHOWN = 80


def problems_in_words(error: ValidationError, fields: dict[str, FieldInfo]) -> str:
    """Return what is wrong with the values that pydantic refused, a line for each; secrets are not shown."""
    return "\n".join(dict.fromkeys(_problem_in_words(problem, fields) for problem in error.errors()))


def _problem_in_words(problem: Any, fields: dict[str, FieldInfo]) -> str:  # noqa: ANN401 - pydantic's own TypedDict
    cause = problem.get("ctx", {}).get("error")
    if isinstance(cause, SettingsError):  # a rule that brings its own message
        return str(cause)
    name = str(problem["loc"][0])
    if problem["type"] == "extra_forbidden":
        close = difflib.get_close_matches(name, fields, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"the settings are {', '.join(fields)}."
        return f"{name!r} is no setting; {hint}"
    if problem["type"] == "unexpected_keyword_argument":
        return f"{'.'.join(map(str, problem['loc']))!r} is no part of {name}."
    path = ".".join(str(part) for part in problem["loc"])
    shown = "(hidden)" if name in _SECRETS else _shown(problem["input"])
    return f"{path}={shown} is not allowed; allowed: {allowed_in_words(fields[name])}."


def _shown(value: object) -> str:
    if isinstance(value, str) and "://" in value:  # what a URL may hold besides an address is often a key
        value = re.sub(r"[?#].*", "?(hidden)", re.sub(r"//.*@", "//(hidden)@", value, flags=re.DOTALL), flags=re.DOTALL)
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 3] + "..."
