"""The one HTTP client of the project: total deadlines, capped bodies, failures named by what they mean."""

import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cached_property
from json import dumps, loads
from typing import Any, cast

import httpcore2
import httpx2

from botsite.resilience.addresses import AddressRefused, Resolver, checked_addresses, system_resolver

CONNECT_SECONDS = 3.0
BODY_LIMIT = 1024 * 1024
KEEP_ALIVE_SECONDS = 5.0
MAX_DEPTH = 100
NEVER_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.UnsupportedProtocol,
    httpx2.LocalProtocolError,
    httpx2.InvalidURL,
    UnicodeEncodeError,  # a header that HTTP cannot carry
    AddressRefused,
)

_CORE_ERRORS = (
    httpcore2.TimeoutException,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.UnsupportedProtocol,
)

_deadline: ContextVar[float] = ContextVar("http_deadline")


class HttpFailure(Exception):
    """A call without a usable reply. The text names the kind of failure, never the address or its secrets."""


class NotSent(HttpFailure):
    """The server certainly did not get the request: unknown name, refused or slow connection, busy pool."""


class OutcomeUnknown(HttpFailure):
    """The request was sent, at least partly, and its reply was lost, cut short, too late or too large."""


@dataclass(frozen=True, slots=True)
class HttpReply:
    """A whole reply of any status. Header names are matched without regard to case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the decoded body; raises ValueError when it is not JSON."""
        return parse_json(self.body)


def parse_json(body: bytes) -> Any:
    """Decode JSON that a stranger sent; raises ValueError for every way in which it can be unusable.

    What nests deeper than MAX_DEPTH counts as such: it would break whatever walks or stores it later.
    """
    try:
        value = loads(body)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [child for item in level if isinstance(item, dict | list) for child in _children(item)]
    if level:
        raise ValueError("nested too deeply")
    return value


