"""The sender's address: forwarded ones count as far as declared proxies vouch for them."""

from ipaddress import ip_network

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from botsite.client_address import client_address


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("::ffff:203.0.113.9", "", "203.0.113.9"),
        ("2001:db8::7", "", "2001:db8::7"),
        ("", "", "None"),  # a unix socket
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"),  # the first was made up by the sender
        ("10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "127.0.0.1, nonsense", "None"),
        ("203.0.113.9", "127.0.0.1", "None"),  # forwarded by somebody nobody declared
    ],
)
def test_who_sent_it(settings: Settings, peer: str, forwarded: str, expected: str) -> None:
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8")]
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}

    assert str(client_address(RequestFactory(REMOTE_ADDR=peer).get("/", headers=headers))) == expected
