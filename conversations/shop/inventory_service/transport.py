"""What zeep fetches and posts through: our own HTTP, with deadlines, a cap, and one host to talk to.

Import it only where the service is asked: zeep and lxml take 8 MB.
"""

import os
import time
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx2
from lxml import etree

from botsite.resilience.http import CONNECT_SECONDS, BoundedTransport
from conversations.shop.inventory_service.errors import InventoryUnavailable, InventoryUnusable

DESCRIPTION_SECONDS = 10.0
"""What fetching the WSDL and the schemas that it refers to may take together."""

REPLY_BYTES = 1024 * 1024


class SoapTransport:
    """Stands in for zeep's own transport, which knows no total deadline and opens files.

    `wsdl_url` is where documents may be fetched from (its scheme, host and port) and which host calls go to;
    a name and password in it go along with each.
    """

    def __init__(self, wsdl_url: str, *, seconds: float) -> None:
        self._allowed = urlsplit(wsdl_url)
        self._documents_until = time.monotonic() + DESCRIPTION_SECONDS
        user, password = self._allowed.username, self._allowed.password
        self._seconds = seconds
        self._client = httpx2.Client(
            transport=_transport_of_process(os.getpid()),
            timeout=httpx2.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds)),
            auth=(user, password or "") if user else None,
            trust_env=False,
        )

    def load(self, url: str) -> bytes:
        """Return a WSDL or schema document. Raises InventoryError."""
        if _origin(url) != _origin(self._allowed.geturl()):
            raise InventoryUnusable("a document elsewhere")
        left = self._documents_until - time.monotonic()
        if left <= 0:
            raise InventoryUnavailable("the description took too long")
        reply = self._exchange("GET", url, seconds=min(left, self._seconds))
        if reply.status_code != httpx2.codes.OK:
            raise InventoryUnavailable(f"HTTP {reply.status_code}")
        return reply.content

    def post_xml(self, address: str, envelope: Any, headers: dict[str, str]) -> httpx2.Response:
        """Return the reply to a call, of any status. Raises InventoryError."""
        if urlsplit(address).hostname != self._allowed.hostname:
            raise InventoryUnusable("a service elsewhere")
        body = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
        reply = self._exchange("POST", address, seconds=self._seconds, content=body, headers=headers)
        if "xml" not in reply.headers.get("content-type", "xml"):
            raise InventoryUnusable(f"HTTP {reply.status_code} without XML")
        return reply

    def _exchange(self, method: str, url: str, *, seconds: float, **values: Any) -> httpx2.Response:
        try:
            return self._client.request(method, url, extensions={"total_seconds": seconds}, **values)
        except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError) as error:
            raise InventoryUnavailable(type(error).__name__) from None


@cache
def _transport_of_process(_pid: int) -> BoundedTransport:
    """Return the connections of all clients: one that is forgotten may still be in use by another thread."""
    return BoundedTransport(body_limit=REPLY_BYTES)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port
