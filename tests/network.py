"""Tests talk to this machine only: a connection elsewhere is a mistake and says so."""

import ipaddress
import socket
import sys
from typing import Any
from urllib.parse import urlsplit


class OutsideConnection(RuntimeError):
    """Python code of a test, or under test, reached for another machine."""


def refuse_outside_connections(*store_urls: str) -> None:
    """Refuse sockets and name look-ups beyond loopback and the hosts of the stores, for the whole process.

    An audit hook sees every Python socket, whichever library opened it.
    """
    hosts = {host for url in store_urls if (host := urlsplit(url).hostname) and "%2f" not in host.lower()}
    addresses = {str(info[4][0]) for host in hosts for info in socket.getaddrinfo(host, None)}
    allowed = hosts | addresses

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect":
            _require_near(_host_of(arguments[1]), allowed)
        elif event == "socket.getaddrinfo":
            _require_near(arguments[0], allowed)

    sys.addaudithook(audit)


def _host_of(address: Any) -> Any:
    return address[0] if isinstance(address, tuple) else None


def _require_near(host: Any, allowed: set[str]) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if not isinstance(name, str) or name in {"", "localhost", *allowed} or name.endswith(".invalid"):
        return  # .invalid never resolves (RFC 2606): tests of unreachable hosts use it
    try:
        if ipaddress.ip_address(name).is_loopback:
            return
    except ValueError:
        pass
    raise OutsideConnection(f"a test tried to reach {name}")
