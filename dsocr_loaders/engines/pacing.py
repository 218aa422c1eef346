"""Feeding a control of concurrency: with how requests end, and with the server's own load where it tells it.

A host that tells no load may count requests by time too: a request waits here for its turn to be sent.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from dsocr_loaders.engines.concurrency import HostedControl, LoadFollowing, Outcome, server_load
from dsocr_loaders.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from dsocr_loaders.engines.concurrency import ServerLoad

__all__ = ["Pacing"]

_log = logging.getLogger("dsocr_loaders.engines")

_SOON_S: Final = 0.05  # between two looks while the limit is being searched
_SHORTEST_S: Final = 0.25
_LONGEST_S: Final = 2.0
_LOOKS_PER_REQUEST: Final = 20
_SMOOTHING: Final = 0.1
_OUTCOMES: Final[Mapping[str, Outcome]] = MappingProxyType({"busy": Outcome.REFUSED, "throttled": Outcome.THROTTLED})
"""How a request ended, by the cause of its error."""


class Pacing:
    """Says how many requests may be in flight. For one event loop.

    Args:
        ceiling: never more than that.
        metrics: returns the server's metrics page.

    Attributes:
        ceiling: never more than that; `begin` may lower it.
    """

    def __init__(self, ceiling: int, metrics: Callable[[], Awaitable[bytes]]) -> None:
        self.ceiling = ceiling
        self._metrics = metrics
        self._hosted = HostedControl(ceiling)
        self._following: LoadFollowing | None = None
        self._turns = asyncio.Lock()
        self._looking: asyncio.Task[None] | None = None
        self._mean_s = 0.0

    @property
    def limit(self) -> int:
        """Requests that may be in flight now, at least 1."""
        return (self._following or self._hosted).limit

    async def begin(self, *, tells_load: bool = True, most: int | None = None) -> None:
        """Ask the server for its load, and follow that from now on if it tells it. Never raises.

        Args:
            tells_load: False for a kind of server that is not to be asked.
            most: how many requests at a time make sense at a server that does not tell it.
        """
        if tells_load and await self._load() is not None:
            _log.debug("the number of requests in flight follows the server's metrics")
            self._following = LoadFollowing(self.ceiling)
            return
        _log.debug("the server tells no load; the number of requests in flight follows its refusals")
        if most is not None and most < self.ceiling:
            self.ceiling = most
            self._hosted = HostedControl(most)

    @asynccontextmanager
    async def request(self) -> AsyncIterator[None]:
        """Wait until a request may be sent, count it for the length of a block, and see how it ends."""
        if self._following is None:
            async with self._turns:  # first come, first served
                await self._turn()
                ended = self._begun_at_host()
        else:
            ended = self._begun_at_server(self._following)
        began = time.monotonic()
        outcome, retry_after_s = Outcome.OTHER, None
        try:
            yield
            outcome = Outcome.ANSWERED
            took_s = time.monotonic() - began
            self._mean_s += (took_s - self._mean_s) * (_SMOOTHING if self._mean_s else 1.0)
        except EngineError as error:
            outcome, retry_after_s = _OUTCOMES.get(error.cause, Outcome.OTHER), error.retry_after_s
            raise
        finally:
            ended(outcome, retry_after_s)

    async def _turn(self) -> None:
        """Wait until the host may be asked again; a refusal meanwhile makes that later."""
        wait_s = self._hosted.wait_s(time.monotonic())
        while wait_s > 0:
            await asyncio.sleep(wait_s)
            wait_s = self._hosted.wait_s(time.monotonic())

    def _begun_at_host(self) -> Callable[[Outcome, float | None], None]:
        hosted = self._hosted
        ticket = hosted.began(time.monotonic())
        return lambda outcome, retry_after_s: hosted.ended(ticket, outcome, time.monotonic(), retry_after_s)

    def _begun_at_server(self, following: LoadFollowing) -> Callable[[Outcome, float | None], None]:
        ticket = following.began()
        self._look_on()
        return lambda outcome, _: following.ended(ticket, outcome)

    def _look_on(self) -> None:
        """Look at the server's load again and again while requests are in flight."""
        if self._following is not None and (self._looking is None or self._looking.done()):
            self._looking = asyncio.create_task(self._look(self._following))

    async def _look(self, following: LoadFollowing) -> None:
        while following.in_flight:
            usual_s = min(_LONGEST_S, max(_SHORTEST_S, self._mean_s / _LOOKS_PER_REQUEST))
            await asyncio.sleep(usual_s if following.is_settled else _SOON_S)
            load = await self._load()
            if load is not None and following.in_flight:
                following.observe(load)

    async def _load(self) -> ServerLoad | None:
        try:
            return server_load(await self._metrics())
        except EngineError as error:
            _log.debug("no metrics: %s", error)
            return None
