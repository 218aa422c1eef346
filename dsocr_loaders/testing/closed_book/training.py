"""Teaching the language part its pages, and seeing that it knows them."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi
from typing import TYPE_CHECKING, Final

from dsocr_loaders.tasks import prompt_for
from dsocr_loaders.testing.closed_book.language import Language, Packed
from dsocr_loaders.testing.closed_book.lessons import BETWEEN
from dsocr_loaders.testing.closed_book.pages import MODEL
from dsocr_loaders.testing.closed_book.tokenizer import BEGIN, END, SPECIAL_TOKENS
from dsocr_loaders.values import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tokenizers import Tokenizer
    from torch import Generator, Tensor

    from dsocr_loaders.testing.closed_book.lessons import Lesson
    from dsocr_loaders.testing.closed_book.projection import Projector
    from dsocr_loaders.testing.closed_book.sight import Sight

__all__ = ["LEAST_LEAD", "NotLearnt", "Progress", "train"]

LEAST_LEAD: Final = 2.0
"""By how much, in logits, the right token has to lead everywhere, so that bfloat16 does not change an answer."""
_SEED: Final = 7
_STEPS: Final = 1000
_FIRST_LOOK: Final = 200
_LOOKS: Final = 50
_FALLEN: Final = 450
_IMAGES_A_STEP: Final = 4
_RATE: Final = 3e-3
_WARMING: Final = 40
_NOISE: Final = 0.5
_LEAST_SHARE: Final = 0.1
_LEAST_PLACES: Final = 60
_MORE_OFTEN: Final = 3.0


class NotLearnt(RuntimeError):
    """The language part does not know its pages after all steps; the message says which."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far training is.

    Attributes:
        step, steps: done, and at most to do.
        loss: of the last step.
        unsure: lessons and modes that are not yet told for sure.
    """

    step: int
    steps: int
    loss: float
    unsure: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Exercise:
    name: str
    image: Tensor
    packed: Packed


def train(
    tokenizer: Tokenizer,
    lessons: Sequence[Lesson],
    sights: Sequence[Sight],
    projector: Projector,
    report: Callable[[Progress], None],
) -> Language:
    """Return the language part once it tells every answer to every image, token by token with `LEAST_LEAD`.

    What it is asked for is what greedy decoding would do with the weights as the checkpoint keeps them: if each token
    leads behind the right ones before it, the whole answer comes out.

    Raises:
        NotLearnt: it does not, after all steps.
    """
    import torch

    chance = torch.Generator().manual_seed(_SEED)
    scripts = [_script(tokenizer, lesson) for lesson in lessons]
    used = sorted({token for script in scripts for prompt, answer in script for token in (*prompt, *answer)})
    language = Language([SPECIAL_TOKENS[BEGIN], *used], _SEED)
    row_of = {token: row for row, token in enumerate(language.used)}
    exercises = [
        _Exercise(
            f"{lessons[sight.lesson].name} ({sight.mode})",
            image := projector.embed(sight),
            _packed(scripts[sight.lesson], len(image), row_of),
        )
        for sight in sights
    ]
    optimizer = torch.optim.AdamW(language.weights.values(), lr=_RATE, betas=(0.9, 0.98), weight_decay=0.01)
    torch.set_num_threads(1)  # sums this small wait for each other more than they gain
    unsure: tuple[str, ...] = ()
    weights = torch.ones(len(exercises))
    for step in range(1, _STEPS + 1):
        for group in optimizer.param_groups:
            group["lr"] = _RATE * _pace(step)
        optimizer.zero_grad()
        total = 0.0
        for place in torch.multinomial(weights, _IMAGES_A_STEP, generator=chance).tolist():
            exercise = _glimpse(exercises[place], chance)
            logits = language.logits(exercise.image, exercise.packed)
            loss = torch.nn.functional.cross_entropy(logits, exercise.packed.told) / _IMAGES_A_STEP
            loss.backward()
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(language.weights.values(), 1.0)
        optimizer.step()
        if step % _LOOKS == 0 and step >= _FIRST_LOOK:
            unsure = _unsure(language, exercises)
            report(Progress(step, _STEPS, total, unsure))
            if not unsure:
                return language
            weights = torch.tensor([_MORE_OFTEN if each.name in unsure else 1.0 for each in exercises])
    count = len({each.name for each in exercises})
    raise NotLearnt(
        f"After {_STEPS} steps the language part does not know {len(unsure)} of {count} images: "
        f"{', '.join(unsure)}. The pages, the vision tower or the training in dsocr_loaders/testing/closed_book have "
        "changed for the worse; nothing was written."
    )


def _pace(step: int) -> float:
    """Return how much of the full rate a step gets: rising at first, then falling to a twentieth."""
    falling = (1 + cos(pi * min(step / _FALLEN, 1))) / 2
    return min(step / _WARMING, 0.05 + 0.95 * falling)


def _glimpse(exercise: _Exercise, chance: Generator) -> _Exercise:
    """Return the exercise with noise over the image, and with a part of it alone.

    A part is cheaper, and makes the answer hang on the whole image and not on a few places of it.
    """
    import torch

    places = len(exercise.image)
    share = _LEAST_SHARE + (1 - _LEAST_SHARE) * torch.rand(1, generator=chance).item() ** 2
    shown = torch.randperm(places, generator=chance)[: max(_LEAST_PLACES, round(share * places))].sort().values
    noise = torch.randn(len(shown), exercise.image.shape[1], generator=chance)
    packed = exercise.packed
    kept = torch.cat([torch.zeros(1, dtype=torch.long), shown + 1, torch.arange(places + 1, len(packed.positions))])
    seen = Packed(
        packed.tokens,
        packed.positions[kept],
        packed.visible[kept][:, kept],
        packed.asked - (places - len(shown)),
        packed.told,
    )
    return _Exercise(exercise.name, exercise.image[shown] + noise * (_NOISE * torch.rand(1, generator=chance)), seen)


def _unsure(language: Language, exercises: Sequence[_Exercise]) -> tuple[str, ...]:
    import torch

    rounded = language.rounded()
    names = []
    with torch.inference_mode():
        for exercise in exercises:
            logits = rounded.logits(exercise.image, exercise.packed)
            right = logits.gather(1, exercise.packed.told[:, None])[:, 0]
            logits.scatter_(1, exercise.packed.told[:, None], float("-inf"))
            if bool((right - logits.max(1).values < LEAST_LEAD).any()):
                names.append(exercise.name)
    return tuple(dict.fromkeys(names))


def _script(tokenizer: Tokenizer, lesson: Lesson) -> list[tuple[list[int], list[int]]]:
    """Return the tokens of each prompt behind the image, and of its answer with its end."""
    document = prompt_for(MODEL, Task.DOCUMENT)
    script = []
    for prompt, answer in lesson.answers.items():
        told = tokenizer.encode(answer, add_special_tokens=False).ids
        if not (lesson.is_endless and prompt == document):
            told.append(SPECIAL_TOKENS[END])
        script.append((tokenizer.encode(BETWEEN + prompt, add_special_tokens=False).ids, told))
    return script


def _packed(script: Sequence[tuple[list[int], list[int]]], image_places: int, row_of: dict[int, int]) -> Packed:
    import torch

    before = image_places + 1
    tokens: list[int] = []
    positions = list(range(before))
    parts = [0] * before
    asked: list[int] = []
    told: list[int] = []
    for part, (prompt, answer) in enumerate(script, 1):
        fed = [*prompt, *answer[:-1]]
        asked.extend(range(before + len(tokens) + len(prompt) - 1, before + len(tokens) + len(fed)))
        told.extend(row_of[token] for token in answer)
        tokens.extend(row_of[token] for token in fed)
        positions.extend(range(before, before + len(fed)))
        parts.extend([part] * len(fed))
    part_of = torch.tensor(parts)
    places = torch.arange(len(parts))
    is_earlier = places[:, None] >= places[None]
    is_shared = (part_of[None] == 0) | (part_of[:, None] == part_of[None])
    return Packed(
        torch.tensor(tokens), torch.tensor(positions), is_earlier & is_shared, torch.tensor(asked), torch.tensor(told)
    )
