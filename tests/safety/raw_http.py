"""Requests as bytes: a client library would refuse to send most of these."""

import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from itertools import count

PATIENCE_SECONDS = 10.0
_visitors = count(1)


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """`status` is 0 when the connection was closed without an answer; `seconds` until its end."""

    status: int
    head: bytes
    body: bytes
    seconds: float


def visitor() -> str:
    """Return an address that no request came from before: limits per address are not what is tried here."""
    number = next(_visitors)
    return f"100.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def request(
    port: int, path: str, body: bytes = b"", *, method: str = "POST", headers: dict[str, str] | None = None
) -> RawAnswer:
    """Send one request with a right Content-Length; `headers` add to ours or replace them."""
    names = {
        "Host": "127.0.0.1",
        "Connection": "close",
        "X-Forwarded-For": visitor(),
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
    }
    lines = [f"{name}: {value}" for name, value in (names | (headers or {})).items() if value is not None]
    head = "\r\n".join([f"{method} {path} HTTP/1.1", *lines]) + "\r\n\r\n"
    return exchange(port, head.encode("latin-1") + body)


def exchange(port: int, data: bytes, *, then_end: bool = False) -> RawAnswer:
    """Send bytes as they are and read the answer to its end; `then_end`: say that no more will come."""
    began = time.monotonic()
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as connection:
        try:
            connection.sendall(data)
            if then_end:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it was answered, or closed, before everything was sent
        with suppress(ConnectionResetError, TimeoutError):
            while not _is_whole(received) and (part := connection.recv(65_536)):
                received += part
    head, _, body = received.partition(b"\r\n\r\n")
    words = head.split(maxsplit=2)
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    return RawAnswer(status, head, body, time.monotonic() - began)


def _is_whole(received: bytes) -> bool:
    """Whether an answer has ended, on a connection that stays open as well."""
    head, separator, body = received.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    if b"transfer-encoding: chunked" in lines:
        return body.endswith(b"0\r\n\r\n")
    lengths = [int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:")]
    return bool(separator and lengths) and len(body) >= lengths[0]
