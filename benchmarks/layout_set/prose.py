"""Invented texts: grammatical sentences of a vocabulary, the same ones for the same seed."""

# ruff: noqa: SIM905 - lists of words read best as lines of words

from __future__ import annotations

import random
from dataclasses import dataclass

__all__ = ["APART", "KNOWN", "Prose", "Vocabulary"]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words by their place in a sentence."""

    nouns: tuple[str, ...]
    verbs: tuple[str, ...]
    adjectives: tuple[str, ...]
    adverbs: tuple[str, ...]
    links: tuple[str, ...]
    names: tuple[str, ...]


KNOWN = Vocabulary(
    nouns=tuple(
        "harbour lighthouse archive ledger canal reservoir turbine vessel cargo inspector signal estuary quarry bridge "
        "warehouse instrument catalogue navigation measurement community settlement administration correspondence "
        "infrastructure tide barrier engineer laboratory observation equipment regulation sediment committee".split()
    ),
    verbs=tuple(
        "describes supports records replaces influences determines restricts accompanies documents strengthens "
        "reorganises measures explains confirms delays protects".split()
    ),
    adjectives=tuple(
        "coastal careful regional unexpected industrial considerable narrow seasonal reliable municipal abandoned "
        "experimental permanent comprehensive traditional remarkable".split()
    ),
    adverbs=tuple("gradually frequently seldom thoroughly independently occasionally deliberately reliably".split()),
    links=tuple("because although while whereas since".split()),
    names=tuple("Alma Brandt|Ivo Keller|Nora Lindqvist|Tomas Haring|Greta Olsen|Paul Winther".split("|")),
)

APART = Vocabulary(
    nouns=tuple(
        "orchard beekeeper pollen meadow greenhouse irrigation seedling harvest cooperative fertiliser cultivation "
        "biodiversity nursery botanist microscope classification herbarium ecosystem temperature humidity association "
        "photosynthesis experiment germination landscape gardener variety tradition expedition specimen".split()
    ),
    verbs=tuple(
        "nourishes attracts requires improves destabilises characterises distinguishes surrounds transforms produces "
        "complicates encourages pollinates reveals sustains outlasts".split()
    ),
    adjectives=tuple(
        "fragrant alpine cultivated resistant subtropical delicate representative unfamiliar experimental evergreen "
        "productive extraordinary domestic wild indispensable moderate".split()
    ),
    adverbs=tuple("abundantly rapidly hardly systematically annually vigorously surprisingly quietly".split()),
    links=tuple("so that|after|until|even if|wherever".split("|")),
    names=tuple("Mira Castell|Jonas Ferrand|Lea Moritz|Anton Weiss|Clara Novak|Felix Arden".split("|")),
)


class Prose:
    """A source of texts that does not run dry."""

    def __init__(self, seed: str, vocabulary: Vocabulary) -> None:
        self.random = random.Random(seed)
        self._words = vocabulary

    def noun(self) -> str:
        """Return a noun."""
        return self.random.choice(self._words.nouns)

    def name(self) -> str:
        """Return a person's name."""
        return self.random.choice(self._words.names)

    def _phrase(self) -> str:
        draw, words = self.random, self._words
        adjective = draw.choice(words.adjectives) + " " if draw.random() < 0.6 else ""
        return f"the {adjective}{draw.choice(words.nouns)}"

    def sentence(self) -> str:
        """Return a sentence of about 8 to 25 words."""
        draw, words = self.random, self._words
        text = f"{self._phrase()} {draw.choice(words.adverbs)} {draw.choice(words.verbs)} {self._phrase()}"
        shape = draw.randrange(5)
        if shape == 0:
            text += f" of {draw.choice(words.nouns)} {draw.randrange(2, 90)}"
        elif shape == 1:
            text += f", {draw.choice(words.links)} {self._phrase()} {draw.choice(words.verbs)} {self._phrase()}"
        elif shape == 2:
            text = f"in {draw.randrange(1890, 2020)}, {text} near {self._phrase()}"
        elif shape == 3:
            text += f" and {draw.choice(words.verbs)} {self._phrase()} within {draw.randrange(3, 60)} days"
        return text[0].upper() + text[1:] + "."

    def paragraph(self, sentences: int = 4) -> str:
        """Return a paragraph."""
        return " ".join(self.sentence() for _ in range(sentences))

    def heading(self) -> str:
        """Return a heading of three to five words."""
        draw, words = self.random, self._words
        text = f"{draw.choice(words.adjectives)} {draw.choice(words.nouns)}"
        text += f" and {draw.choice(words.adjectives)} {draw.choice(words.nouns)}" if draw.random() < 0.5 else ""
        return text[0].upper() + text[1:]

    def title(self) -> str:
        """Return a title of about nine words."""
        return f"{self.heading()}: {self._phrase()} beyond {self._phrase()} of {self.noun()}"

    def item(self) -> str:
        """Return the text of a short list item."""
        return f"{self._phrase()} {self.random.choice(self._words.verbs)} {self._phrase()}".capitalize()

    def figure(self, digits: int = 4) -> str:
        """Return a number as tables have them."""
        value = self.random.randrange(10 ** (digits - 1), 10**digits)
        return f"{value / 10:,.1f}"
