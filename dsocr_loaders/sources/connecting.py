"""A connection to a host of the public internet.

The address that was checked is the address that is connected to: a name is looked up once, every address that DNS
gives for it is checked, and the socket goes to one of these in digits. Asking DNS a second time could give another
answer (DNS rebinding). Certificates are still checked against the name. No proxy is used, since the address that a
proxy connects to cannot be checked.
"""

from __future__ import annotations

import os
import socket
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsocr_loaders.errors import SourceError, SourceNotFound
from dsocr_loaders.sources.addresses import why_not_public

if TYPE_CHECKING:
    import ssl

    from dsocr_loaders.sources.deadline import Deadline

__all__ = ["Connection", "connected"]

_READ_BYTES = 1 << 16
_LONGEST_CONNECT_S = 10.0  # for one address of several
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy")


@dataclass(frozen=True, slots=True)
class Connection:
    """A socket that keeps to a deadline."""

    socket: socket.socket
    deadline: Deadline

    def send(self, data: bytes) -> None:
        """Send all of `data`, which is short."""
        self.socket.settimeout(self.deadline.wait_s(_LONGEST_CONNECT_S))
        self.socket.sendall(data)

    def receive(self) -> bytes:
        """Return the next bytes, `b""` at the end.

        Raises:
            LimitExceeded: the time is over.
            OSError: the connection broke.
        """
        while True:
            self.socket.settimeout(self.deadline.wait_s())
            try:
                return self.socket.recv(_READ_BYTES)
            except TimeoutError:
                continue

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()


def connected(
    host: str, port: int, context: ssl.SSLContext | None, deadline: Deadline, *, allows_private: bool
) -> Connection:
    """Return a connection to `host`.

    Args:
        host: name or address in digits.
        port: of the host.
        context: for TLS, or None.
        deadline: of everything together.
        allows_private: whether addresses outside the public internet are allowed.

    Raises:
        SourceNotFound: there is no such host.
        SourceError: one of its addresses is not allowed, or none can be connected to.
        LimitExceeded: the time is over.
    """
    addresses = _addresses(host, port, deadline)
    if not allows_private:
        for address in addresses:
            kind = why_not_public(address)
            if kind is not None:
                raise SourceError(
                    f"{host} has the address {address}, which is {kind}. Such addresses are refused, since a URL that "
                    "somebody else wrote could read what only this machine can reach; allow_private_urls=True "
                    "allows them."
                )
    connection = Connection(_opened(host, port, addresses, deadline), deadline)
    if context is None:
        return connection
    try:
        connection.socket.settimeout(deadline.wait_s(_LONGEST_CONNECT_S))
        return Connection(context.wrap_socket(connection.socket, server_hostname=host), deadline)
    except BaseException:
        connection.close()
        raise


def _addresses(host: str, port: int, deadline: Deadline) -> list[str]:
    """Return the addresses of `host` in digits, each once, in the order of preference of this machine."""
    found: list[str] = []
    problems: list[Exception] = []

    def look_up() -> None:
        try:
            entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.extend(dict.fromkeys(str(entry[4][0]) for entry in entries))
        except (OSError, UnicodeError) as error:
            problems.append(error)

    # The system's look-up takes no time limit, so it gets a thread that nobody has to wait for.
    thread = threading.Thread(target=look_up, name="dsocr-look-up", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(deadline.wait_s())
    if not found:
        raise SourceNotFound(f"There is no host {host}, or its name cannot be looked up now.") from next(
            iter(problems), None
        )
    return found


def _opened(host: str, port: int, addresses: list[str], deadline: Deadline) -> socket.socket:
    problem: OSError | None = None
    for address in addresses:
        try:
            return socket.create_connection((address, port), timeout=deadline.wait_s(_LONGEST_CONNECT_S))
        except OSError as error:
            problem = error
    reason = problem.strerror or "no answer" if problem else "no address"
    is_behind_proxy = any(os.environ.get(name) for name in _PROXIES)
    hint = " The proxy that the environment names is not used; download the file first." if is_behind_proxy else ""
    raise SourceError(f"{host}, port {port}, cannot be connected to: {reason}.{hint}") from problem
