"""Which resolution mode a request asks for. Needs nothing of vLLM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dsocr_loaders.errors import SettingsError
from dsocr_loaders.models import MODELS
from dsocr_loaders.resolution import mode_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dsocr_loaders.models import ModelFamily
    from dsocr_loaders.resolution import Mode

__all__ = ["ARGUMENT", "asked_mode", "family_served_by"]

ARGUMENT: Final = "resolution"
"""Its name among `mm_processor_kwargs`."""


def family_served_by(architecture: str) -> ModelFamily:
    """Return the model whose class in vLLM has this name."""
    return next(model for model in MODELS.values() if model.architecture == architecture)


def asked_mode(family: ModelFamily, arguments: Mapping[str, object]) -> Mode | None:
    """Return the mode that `mm_processor_kwargs` name; None if they name none, which is vLLM's own way.

    Raises:
        ValueError: the model has no such mode. vLLM answers a request with status 400 then.
    """
    name = arguments.get(ARGUMENT)
    if name is None:
        return None
    try:
        return mode_for(family.repository, str(name))
    except SettingsError as error:
        raise ValueError(str(error)) from error
