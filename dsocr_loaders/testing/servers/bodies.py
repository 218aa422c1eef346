"""Reading requests: the parts of messages, and pictures."""

from __future__ import annotations

import base64
import binascii
import io
from typing import TYPE_CHECKING, Final

from PIL import Image

from dsocr_loaders.resolution import mode_for, vision_tokens
from dsocr_loaders.testing.rules import Refusal
from dsocr_loaders.values import RgbImage

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["count_of", "image_url_of", "input_tokens", "number_of", "object_of", "parts_of", "picture_of"]

_FORMATS: Final = ("PNG", "JPEG", "WEBP")


def object_of(value: object, name: str = "the body") -> dict[str, object]:
    """Return `value` if it is a JSON object.

    Raises:
        Refusal: it is none.
    """
    if not isinstance(value, dict):
        raise Refusal(400, "invalid_request_error", f"{name}: must be an object")
    return value


def parts_of(content: object) -> Iterator[tuple[str, object]]:
    """Yield type and value of each part of a message's content, in order; a text alone is one text part.

    Raises:
        Refusal: a part is none.
    """
    if isinstance(content, str):
        yield "text", content
        return
    if not isinstance(content, list):
        raise Refusal(400, "invalid_request_error", "content: must be a text or a list of parts")
    for part in content:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind not in {"text", "image_url"}:
            raise Refusal(400, "invalid_request_error", f"content: a part is of type {kind!r}")
        value = part.get(kind)
        if kind == "text" and not isinstance(value, str):
            raise Refusal(400, "invalid_request_error", "content: a text part has no text")
        yield kind, value


def image_url_of(value: object) -> str:
    """Return the URL of an `image_url` part: of an object with `url`, or the text itself.

    Raises:
        Refusal: it holds no URL.
    """
    url = value.get("url") if isinstance(value, dict) else value
    if not isinstance(url, str):
        raise Refusal(400, "invalid_request_error", "image_url: has no url")
    return url


def picture_of(data: str, message: str, status: int = 400) -> RgbImage:
    """Return the picture that `data` holds: base64, or a data URL of it.

    Raises:
        Refusal: `status` with `message`, which may name the problem as `{problem}`.
    """
    if data.startswith("data:"):
        head, _, data = data.partition(",")
        if not head.endswith(";base64"):
            raise Refusal(status, "invalid_request_error", message.format(problem="no base64"))
    try:
        raw = base64.b64decode(data, validate=True)
        with Image.open(io.BytesIO(raw), formats=_FORMATS) as picture:
            pixels = picture.convert("RGB")
    except (binascii.Error, OSError, ValueError) as error:
        problem = "not base64" if isinstance(error, binascii.Error) else "not a picture that can be read"
        raise Refusal(status, "invalid_request_error", message.format(problem=problem)) from error
    return RgbImage(pixels.width, pixels.height, pixels.tobytes())


def input_tokens(model: str, image: RgbImage | None, prompt: str) -> int:
    """Return the tokens that image and prompt take: vision tokens of the gundam mode, and words."""
    seen = 0 if image is None else vision_tokens(mode_for(model, "gundam"), image.width_px, image.height_px)
    return seen + len(prompt.split())


def count_of(body: dict[str, object], *names: str) -> int | None:
    """Return the first of these fields that is there, as a whole number; None if none is.

    Raises:
        Refusal: it is something else.
    """
    for name in names:
        value = body.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int):
            raise Refusal(400, "invalid_request_error", f"{name}: must be a whole number, not {value!r}")
        return value
    return None


def number_of(body: dict[str, object], name: str, default: float) -> float:
    """Return a field as a number, or `default` if it is not there.

    Raises:
        Refusal: it is something else.
    """
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refusal(400, "invalid_request_error", f"{name}: must be a number, not {value!r}")
    return float(value)
