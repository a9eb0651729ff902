"""A closed loop of HTTP requests over a few keep-alive connections, from a process of its own."""

import multiprocessing
import queue
import socket
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.bench import BenchError

TIMEOUT_SECONDS = 30.0


@dataclass(slots=True)
class Outcome:
    """What came of the requests: status and latency (seconds) of each by its position, and the whole time."""

    statuses: list[int]
    latencies: list[float]
    seconds: float = 0.0


class LoadGenerator:
    """The process that sends the requests, so that building and judging them costs the server nothing."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def drive(self, port: int, requests: Sequence[bytes], *, connections: int) -> Outcome:
        """Send each of `requests` (head and body) once; a connection sends its next when it has an answer."""
        return self._pool.submit(drive, port, requests, connections).result()


@contextmanager
def load_generator() -> Iterator[LoadGenerator]:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield LoadGenerator(pool)


def drive(port: int, requests: Sequence[bytes], connections: int) -> Outcome:
    """Send the requests from this process. Raises BenchError or OSError when one is not answered."""
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for position in range(len(requests)):
        waiting.put(position)
    outcome = Outcome([0] * len(requests), [0.0] * len(requests))
    began = time.perf_counter()
    with ThreadPoolExecutor(connections) as pool:
        loops = [pool.submit(_send_waiting, port, requests, waiting, outcome) for _ in range(connections)]
    outcome.seconds = time.perf_counter() - began
    for loop in loops:
        loop.result()
    return outcome


def _send_waiting(
    port: int, requests: Sequence[bytes], waiting: "queue.SimpleQueue[int]", outcome: Outcome
) -> None:
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            try:
                position = waiting.get_nowait()
            except queue.Empty:
                return
            began = time.perf_counter()
            connection.sendall(requests[position])
            outcome.statuses[position] = _read_status(connection)
            outcome.latencies[position] = time.perf_counter() - began


def _read_status(connection: socket.socket) -> int:
    """Read one whole answer; it needs a Content-Length, and nothing may follow it."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += _more(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    missing = _content_length(head) - len(body)
    while missing > 0:
        missing -= len(_more(connection))
    return int(head.split(maxsplit=2)[1])


def _more(connection: socket.socket) -> bytes:
    if not (part := connection.recv(65_536)):
        raise BenchError("the server closed a connection")
    return part


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    raise BenchError("an answer has no Content-Length")