def _children(item: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return item.values() if isinstance(item, dict) else item


def retry_after_seconds(value: str | None) -> float | None:
    """Read a Retry-After header: seconds or an HTTP date (RFC 9110), an hour at most; None: unusable."""
    try:
        seconds = float(value or "")
    except ValueError:
        seconds = _seconds_until(value or "")
    return min(seconds, 3600.0) if seconds >= 0 else None


def _seconds_until(date: str) -> float:
    try:
        return max(0.0, parsedate_to_datetime(date).timestamp() - time.time())
    except (ValueError, OverflowError):
        return -1.0


class BoundedTransport(httpx2.BaseTransport):
    """A transport whose replies are read whole, within a total deadline and a number of bytes.

    `total_seconds` bounds a request from the wait for a free connection to the last byte of the body,
    also against a server that drips; the request extension of the same name changes it for one call.
    Only name resolution is outside of it: the system's resolver cannot be interrupted.
    Give it to any `httpx2.Client`, that of an SDK too. Streamed replies arrive in one piece.
    With `guard`, a resolver, it connects to public and allowed addresses only, see addresses.py.
    """

    def __init__(
        self,
        *,
        total_seconds: float = 30.0,
        body_limit: int = BODY_LIMIT,
        max_connections: int = 20,
        guard: Resolver | None = None,
    ) -> None:
        self._total_seconds = total_seconds
        self._body_limit = body_limit
        self._pool = httpcore2.ConnectionPool(
            ssl_context=httpx2.create_ssl_context(),
            max_connections=max_connections,
            keepalive_expiry=KEEP_ALIVE_SECONDS,
            network_backend=_BoundedBackend() if guard is None else _GuardedBackend(guard),
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        total = request.extensions.get("total_seconds", self._total_seconds)
        token = _deadline.set(time.monotonic() + total)
        try:
            with _httpx_errors():
                return self._exchange(request, total)
        finally:
            _deadline.reset(token)

    def _exchange(self, request: httpx2.Request, total: float) -> httpx2.Response:
        # A compressed body could unpack to a thousand times the cap.
        request.headers["Accept-Encoding"] = "identity"
        timeouts = {**request.extensions.get("timeout", {}), "pool": total}
        reply = self._pool.handle_request(
            httpcore2.Request(
                method=request.method,
                url=httpcore2.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=cast("httpx2.SyncByteStream", request.stream),
                extensions={**request.extensions, "timeout": timeouts},
            )
        )
        try:
            headers = httpx2.Headers(reply.headers)
            if headers.get("content-encoding", "identity") != "identity":
                raise httpcore2.RemoteProtocolError("a compressed reply was not asked for")
            body = self._read(cast("Iterable[bytes]", reply.stream))
        finally:
            reply.close()
        return httpx2.Response(reply.status, headers=headers, content=body, extensions=reply.extensions)

    def _read(self, stream: Iterable[bytes]) -> bytes:
        body = bytearray()
        for chunk in stream:
            body += chunk
            if len(body) > self._body_limit:
                raise httpcore2.RemoteProtocolError("the reply is larger than allowed")
        return bytes(body)

    def close(self) -> None:
        self._pool.close()


class HttpClient:
    """Calls of one purpose to any host: no redirects, no cookies, no proxy from the environment.

    Thread-safe. Its pools are made at the first call, so after a worker's fork. Guarded calls have one of
    their own: a connection that was made for the operator's address must not serve somebody else's.
    """

    def __init__(
        self,
        *,
        body_limit: int = BODY_LIMIT,
        max_connections: int = 20,
        resolve: Resolver = system_resolver,
    ) -> None:
        self._body_limit = body_limit
        self._max_connections = max_connections
        self._resolve = resolve

    @cached_property
    def _trusting(self) -> BoundedTransport:
        return BoundedTransport(body_limit=self._body_limit, max_connections=self._max_connections)

    @cached_property
    def _guarded(self) -> BoundedTransport:
        return BoundedTransport(
            body_limit=self._body_limit, max_connections=self._max_connections, guard=self._resolve
        )

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: object = None,
        params: Mapping[str, str] | None = None,
        total_seconds: float = 10.0,
        guarded: bool = False,
    ) -> HttpReply:
        """Return the reply, whatever its status. Raises NotSent or OutcomeUnknown.

        `guarded`: the URL is not the operator's choice, so its host must have public or allowed addresses.
        `json` is sent as the body, with escapes for what UTF-8 cannot carry (lone surrogates).
        """
        body = None if json is None else dumps(json).encode()
        timeout = httpx2.Timeout(total_seconds, connect=min(CONNECT_SECONDS, total_seconds))
        transport = self._guarded if guarded else self._trusting
        try:
            reply = transport.handle_request(
                httpx2.Request(
                    method,
                    url,
                    params=params,
                    headers={**(headers or {}), **({"Content-Type": "application/json"} if body else {})},
                    content=body,
                    extensions={"timeout": timeout.as_dict(), "total_seconds": total_seconds},
                )
            )
        except NEVER_SENT as error:
            raise NotSent(type(error).__name__) from error
        except httpx2.TransportError as error:
            raise OutcomeUnknown(type(error).__name__) from error
        return HttpReply(reply.status_code, reply.headers, reply.content)

    def close(self) -> None:
        self._trusting.close()
        self._guarded.close()


class _BoundedBackend(httpcore2.SyncBackend):
    """Plain sockets whose every operation ends at the deadline of the request that uses them."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        left = _left(timeout, httpcore2.ConnectTimeout)
        return _BoundedStream(super().connect_tcp(host, port, left, local_address, socket_options))


class _GuardedBackend(_BoundedBackend):
    """Connects to the very addresses that were checked; TLS still asks for the name."""

    def __init__(self, resolve: Resolver) -> None:
        super().__init__()
        self._resolve = resolve

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        try:
            addresses = checked_addresses(host, port, resolve=self._resolve)
        except OSError as error:
            raise httpcore2.ConnectError("the name cannot be resolved") from error
        failure: Exception = httpcore2.ConnectError("the name has no address")
        for address in addresses:
            try:
                return super().connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure


class _BoundedStream(httpcore2.NetworkStream):
    """A stream outlives its request in the pool, so the deadline is looked up at each operation."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout, httpcore2.WriteTimeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        left = _left(timeout, httpcore2.ConnectTimeout)
        return _BoundedStream(self._stream.start_tls(ssl_context, server_hostname, left))

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(timeout: float | None, expired: type[httpcore2.TimeoutException]) -> float:
    left = _deadline.get() - time.monotonic()
    if left <= 0:
        raise expired("the total deadline has passed")
    return left if timeout is None else min(timeout, left)


@contextmanager
def _httpx_errors() -> Iterator[None]:
    """The two libraries name their errors alike; a transport has to raise those of httpx2."""
    try:
        yield
    except _CORE_ERRORS as error:
        raise getattr(httpx2, type(error).__name__)(str(error)) from error
