"""A server that writes prepared bytes at prepared times: for replies no HTTP server would produce."""

import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

Step = bytes | float
"""Bytes to write, or seconds to wait."""


@contextmanager
def raw_server(*steps: Step, repeat: Iterable[Step] = ()) -> Iterator[str]:
    """Serve every connection `steps`, then `repeat` until the client leaves; yields the URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    repeated = tuple(repeat)

    def play(connection: socket.socket) -> None:
        with connection:
            connection.recv(65536)
            try:
                _play(connection, steps)
                while repeated:
                    _play(connection, repeated)
            except OSError:
                return

    def listen() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=play, args=(connection,), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _play(connection: socket.socket, steps: Iterable[Step]) -> None:
    for step in steps:
        if isinstance(step, bytes):
            connection.sendall(step)
        else:
            time.sleep(step)
