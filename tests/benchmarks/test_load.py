"""The load generator counts only whole answers."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from benchmarks.bench import BenchError
from benchmarks.load import drive

REQUEST = b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi"


@contextmanager
def server(answer: bytes) -> Iterator[int]:
    """Gives `answer`, in two parts, to each request of each connection until the client hangs up."""

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                while len(connection.recv(len(REQUEST), socket.MSG_WAITALL)) == len(REQUEST):
                    connection.sendall(answer[:20])
                    connection.sendall(answer[20:])
                    if not answer:
                        break

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_every_request_has_its_status_and_time() -> None:
    body = b"x" * 100_000
    answer = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    with server(answer) as port:
        outcome = drive(port, [REQUEST] * 5, 1)

    assert outcome.statuses == [503] * 5
    assert all(0 < latency <= outcome.seconds for latency in outcome.latencies)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"])
def test_an_answer_that_cannot_be_read_ends_the_run(answer: bytes) -> None:
    with server(answer) as port, pytest.raises(BenchError):
        drive(port, [REQUEST], 1)
