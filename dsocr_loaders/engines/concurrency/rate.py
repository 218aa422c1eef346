"""How far apart requests are sent to a host that allows so many a second or a minute.

Such a host refuses with 429 whatever is in flight. The first refusal sets the rate to a tenth below what the host has
just taken. Then it grows, by a fifth with every few requests; when that is refused, it goes back, and grows slowly from
then on. A refusal without growth lowers it by a tenth, and by more if hardly anything was taken since the last one.
"""

from __future__ import annotations

from collections import deque
from typing import Final

__all__ = ["SendRate"]

_MEASURED_S: Final = 10.0  # over which what the host takes is measured
_MEASURED_SENDS: Final = 1000
_DECREASE: Final = 0.9
_SHARP_DECREASE: Final = 0.7
_FEW: Final = 10  # requests taken since the refusal before
_INCREASE: Final = 1.2
_SMALL_INCREASE: Final = 1.02
_FIRST_CALM: Final = 5  # requests taken before more is tried ...
_CALM: Final = 150  # ... and once a rate was refused that had been found: fewer than one in a hundred is refused then
_USED_UP: Final = 0.7  # of what the rate allows
_LEAST_PER_S: Final = 1 / 60


class SendRate:
    """Finds the rate that a host takes, from its refusals. Unlimited until the first one.

    Attributes:
        per_s: requests that may be sent in a second, or None for any number.
    """

    def __init__(self) -> None:
        self.per_s: float | None = None
        self._last_good = 0.0  # before the rate grew last
        self._next_s = 0.0
        self._paused_until_s = 0.0
        self._sent: deque[float] = deque(maxlen=_MEASURED_SENDS)
        self._began_s: float | None = None
        self._taken = 0  # since the last refusal, or since the rate grew last
        self._counted_from_s = 0.0
        self._calm = _FIRST_CALM

    def wait_s(self, now_s: float) -> float:
        """Return how long to wait before the next request may be sent."""
        return max(0.0, self._next_s - now_s, self._paused_until_s - now_s)

    def sent(self, now_s: float) -> None:
        """Note that a request was sent."""
        if self._began_s is None:
            self._began_s = now_s
        self._sent.append(now_s)
        if self.per_s is not None:
            self._next_s = now_s + 1 / self.per_s

    def taken(self, now_s: float) -> None:
        """Note that a request was answered. The rate grows only while it is used up."""
        self._taken += 1
        if self.per_s is None or self._taken < self._calm:
            return
        if self._taken >= _USED_UP * self.per_s * (now_s - self._counted_from_s):
            self._last_good = self.per_s
            self.per_s *= _INCREASE if self._calm == _FIRST_CALM else _SMALL_INCREASE
        self._count_anew(now_s)

    def refused(self, now_s: float, retry_after_s: float | None) -> None:
        """Note that the host refused a request for coming too soon.

        Args:
            now_s: the time.
            retry_after_s: what the host asks to wait; nothing is sent to it meanwhile.
        """
        if self._sent:
            self._sent.pop()  # it was not taken
        if self.per_s is None:
            self.per_s = _DECREASE * self._taken_per_s(now_s)
        elif self._last_good:
            self.per_s = self._last_good
            self._calm = _CALM
        else:
            self.per_s *= _DECREASE if self._taken >= _FEW else _SHARP_DECREASE
        self.per_s = max(_LEAST_PER_S, self.per_s)
        self._last_good = 0.0
        self._count_anew(now_s)
        self._next_s = now_s + 1 / self.per_s
        self.pause(now_s, retry_after_s)

    def pause(self, now_s: float, retry_after_s: float | None) -> None:
        """Send nothing for as long as the host asks."""
        if retry_after_s is not None:
            self._paused_until_s = max(self._paused_until_s, now_s + retry_after_s)

    def _count_anew(self, now_s: float) -> None:
        self._taken = 0
        self._counted_from_s = now_s

    def _taken_per_s(self, now_s: float) -> float:
        """Return how many requests a second were sent and taken lately."""
        began_s = now_s if self._began_s is None else self._began_s
        over_s = min(_MEASURED_S, max(1.0, now_s - began_s))
        return sum(1 for at_s in self._sent if at_s > now_s - over_s) / over_s
