"""How many tokens a text has: an estimate without a vocabulary, and the counters that users bring."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dsocr_loaders.errors import MissingDependency, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["TokenCount", "estimate_tokens", "token_count_of"]

# What one token is taken to hold. Alternatives start with different characters and none is nested, so matching is
# linear; a single blank between words matches nothing.
_TOKENS = re.compile(r"[A-Za-z]{1,6}|\d{1,3}|\n+|[^\S\n]{2,}|[^\S\n ]|[^\sA-Za-z\d]")


def estimate_tokens(text: str) -> int:
    """Return an estimate of the tokens that common vocabularies make of `text`; an upper one for most texts.

    A run of Latin letters counts one token for each six letters begun, a run of digits one for each three begun, and
    any other character that is no blank one: punctuation, and each Chinese, Japanese, Korean, Arabic or Cyrillic
    character. A single blank belongs to the word behind it; longer runs and line ends count one. Pass
    `token_counter` for exact counts.
    """
    return len(_TOKENS.findall(text))


@dataclass(frozen=True, slots=True)
class TokenCount:
    """Counts the tokens of a text.

    Attributes:
        count: the counter.
        is_additive: whether texts joined by blank lines count as much as they and the blank lines do apart. Then
            nothing has to be counted twice; other counters are asked again about each finished chunk.
    """

    count: Callable[[str], int]
    is_additive: bool = False


def token_count_of(counter: object) -> TokenCount:
    """Return what counts tokens for the setting `token_counter`.

    * None: `estimate_tokens`;
    * a name: an encoding of tiktoken (`"cl100k_base"`), a model that tiktoken knows (`"gpt-4o"`), or the path of a
      `tokenizer.json`;
    * a `tiktoken.Encoding`, a `tokenizers.Tokenizer`, a tokenizer of transformers: their tokens without special ones,
      whatever truncation or padding they are set to;
    * a callable: what it returns, a number or a list of tokens.

    Raises:
        SettingsError: it is none of these, or a name that is not known.
        MissingDependency: a name needs a package that is not installed.
    """
    if counter is None:
        return TokenCount(estimate_tokens, is_additive=True)
    if isinstance(counter, str):
        return token_count_of(_tokenizer_of_file(counter) if counter.endswith(".json") else _encoding(counter))
    known: Any = counter
    if hasattr(known, "encode_ordinary"):  # tiktoken
        return TokenCount(lambda text: len(known.encode_ordinary(text)))
    if hasattr(known, "encode_batch") and hasattr(known, "token_to_id"):  # tokenizers
        return TokenCount(_count_of_tokenizer(known))
    if hasattr(known, "encode") and hasattr(known, "convert_ids_to_tokens"):  # transformers, which is callable too
        return TokenCount(
            lambda text: len(
                known.encode(text, add_special_tokens=False, truncation=False, padding=False, verbose=False)
            )
        )
    if callable(known):
        return TokenCount(lambda text: _as_number(known(text)))
    raise SettingsError(f"token_counter={known!r} counts nothing.")


def _count_of_tokenizer(tokenizer: Any) -> Callable[[str], int]:  # noqa: ANN401 - an optional package's type
    def count(text: str) -> int:
        encoding = tokenizer.encode(text, add_special_tokens=False)
        if tokenizer.truncation is None and tokenizer.padding is None:
            return len(encoding.ids)
        return sum(sum(part.attention_mask) for part in (encoding, *encoding.overflowing))

    truncation = tokenizer.truncation
    if truncation is not None and truncation.get("stride"):  # pieces that overlap cannot be added up
        tokenizer = type(tokenizer).from_str(tokenizer.to_str())
        tokenizer.no_truncation()
    return count


def _as_number(counted: Any) -> int:  # noqa: ANN401 - whatever a user's callable returns
    if isinstance(counted, int):
        return counted
    if hasattr(counted, "__len__"):
        return len(counted)
    raise SettingsError(
        f"token_counter returned {type(counted).__qualname__}; it has to return how many tokens there are, or a list."
    )


def _encoding(name: str) -> object:
    try:
        import tiktoken  # noqa: PLC0415 - an optional package
    except ImportError as error:
        raise MissingDependency(
            f"token_counter={name!r} names an encoding of tiktoken, which is not installed. "
            "Install it with: pip install tiktoken"
        ) from error
    try:
        if name in tiktoken.list_encoding_names():
            return tiktoken.get_encoding(name)
        return tiktoken.encoding_for_model(name)
    except (KeyError, ValueError) as error:
        raise SettingsError(
            f"token_counter={name!r} is neither an encoding of tiktoken ({', '.join(tiktoken.list_encoding_names())}) "
            "nor a model that it knows, nor the path of a tokenizer.json."
        ) from error
    except OSError as error:  # requests' errors are OSErrors
        raise SettingsError(f"tiktoken could not load the vocabulary of {name!r}: {error}") from error


def _tokenizer_of_file(path: str) -> object:
    try:
        import tokenizers  # noqa: PLC0415 - an optional package
    except ImportError as error:
        raise MissingDependency(
            f"token_counter={path!r} is read with tokenizers, which is not installed. "
            "Install it with: pip install tokenizers"
        ) from error
    if not Path(path).is_file():
        raise SettingsError(f"token_counter={path!r}: there is no such file.")
    try:
        return tokenizers.Tokenizer.from_file(path)
    except Exception as error:  # tokenizers raises nothing narrower
        raise SettingsError(f"token_counter={path!r} is no tokenizer.json that tokenizers can read: {error}") from error
