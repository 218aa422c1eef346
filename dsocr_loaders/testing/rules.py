"""The rules by which a vLLM server that serves DeepSeek-OCR takes a request, strictly.

Sources: vLLM's `entrypoints/chat_utils.py` (parts, `<image>`), `entrypoints/openai/protocol.py` (fields, error body),
`model_executor/models/deepseek_ocr.py` (n-gram arguments). Stricter than vLLM in what it would take and the model
would not: another temperature than 0, special tokens skipped, the whitelist as a text.
"""

from __future__ import annotations

import base64
import binascii
import io
from dataclasses import dataclass
from typing import Final

from PIL import Image

from dsocr_loaders.resolution import mode_for, vision_tokens
from dsocr_loaders.values import RgbImage

__all__ = ["AskedPage", "Refusal", "VllmRules", "check_xargs"]

_DATA_URLS: Final = ("data:image/png;base64,", "data:image/jpeg;base64,")
_FORMATS: Final = ("PNG", "JPEG")
_HEAD_CHARACTERS: Final = 4096  # a multiple of four; where no profile or preview comes first, the size is in it


class Refusal(Exception):
    """A request that a rule forbids: the HTTP status with the body's `type` and `message`."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind

    @property
    def body(self) -> dict[str, object]:
        """The error body as vLLM shapes it."""
        return {"error": {"message": str(self), "type": self.kind, "param": None, "code": self.status}}


@dataclass(frozen=True, slots=True)
class AskedPage:
    """What a chat completion asks for.

    Attributes:
        prompt: words of the text part.
        data_url: the image as it was sent.
        width_px, height_px: size of the image.
        input_tokens: of image and prompt, as far as this package counts them.
        most_tokens: the longest answer that the request and the context allow; None if nothing limits it.
    """

    prompt: str
    data_url: str
    width_px: int
    height_px: int
    input_tokens: int
    most_tokens: int | None


@dataclass(frozen=True, slots=True)
class VllmRules:
    """A vLLM server's rules.

    Attributes:
        models: names it serves.
        max_model_len: context in tokens, which image, prompt and answer share; None for a server that tells none,
            which then limits nothing.
        resolution: the mode that pages are read in.
    """

    models: tuple[str, ...]
    max_model_len: int | None = 8192
    resolution: str = "gundam"

    def check(self, body: object) -> tuple[str, RgbImage]:
        """Return the prompt and the decoded image of a chat completion's body.

        Raises:
            Refusal: a rule is broken; vLLM's status, and a message that names the field.
        """
        url, prompt = self._asked(body)
        image = _decoded(url)
        self._check_fields(body, image.width_px, image.height_px)
        return prompt, image

    def glance(self, body: object) -> AskedPage:
        """Return what a chat completion's body asks for, looking at the head of the image alone.

        All rules hold as in `check`, except that a picture whose head is whole and whose pixels are broken passes:
        decoding a page takes ten times as long as everything else together.

        Raises:
            Refusal: a rule is broken; vLLM's status, and a message that names the field.
        """
        url, prompt = self._asked(body)
        width_px, height_px = _size(url)
        input_tokens = self._check_fields(body, width_px, height_px)
        limit = body.get("max_tokens") if isinstance(body, dict) else None
        if not isinstance(limit, int) and self.max_model_len is not None:
            limit = self.max_model_len - input_tokens
        return AskedPage(prompt, url, width_px, height_px, input_tokens, limit if isinstance(limit, int) else None)

    def _asked(self, body: object) -> tuple[str, str]:
        """Return the image's data URL, which holds what may be base64, and the prompt."""
        if not isinstance(body, dict):
            raise _bad("Input should be a valid dictionary")
        if body.get("model") not in self.models:
            raise Refusal(404, "NotFoundError", f"The model `{body.get('model')}` does not exist.")
        return _parts(body.get("messages"))

    def _check_fields(self, body: object, width_px: int, height_px: int) -> int:
        """Return the number of input tokens, if every field beside the messages keeps the rules."""
        if not isinstance(body, dict):
            raise _bad("Input should be a valid dictionary")
        if body.get("temperature") != 0:
            raise _bad("temperature: must be 0 for this model")
        if body.get("skip_special_tokens") is not False:
            raise _bad("skip_special_tokens: must be false, since the tags and table cells are special tokens")
        if body.get("stream"):
            raise _bad("stream: this scripted server does not stream")
        check_xargs(body.get("vllm_xargs"))
        return self._check_length(body, width_px, height_px)

    def _check_length(self, body: dict[str, object], width_px: int, height_px: int) -> int:
        limit = body.get("max_tokens")
        if limit is not None and (not _is_count(limit) or limit == 0):
            raise _bad("max_tokens: must be at least 1")
        mode = mode_for(str(body["model"]), self.resolution)
        used = vision_tokens(mode, width_px, height_px) + 1
        if self.max_model_len is not None and isinstance(limit, int) and limit > self.max_model_len - used:
            raise _bad(
                f"'max_tokens' or 'max_completion_tokens' is too large: {limit}. This model's maximum context length "
                f"is {self.max_model_len} tokens and your request has {used} input tokens "
                f"({limit} > {self.max_model_len} - {used})."
            )
        return used


