"""Where a remote engine is, and the key that it may be given.

A key reaches a server in two ways only: as `api_key=`, for the URL it was given with; or as the environment variable
`DSOCR_API_KEY`, for the origin (scheme, host, port) of the environment variable `DSOCR_ENDPOINT` and no other.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NoReturn
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr

from dsocr_loaders.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["API_KEY_VARIABLE", "ENDPOINT_VARIABLE", "Endpoint", "endpoint_for"]

ENDPOINT_VARIABLE: Final = "DSOCR_ENDPOINT"
API_KEY_VARIABLE: Final = "DSOCR_API_KEY"

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_EXAMPLE: Final = "such as http://localhost:8000/v1"

KeyOrigin = Literal["argument", "environment", "withheld", "none"]


@dataclass(frozen=True, slots=True, repr=False)
class Endpoint:
    """A server's address with its key.

    Attributes:
        base_url: root of its API without a slash at the end, such as `http://localhost:8000/v1`; it holds no user,
            password or query, so it may be shown.
        key_origin: where the key comes from; `withheld`: the environment has one, for another origin.
    """

    base_url: str
    _key: SecretStr | None
    key_origin: KeyOrigin

    @property
    def headers(self) -> dict[str, str]:
        """What authorises a request. Secret."""
        return {} if self._key is None else {"Authorization": f"Bearer {self._key.get_secret_value()}"}

    def without_key(self, text: str) -> str:
        """Return `text`, something that the server said, with the key blacked out."""
        return text if self._key is None else text.replace(self._key.get_secret_value(), "(hidden)")

    @property
    def key_advice(self) -> str:
        """What to do about a refused key, in one sentence."""
        return {
            "argument": "Check the key that api_key= gives.",
            "environment": f"Check the key in the environment variable {API_KEY_VARIABLE}.",
            "withheld": f"{API_KEY_VARIABLE} is set, but it is sent to the origin of {ENDPOINT_VARIABLE} alone. "
            "Pass api_key=, or set both variables.",
            "none": f"No key was sent: pass api_key=, or set {ENDPOINT_VARIABLE} and {API_KEY_VARIABLE}.",
        }[self.key_origin]

    def __repr__(self) -> str:
        return f"Endpoint({self.base_url!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("An Endpoint may hold a key and is not pickled.")


def endpoint_for(
    url: str, api_key: SecretStr | None = None, *, environ: Mapping[str, str] = os.environ, setting: str = "engine"
) -> Endpoint:
    """Return the endpoint at `url` with the key that may go there.

    Args:
        url: root of an OpenAI-compatible API.
        api_key: an explicit key; it comes before the environment's.
        environ: where the two variables are looked up.
        setting: what the URL was given as, for messages.

    Raises:
        SettingsError: the URL cannot be one, or the key is none. Neither a key nor a query is part of the message.
    """
    parts = _checked(url, setting)
    base_url = _shown(parts)
    if api_key is not None:
        return Endpoint(base_url, _checked_key(api_key, "api_key"), "argument")
    from_environment = environ.get(API_KEY_VARIABLE, "").strip()
    if not from_environment:
        return Endpoint(base_url, None, "none")
    entitled = environ.get(ENDPOINT_VARIABLE, "").strip()
    if not entitled or _origin(_checked(entitled, ENDPOINT_VARIABLE)) != _origin(parts):
        return Endpoint(base_url, None, "withheld")
    return Endpoint(base_url, _checked_key(SecretStr(from_environment), API_KEY_VARIABLE), "environment")


def _checked(url: str, setting: str) -> SplitResult:
    try:
        parts = urlsplit(url.strip())
        is_address = parts.scheme in _DEFAULT_PORTS and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # a port that is no number, or brackets that do not match
        is_address = False
    if not is_address:
        raise SettingsError(
            f"{setting} is not a URL of a server; allowed: http or https, a host and a path, {_EXAMPLE}."
        )
    if parts.username is not None or parts.password is not None:
        raise SettingsError(f"{setting} holds a user name or password; pass a key as api_key= instead.")
    if parts.query or parts.fragment:
        raise SettingsError(
            f"{setting}={_shown(parts)} goes on with '?' or '#'; allowed: the root of the API alone, {_EXAMPLE}. "
            "A key belongs into api_key=."
        )
    if parts.path.rstrip("/").endswith("/chat/completions"):
        raise SettingsError(f"{setting}={_shown(parts)} is one method of the API; allowed: its root, {_EXAMPLE}.")
    return parts


def _shown(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    return parts.scheme, parts.hostname or "", parts.port or _DEFAULT_PORTS[parts.scheme]


def _checked_key(key: SecretStr, setting: str) -> SecretStr:
    text = key.get_secret_value().strip()
    if not text or not text.isascii() or not text.isprintable():
        raise SettingsError(f"{setting} is empty or holds characters that no key has; allowed: printable ASCII.")
    return SecretStr(text)
