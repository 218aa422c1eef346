from __future__ import annotations

import pytest

from dsocr_loaders.sources.addresses import why_not_public


@pytest.mark.parametrize(
    "address",
    ["93.184.216.34", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"],
)
def test_public(address):
    """This test ensures that addresses of the public internet are let through, in each of their forms."""
    assert why_not_public(address) is None


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "loopback"),
        ("127.8.8.8", "loopback"),
        ("::1", "loopback"),
        ("0.0.0.0", "unspecified"),  # noqa: S104 - nothing is bound to it
        ("0.1.2.3", "private"),
        ("::", "unspecified"),
        ("10.0.0.1", "private"),
        ("172.16.5.4", "private"),
        ("192.168.1.1", "private"),
        ("192.0.0.8", "private"),
        ("198.18.0.1", "private"),
        ("198.51.100.7", "private"),
        ("fd00:ec2::254", "private"),
        ("fec0::1", "private"),
        ("2001:db8::1", "private"),
        ("169.254.169.254", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("224.0.0.1", "multicast"),
        ("ff02::1", "multicast"),
        ("100.64.0.1", "shared"),
        ("100.100.100.200", "shared"),
        ("192.88.99.1", "a translator"),
        ("2001:0:53aa:64c::1", "a translator"),
        ("64:ff9b:1::1", "a translator"),
        ("168.63.129.16", "a cloud"),
        ("240.0.0.1", "private"),
        ("255.255.255.255", "private"),
        ("::ffff:127.0.0.1", "loopback, 127.0.0.1 inside"),
        ("::ffff:169.254.169.254", "link-local, 169.254.169.254 inside"),
        ("::127.0.0.1", "loopback, 127.0.0.1 inside"),
        ("64:ff9b::7f00:1", "loopback, 127.0.0.1 inside"),
        ("64:ff9b::a9fe:a9fe", "link-local, 169.254.169.254 inside"),
        ("2002:7f00:1::", "loopback, 127.0.0.1 inside"),
        ("2002:a00:1::1", "private, 10.0.0.1 inside"),
        ("100::1", "private"),
        ("4000::1", "reserved"),
        ("localhost", "no address"),
        ("", "no address"),
    ],
)
def test_not_public(address, kind):
    """This test ensures that every address that a stranger's URL must not lead to is known for what it is."""
    found = why_not_public(address)

    assert found is not None
    assert found.startswith(kind)