def _bad(message: str) -> Refusal:
    return Refusal(400, "BadRequestError", message)


def _parts(messages: object) -> tuple[str, str]:
    if not isinstance(messages, list) or len(messages) != 1 or not isinstance(messages[0], dict):
        raise _bad("messages: must be a list of one message")
    content = messages[0].get("content")
    if messages[0].get("role") != "user" or not isinstance(content, list):
        raise _bad("messages[0]: must be a user message with a list of parts")
    parts = [part for part in content if isinstance(part, dict)]
    images = [part for part in parts if part.get("type") == "image_url"]
    texts = [part for part in parts if part.get("type") == "text"]
    if len(images) != 1 or len(texts) != 1 or len(content) != len(images) + len(texts):
        raise _bad("messages[0].content: must be one image_url part and one text part")
    prompt = texts[0].get("text")
    if not isinstance(prompt, str) or not prompt:
        raise _bad("messages[0].content: the text part has no text")
    if prompt.count("<image>") > len(images):
        raise _bad("Found more '<image>' placeholders in input prompt than actual multimodal data items.")
    reference = images[0].get("image_url")
    url = reference.get("url") if isinstance(reference, dict) else None
    if not isinstance(url, str) or not url.startswith(_DATA_URLS):
        raise _bad("image_url.url: must be a data URL of a PNG or JPEG in base64")
    return url, prompt


def _decoded(url: str) -> RgbImage:
    data = url[url.index(",") + 1 :]
    if not data:
        raise _bad("image_url.url: must be a data URL of a PNG or JPEG in base64")
    try:
        with Image.open(io.BytesIO(base64.b64decode(data, validate=True)), formats=_FORMATS) as picture:
            pixels = picture.convert("RGB")
    except (binascii.Error, OSError, ValueError) as error:
        raise _bad(f"cannot identify image file: {error}") from error
    return RgbImage(pixels.width, pixels.height, pixels.tobytes())


def _size(url: str) -> tuple[int, int]:
    """Return width and height in pixels, from the first bytes if they suffice."""
    begin = url.index(",") + 1
    problem: Exception | None = None
    for end in (begin + _HEAD_CHARACTERS, len(url)):
        try:
            head = base64.b64decode(url[begin:end], validate=True)
            with Image.open(io.BytesIO(head), formats=_FORMATS) as picture:
                return picture.size
        except (binascii.Error, OSError, ValueError) as error:
            problem = error
    raise _bad(f"cannot identify image file: {problem}") from problem


def check_xargs(xargs: object) -> None:
    """Check the arguments of the n-gram processor, which are None where it is not asked.

    Raises:
        Refusal: one is of the wrong type or out of range.
    """
    if xargs is None:
        return
    if not isinstance(xargs, dict):
        raise _bad("vllm_xargs: Input should be a valid dictionary")
    for name in ("ngram_size", "window_size"):
        if name in xargs and (not _is_count(xargs[name]) or xargs[name] == 0):
            raise _bad(f"vllm_xargs: {name} has to be a strictly positive integer, got {xargs[name]!r}.")
    whitelist = xargs.get("whitelist_token_ids", [])
    if not isinstance(whitelist, list) or not all(_is_count(token) for token in whitelist):
        raise _bad(f"vllm_xargs: whitelist_token_ids has to be a list of integers, got {whitelist!r}.")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
