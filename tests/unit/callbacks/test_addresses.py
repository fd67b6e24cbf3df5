"""Where callbacks may go."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.callbacks.addresses import Reach, Target, UrlError, is_public

PRIVATE = [
    "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "192.0.0.1", "192.0.2.1",
    "192.88.99.1", "192.168.1.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::808:808", "2001:0:1::1",
    "2001:db8::1", "2002:7f00:1::", "fc00::1", "fd12::1", "fe80::1", "fec0::1", "ff02::1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "203.0.114.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]


def test_only_addresses_of_the_public_internet_are_public() -> None:
    assert [text for text in PRIVATE if is_public(ip_address(text))] == []
    assert [text for text in PUBLIC if not is_public(ip_address(text))] == []


@given(st.ip_addresses(v=4))
def test_an_address_written_as_ipv6_is_as_public_as_it_is(inner: IPv4Address) -> None:
    written = [
        IPv6Address(f"::ffff:{inner}"),
        IPv6Address(int(IPv6Address("64:ff9b::")) + int(inner)),
        IPv6Address((0x2002 << 112) | (int(inner) << 80)),
    ]
    assert [is_public(one) for one in written] == [is_public(inner)] * 3
    here = Reach([ip_network(f"{inner}/32")])
    assert all(here.allows(one, "http") for one in (inner, *written))


def test_named_networks_are_reached_and_by_http_nothing_else() -> None:
    reach = Reach([ip_network("10.0.0.0/8"), ip_network("fd00::/8")])
    assert reach.allows(ip_address("10.1.1.1"), "http")
    assert reach.allows(ip_address("fd00::5"), "https")
    assert reach.allows(ip_address("8.8.8.8"), "https")
    assert not reach.allows(ip_address("8.8.8.8"), "http")
    assert not reach.allows(ip_address("192.168.0.1"), "https")
    reach.check(Target.of("http://receiver:9000/x"))  # a name: where it leads is seen when it is called


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://Shop.Example", "https://shop.example/"),
        ("https://shop.example:443/a?b=c&d=%20", "https://shop.example/a?b=c&d=%20"),
        ("https://çiçek.example:8443/sipariş", "https://xn--iek-1lab.example:8443/sipari%C5%9F"),
        ("https://shop.example./x", "https://shop.example/x"),
        ("https://[2606:4700::1111]/", "https://[2606:4700::1111]/"),
        ("https://8.8.8.8/", "https://8.8.8.8/"),
    ],
)
def test_url_is_kept_in_ascii(url: str, kept: str) -> None:
    target = Target.of(url)
    Reach().check(target)
    assert str(target) == kept
    assert Target.of(kept) == target


@pytest.mark.parametrize(
    "url",
    [
        "", "shop.example", "ftp://shop.example/", "http://shop.example/", "https://", "https:///x",
        "https://user:pw@shop.example/", "https://user@shop.example/", "https://shop.example/#part",
        "https://shop.example/a b", "https://shop.example\\@10.0.0.1/", "https://shop.example/\n", "https://shop..example/",
        "https://shop.example:22/", "https://shop.example:0/", "https://shop.example:70000/", "https://shop.example:x/",
        "https://10.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f.0.0.1/", "https://0177.0.0.1/",
        "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[fe80::1%25eth0]/", "https://[::1/",
        "https://localhost/", "https://api.localhost/", "https://db.internal/", "https://" + "a" * 64 + ".example/",
        "https://shop.example/" + "a" * 2000, "https://shop.example/" + "ş" * 400,
        "https://shop_example/", "https://%6cocalhost/",
    ],
)  # fmt: skip
def test_url_that_leads_nowhere_good_is_refused(url: str) -> None:
    with pytest.raises(UrlError):
        Reach().check(Target.of(url))
