"""Where callbacks may go: which URLs an endpoint can have, and which addresses are connected to. Pure.

A name says nothing of where it leads, today or in a minute. So the URL is only looked at for what is plainly wrong, and
the addresses that a name resolves to are judged each time a connection is made, to the very one that was judged.
"""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Literal, cast
from urllib.parse import quote, urlsplit

import idna

Scheme = Literal["https", "http"]
Ip = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

URL_LENGTH_MOST = 2000
_PORTS = {"https": 443, "http": 80}
_FIRST_FREE_PORT = 1024
"""Those below it belong to services of which none but the web's two receives callbacks."""

_NEVER_IN_A_URL = re.compile(r"[\x00-\x20\x7f-\xa0\\<>\"`{}|^]")
_NUMBER = re.compile(r"\d+|0[xX][0-9a-fA-F]*")
_KEPT_IN_TARGETS = "/?:@!$&'()*+,;=-._~%[]"

_NOT_FOR_US: Sequence[Network] = tuple(
    ipaddress.ip_network(one)
    for one in (
        "192.88.99.0/24",  # relays of 6to4, which are no more
        "::/96",  # IPv4-compatible
        "64:ff9b:1::/48",  # NAT64 of local use
        "2001::/23",  # assignments of the protocol, Teredo among them
        "fec0::/10",  # site-local
    )
)
"""Not global, whatever the standard library thinks of it."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class UrlError(ValueError):
    """Not where callbacks can go; the message is for whoever gave it."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL in its parts, as a request needs them."""

    scheme: Scheme
    host: str
    """A name in ASCII, or an address without brackets."""
    port: int
    path: str
    """With the query."""

    @classmethod
    def of(cls, url: str) -> "Target":
        """Raises UrlError."""
        if len(url) > URL_LENGTH_MOST:
            raise UrlError(f"has more than {URL_LENGTH_MOST} characters")
        if _NEVER_IN_A_URL.search(url):
            raise UrlError("holds what no URL may hold unescaped")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise UrlError("is not a URL") from error
        if parts.scheme not in _PORTS or not parts.netloc:
            raise UrlError("must begin with https://")
        scheme = cast("Scheme", parts.scheme)
        if "@" in parts.netloc:
            raise UrlError("must hold no user name or password: every call is signed instead")
        if "#" in url:
            raise UrlError("must hold no fragment, which is never sent")
        if port is not None and port < _FIRST_FREE_PORT and port not in _PORTS.values():
            raise UrlError(f"names port {port}, which belongs to another service")
        path = quote(parts.path or "/", safe=_KEPT_IN_TARGETS)
        query = f"?{quote(parts.query, safe=_KEPT_IN_TARGETS)}" if parts.query else ""
        target = cls(scheme, _host(parts.hostname or ""), port or _PORTS[scheme], path + query)
        if len(str(target)) > URL_LENGTH_MOST:
            raise UrlError(f"has more than {URL_LENGTH_MOST} characters when it is written in ASCII")
        return target

    @property
    def address(self) -> Ip | None:
        """Of a host that is no name."""
        try:
            return ipaddress.ip_address(self.host)
        except ValueError:
            return None

    @property
    def netloc(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc}{self.path}"


def _host(text: str) -> str:
    if ":" in text:
        try:
            return str(IPv6Address(text)) if "%" not in text else _refuse_host()
        except ValueError:
            return _refuse_host()
    name = text.rstrip(".")
    if _NUMBER.fullmatch(name.rpartition(".")[2]):  # of such names some resolvers make addresses: 127.1, 0x7f.0.0.1
        try:
            return str(IPv4Address(name))
        except ValueError:
            return _refuse_host()
    try:
        return idna.encode(name, uts46=True, std3_rules=True).decode()
    except (idna.IDNAError, UnicodeError):
        return _refuse_host()


def _refuse_host() -> str:
    raise UrlError("names no host")


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be connected to: by https all of the public Internet; of private networks, and by plain http, those that
    the operator named."""

    networks: Sequence[Network] = ()

    def allows(self, address: Ip, scheme: str) -> bool:
        return any(one in network for one in _same_as(address) for network in self.networks) or (
            scheme == "https" and is_public(address)
        )

    def check(self, target: Target) -> None:
        """What can be told before anything is resolved. Raises UrlError."""
        if not self.networks:
            if target.scheme != "https":
                raise UrlError("must begin with https://")
            if target.host == "localhost" or target.host.endswith((".localhost", ".local", ".internal")):
                raise UrlError("leads into a private network")
        address = target.address
        if address is not None and not self.allows(address, target.scheme):
            raise UrlError(
                "leads into a private network" if not is_public(address) else "must begin with https:// for this host"
            )


def is_public(address: Ip) -> bool:
    """Whether it belongs to the public Internet, and what it stands for where it is one of IPv4 written as IPv6."""
    return all(
        one.is_global
        and not (one.is_multicast or one.is_reserved or one.is_link_local or one.is_unspecified)
        and not any(one in network for network in _NOT_FOR_US)
        for one in _same_as(address)
        if one is not address or not _stands_for(address)
    )


def _same_as(address: Ip) -> list[Ip]:
    inner = _stands_for(address)
    return [address] if inner is None else [address, inner]


def _stands_for(address: Ip) -> IPv4Address | None:
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
