"""Settings as options: one for each, with the setting's own words as help, checked by `Settings` itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeVar

import click

from dsocr_loaders.errors import SettingsError
from dsocr_loaders.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["CHUNK_SETTINGS", "READ_SETTINGS", "setting_options", "settings_from"]

F = TypeVar("F", bound="Callable[..., object]")

CHUNK_SETTINGS = (
    "granularity",
    "chunk_tokens",
    "token_counter",
    "min_tokens",
    "overlap_tokens",
    "parents",
    "contextualize",
    "table_format",
    "join_pages",
    "include_furniture",
)
"""Those that shape chunks of a document that was read already."""

READ_SETTINGS = (
    "engine",
    "model",
    "revision",
    "trust_remote_code",
    "engine_options",
    "server",
    "resolution",
    "task",
    "prompt",
    "pages",
    "dpi",
    "pdf_backend",
    "password",
    "max_new_tokens",
    "timeout_s",
    "max_in_flight",
    "max_concurrency",
    "image_format",
    "structure",
    "recursive",
    "allow_private_urls",
    "prefer_text_layer",
    "repair",
    "max_repair_reads",
    "read_figures",
    "save_images",
    "show_progress",
)
"""Those that shape how pages are read.

The other settings are no options: the key of a remote engine comes from the environment (DSOCR_API_KEY), since a
command line is visible to every user of a machine; `journal` has options of its own where pages are read."""


def setting_options(names: Iterable[str]) -> Callable[[F], F]:
    """Return a decorator that gives a click command an option for each of the settings `names`."""
    fields = Settings.model_fields

    def decorate(command: F) -> F:
        for name in reversed(tuple(names)):
            flag = f"--{name.replace('_', '-')}"
            description = fields[name].description or ""
            if fields[name].default is True:
                off = click.option(f"{flag}/--no-{flag[2:]}", name, default=None, help=f"{description} [default: on]")
                command = off(command)
                continue
            if fields[name].annotation is bool:
                command = click.option(flag, name, is_flag=True, default=None, help=description)(command)
                continue
            default = fields[name].default if fields[name].default_factory is None else None
            shown = "" if default is None else f" [default: {getattr(default, 'value', default)}]"
            text = f"{description} {_sentence(Settings.allowed(name))}{shown}"
            command = click.option(flag, name, default=None, metavar=_metavar(name), help=text)(command)
        return command

    return decorate


def settings_from(values: dict[str, object]) -> Settings:
    """Return the settings for options that were given; the others keep their defaults.

    Raises:
        SettingsError: a value is not allowed.
    """
    given = {name: value for name, value in values.items() if value is not None}
    if isinstance(options := given.get("engine_options"), str):
        given["engine_options"] = _mapping(options)
    return Settings(**given)  # type: ignore[arg-type]


def _mapping(text: str) -> dict[str, object]:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise SettingsError(
            f"--engine-options {text!r} is not allowed; allowed: a JSON object, such as '{{\"max_model_len\": 4096}}'."
        )
    return value


def _sentence(words: str) -> str:
    return f"Takes {words}."


def _metavar(name: str) -> str:
    return {"timeout_s": "SECONDS", "dpi": "DPI", "chunk_tokens": "N", "engine_options": "JSON"}.get(name, name.upper())
