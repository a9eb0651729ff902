"""Whom we call for somebody who is not the operator."""

import socket
from ipaddress import ip_address

import pytest
from pytest_django import Settings

from botsite.resilience.addresses import (
    Address,
    AddressRefused,
    check_outside_url,
    checked_addresses,
    is_public,
)

NOT_PUBLIC = [
    "127.0.0.1",
    "127.8.8.8",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "0.0.0.0",
    "0.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "192.88.99.1",
    "198.18.0.1",
    "203.0.113.5",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
]
PUBLIC = ["8.8.8.8", "157.240.1.53", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_not_public(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_public(text: str) -> None:
    assert is_public(ip_address(text))


def answering(*addresses: str) -> list[Address]:
    return [ip_address(address) for address in addresses]


def test_a_public_name_is_resolved_to_what_is_connected_to() -> None:
    found = checked_addresses("api.example", 443, resolve=lambda host, port: answering(*PUBLIC))

    assert found == answering(*PUBLIC)


@pytest.mark.parametrize("inside", ["127.0.0.1", "10.0.0.9", "::1", "169.254.169.254"])
def test_one_inner_address_among_public_ones_refuses_the_name(inside: str) -> None:
    with pytest.raises(AddressRefused):
        checked_addresses("api.example", 443, resolve=lambda host, port: answering("8.8.8.8", inside))


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.1", "0", "0xa9fea9fe", "127.0.0.1"]
)
def test_every_way_to_write_an_inner_address_is_refused(host: str) -> None:
    def as_the_system_reads_it(host: str, port: int) -> list[Address]:
        return answering(socket.inet_ntoa(socket.inet_aton(host)))

    with pytest.raises(AddressRefused):
        checked_addresses(host, 80, resolve=as_the_system_reads_it)


def may_be_called(host: str, address: str) -> bool:
    try:
        return checked_addresses(host, 80, resolve=lambda *_: answering(address)) == answering(address)
    except AddressRefused:
        return False


def test_the_operator_allows_by_name_address_or_network(settings: Settings) -> None:
    settings.ALLOWED_PRIVATE_HOSTS = ["Gateway.lan", "10.1.0.0/16", "::1"]

    assert may_be_called("gateway.LAN.", "192.168.0.9")
    assert may_be_called("other.lan", "10.1.2.3")
    assert may_be_called("six.lan", "::1")
    assert not may_be_called("other.lan", "192.168.0.9")
    assert not may_be_called("sub.gateway.lan", "192.168.0.9")
    assert not may_be_called("other.lan", "10.2.0.1")


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("http://api.example", "scheme"),
        ("ftp://api.example", "scheme"),
        ("//api.example", "scheme"),
        ("javascript:alert(1)", "scheme"),
        ("https://", "host"),
        ("https://user:pass@api.example", "userinfo"),
        ("https://api.example@127.0.0.1", "userinfo"),
        ("https://@127.0.0.1", "userinfo"),
        ("https://api.example\\@127.0.0.1", "url"),
        ("https://api.example\n.evil", "url"),
        ("https://api example", "url"),
        ("https://ⓔxample.com", "url"),
        ("https://api.example:99999", "url"),
        ("https://[::1", "url"),
        ("https://api.example/?a=b", "parts"),
        ("https://api.example/#x", "parts"),
        ("https://2130706433", "number"),
        ("https://0x7f000001", "number"),
        ("https://0177.0.0.1", "number"),
        ("https://127.1", "number"),
        ("https://127.0.0.1.", "number"),
        ("https://a..b", "host"),
        ("https://-a.example", "host"),
        ("https://127.0.0.1", "private"),
        ("https://0.0.0.0:8000", "private"),
        ("https://169.254.169.254/latest", "private"),
        ("https://[::1]:8000", "private"),
        ("https://[::ffff:10.0.0.1]", "private"),
        ("https://[fe80::1%25eth0]", "private"),
    ],
)
def test_urls_that_are_refused_as_they_are_typed(url: str, word: str) -> None:
    with pytest.raises(ValueError, match=f"^{word}$"):
        check_outside_url(url)


@pytest.mark.parametrize("url", ["https://api.example", "https://api.example:8443/v1/", "https://8.8.8.8/x"])
def test_urls_that_are_fine(url: str) -> None:
    check_outside_url(url)


def test_http_and_private_hosts_are_for_those_the_operator_allowed(settings: Settings) -> None:
    settings.ALLOWED_PRIVATE_HOSTS = ["gateway.lan", "10.0.0.0/8"]

    for url in ("http://gateway.lan:3000", "https://10.1.2.3", "http://10.1.2.3:8080/base"):
        check_outside_url(url)
    with pytest.raises(ValueError, match="scheme"):
        check_outside_url("http://192.168.0.1")
