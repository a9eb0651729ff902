"""Connections that send their body a byte a second."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

HEAD = (
    b"POST /webhook/shop HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    b"Content-Length: 100000\r\n\r\n"
)


@contextmanager
def dripping(port: int, *, connections: int = 200, seconds: float = 1.0) -> Iterator[list[socket.socket]]:
    """Keep `connections` open, each sending one byte every `seconds`."""
    opened: list[socket.socket] = []
    stop = threading.Event()

    def drip() -> None:
        while not stop.wait(seconds):
            for connection in opened:
                with suppress(OSError):
                    connection.sendall(b" ")

    thread = threading.Thread(target=drip)
    try:
        for _ in range(connections):
            connection = socket.create_connection(("127.0.0.1", port), timeout=10)
            opened.append(connection)
            connection.sendall(HEAD + b"{")
        thread.start()
        yield opened
    finally:
        stop.set()
        if thread.is_alive():
            thread.join()
        for connection in opened:
            connection.close()
