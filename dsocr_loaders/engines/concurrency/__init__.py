"""How many pages a server is asked for at once: found while reading, between 1 and the user's ceiling.

Where the server tells its load (`load`), the number follows that (`LoadFollowing`): full slots, hardly anybody
waiting. Where it does not, as with hosted interfaces, it grows until requests are refused with 429 or 503 and then
stays just below (`AdditiveIncrease`); a host that counts requests by time gets them spaced out (`SendRate`), and
`HostedControl` tells the two kinds of refusal apart. All are pure: no network and no clock.
"""

from __future__ import annotations

from dsocr_loaders.engines.concurrency.additive import AdditiveIncrease
from dsocr_loaders.engines.concurrency.control import Concurrency, Outcome
from dsocr_loaders.engines.concurrency.following import LoadFollowing
from dsocr_loaders.engines.concurrency.hosted import HostedControl
from dsocr_loaders.engines.concurrency.load import ServerLoad, server_load
from dsocr_loaders.engines.concurrency.rate import SendRate

__all__ = [
    "AdditiveIncrease",
    "Concurrency",
    "HostedControl",
    "LoadFollowing",
    "Outcome",
    "SendRate",
    "ServerLoad",
    "server_load",
]
