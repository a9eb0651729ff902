"""Which addresses may be called for somebody who is not the operator: public ones, and those allowed.

A URL that came in through a page or the API could aim our requests, with the secrets that they carry, at
this machine, its network or a cloud's metadata service. The look at the text of a URL is a courtesy to
whoever types it; what protects is `checked_addresses`, called for each new connection, whose result is what
the connection is made to: a name that resolves to something else a moment later gains nothing.
"""

import re
import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from django.conf import settings

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolver = Callable[[str, int], Sequence[Address]]
"""Returns the addresses of a host name at a port; raises OSError when there are none."""

# What is_global does not say in every Python that we run on, and Azure's metadata at a public address.
_NEVER = tuple(
    map(
        ip_network,
        ("0.0.0.0/8", "168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "2002::/16"),
    )
)
_NAT64 = ip_network("64:ff9b::/96")
_COMPATIBLE = ip_network("::/96")
_HOST_NAME = re.compile(r"(?=.{1,253}\.?$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?(?:\.|$))+")
_LIKE_A_NUMBER = re.compile(r"(?:.*\.)?(?:0x[0-9a-f]*|[0-9]+)\.?")


class AddressRefused(Exception):
    """The host is, or resolves to, an address that only the operator may choose."""


def system_resolver(host: str, port: int) -> list[Address]:
    """Ask the system; it cannot be interrupted and keeps to resolv.conf's own time-outs."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ip_address(str(info[4][0]).partition("%")[0]) for info in found]


def checked_addresses(host: str, port: int, *, resolve: Resolver = system_resolver) -> list[Address]:
    """Return the addresses to connect to for `host`. Raises AddressRefused, or OSError from the resolver.

    One address out of bounds among several refuses them all: nobody honest publishes such a mixture.
    """
    found = list(resolve(host, port))
    names, networks = _allowed()
    if host.lower().rstrip(".") not in names:
        for address in found:
            if not is_public(address) and not any(address in network for network in networks):
                raise AddressRefused(f"{host} is not a public address")
    return found


def is_public(address: Address) -> bool:
    """Whether an address belongs to the open internet, whichever way it is written or wrapped."""
    if isinstance(address, IPv6Address):
        inner = _wrapped(address)
        if inner is not None:
            return is_public(inner)
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not any(address in network for network in _NEVER)
    )


def check_outside_url(url: str) -> None:
    """Raise ValueError, with a word for what is wrong, unless `url` is a plain https base URL.

    The words: url, scheme, userinfo, parts, host, number, private. http is for allowed hosts only.
    """
    if not url.isascii() or re.search(r"[\x00-\x20\x7f\\]", url):
        raise ValueError("url")
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("url") from None
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_allowed(host)):
        raise ValueError("scheme")
    if "@" in parts.netloc:
        raise ValueError("userinfo")
    if "?" in url or "#" in url:
        raise ValueError("parts")
    _check_host(host)


def _check_host(host: str) -> None:
    try:
        literal = ip_address(host)
    except ValueError:
        if _LIKE_A_NUMBER.fullmatch(host):  # 2130706433, 0x7f.1, 0177.0.0.1: the system would take them
            raise ValueError("number") from None
        if not _HOST_NAME.fullmatch(host):
            raise ValueError("host") from None
        return
    if not is_public(literal) and not _is_allowed(host):
        raise ValueError("private")


def _is_allowed(host: str) -> bool:
    names, networks = _allowed()
    if host.rstrip(".") in names:
        return True
    try:
        return any(ip_address(host) in network for network in networks)
    except ValueError:
        return False


def _allowed() -> tuple[set[str], list[Network]]:
    """Split ALLOWED_PRIVATE_HOSTS into names and networks."""
    names: set[str] = set()
    networks: list[Network] = []
    for word in settings.ALLOWED_PRIVATE_HOSTS:
        try:
            networks.append(ip_network(word, strict=False))
        except ValueError:
            names.add(word.lower().rstrip("."))
    return names, networks


def _wrapped(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 one leads to."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.teredo is not None:
        return IPv4Address("0.0.0.0")  # noqa: S104  tunnelled to wherever: never public
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None
