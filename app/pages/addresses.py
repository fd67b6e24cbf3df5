"""From which address, and which website, a customer comes. Pure."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address


def client_address(connection: str | None, forwarded: Sequence[str], trusted: Sequence[Network]) -> str | None:
    """The connection's address; where that is a proxy of ours, the last that no proxy of ours has in X-Forwarded-For:
    what stands before it, anybody may have written. Nothing where there is no address (a socket file)."""
    told = _address(connection or "")
    if told is None:
        return None
    for entry in reversed([part for line in forwarded for part in line.split(",")]):
        if not _within(told, trusted):
            break
        before = _address(entry.strip())
        if before is None:
            break
        told = before
    return str(told)


def network_of(address: str) -> str:
    """What one household shares, so that limits count it once: of IPv6 the first 64 bits."""
    told = ip_address(address)
    return address if isinstance(told, IPv4Address) else str(IPv6Network((told, 64), strict=False))


def origin_of(page: str) -> str:
    """Of a web page, as browsers send it: `https://shop.example`."""
    parts = urlsplit(page)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _address(text: str) -> Address | None:
    try:
        told = ip_address(text.strip("[]"))
    except ValueError:
        return None
    mapped = told.ipv4_mapped if isinstance(told, IPv6Address) else None
    return mapped or told


def _within(address: Address, trusted: Sequence[Network]) -> bool:
    return any(address in network for network in trusted)
