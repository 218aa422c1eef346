"""Which network addresses a URL may lead to: those of the public internet, and no others unless the user allows it.

A URL may come from a document or a stranger, and a machine can reach what a stranger cannot: itself, its neighbours,
and the service of its cloud that hands out keys.
"""

from __future__ import annotations

import ipaddress
from ipaddress import IPv4Address, IPv6Address

__all__ = ["why_not_public"]

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits
_LOCAL_NAT64 = ipaddress.IPv6Network("64:ff9b:1::/48")  # RFC 8215: translated as the network's owner likes
_COMPATIBLE = ipaddress.IPv6Network("::/96")  # RFC 4291, deprecated: likewise the last 32 bits
_TEREDO = ipaddress.IPv6Network("2001::/32")
_SHARED = ipaddress.IPv4Network("100.64.0.0/10")  # RFC 6598: between a provider and its customers
_RELAY = ipaddress.IPv4Network("192.88.99.0/24")  # RFC 7526: the former 6to4 relays
_PROTOCOLS = ipaddress.IPv4Network("192.0.0.0/24")  # RFC 6890; releases of Python differ on parts of it
_CLOUD_HOST = IPv4Address("168.63.129.16")  # answers the machines of one large cloud alone, though it looks public
_MAPPED_BITS = (1 << 32) - 1


def why_not_public(text: str) -> str | None:
    """Return what kind of address `text` is, in words, or None if it is one of the public internet.

    An IPv6 address that stands for an IPv4 one (mapped, NAT64, 6to4) is what that one is.

    Args:
        text: an address in digits, as DNS and sockets give it; an IPv6 one may have a scope (`fe80::1%eth0`).
    """
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return "no address"
    if isinstance(address, IPv6Address):
        inner = _inner(address)
        if inner is not None:
            found = why_not_public(str(inner))
            return None if found is None else f"{found}, {inner} inside an IPv6 address"
    return _kind(address)


def _inner(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 one stands for, or None."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    is_plain = address in _COMPATIBLE and int(address) > 1  # :: and ::1 mean themselves
    return IPv4Address(int(address) & _MAPPED_BITS) if is_plain or address in _NAT64 else None


def _is_site_local(address: IPv4Address | IPv6Address) -> bool:
    return isinstance(address, IPv6Address) and address.is_site_local


def _kind(address: IPv4Address | IPv6Address) -> str | None:
    kinds = (
        ("unspecified", address.is_unspecified),
        ("loopback", address.is_loopback),
        ("link-local", address.is_link_local),
        ("multicast", address.is_multicast),
        ("shared between a provider and its customers", address in _SHARED),
        ("a translator's own", address in _LOCAL_NAT64 or address in _TEREDO or address in _RELAY),
        ("a cloud's own", address == _CLOUD_HOST),
        ("private", address.is_private or address in _PROTOCOLS or _is_site_local(address)),
        ("reserved", address.is_reserved or not address.is_global),
    )
    return next((name for name, applies in kinds if applies), None)
