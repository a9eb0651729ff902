"""Where a request comes from, as far as that can be believed."""

from ipaddress import IPv4Address, IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request

Address = IPv4Address | IPv6Address


def client_address(request: HttpRequest | Request) -> Address | None:
    """Return the sender's address; None when nothing trustworthy says it.

    X-Forwarded-For is believed as far as the proxies of TRUSTED_PROXIES wrote it. From anybody else it means
    that a proxy nobody has declared stands between, whose own address must not be taken for the sender's.
    """
    peer = _parsed(request.META.get("REMOTE_ADDR", ""))
    forwarded = request.headers.get("X-Forwarded-For", "")
    if not forwarded:
        return peer
    if peer is None or not _is_trusted_proxy(peer):
        return None
    for hop in reversed(forwarded.split(",")):
        peer = _parsed(hop)
        if peer is None or not _is_trusted_proxy(peer):
            break
    return peer


def _parsed(text: str) -> Address | None:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_trusted_proxy(address: Address) -> bool:
    return any(address in network for network in settings.TRUSTED_PROXIES)
