"""The proxy's moods, over real sockets."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.faults.proxy import SLOW_SECONDS, TcpProxy


@contextmanager
def echo_server() -> Iterator[tuple[str, int]]:
    """Send back whatever comes, to any number of connections."""

    def echo(connection: socket.socket) -> None:
        with connection:
            while data := connection.recv(1024):
                connection.sendall(data)

    def listen() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=echo, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=listen, daemon=True).start()
        yield listener.getsockname()
        listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def proxy() -> Iterator[TcpProxy]:
    with echo_server() as upstream, TcpProxy(upstream) as proxy:
        yield proxy


def connect(proxy: TcpProxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=2)


def test_bytes_pass_in_both_directions(proxy: TcpProxy) -> None:
    with connect(proxy) as client:
        client.sendall(b"hello")
        assert client.recv(1024) == b"hello"


def test_refusing_ends_what_is_open_and_lets_nobody_in_until_it_passes_again(proxy: TcpProxy) -> None:
    with connect(proxy) as client:
        client.sendall(b"hello")
        client.recv(1024)
        proxy.set_mode("refuse")
        assert client.recv(1024) == b""
    with pytest.raises(ConnectionRefusedError):
        connect(proxy)
    proxy.set_mode("pass")
    with connect(proxy) as client:
        client.sendall(b"again")
        assert client.recv(1024) == b"again"


def test_hanging_lets_everybody_in_and_no_byte_through_until_it_passes_again(proxy: TcpProxy) -> None:
    with connect(proxy) as early:
        early.sendall(b"one")
        early.recv(1024)
        proxy.set_mode("hang")
        with connect(proxy) as late:
            for client in (early, late):
                client.sendall(b"two")
                client.settimeout(0.1)
                with pytest.raises(TimeoutError):
                    client.recv(1024)
            proxy.set_mode("pass")
            for client in (early, late):
                client.settimeout(2)
                assert client.recv(1024) == b"two"


def test_slow_bytes_arrive_late_and_whole(proxy: TcpProxy) -> None:
    with connect(proxy) as client:
        proxy.set_mode("slow")
        started = time.monotonic()
        client.sendall(b"hello")
        assert client.recv(1024) == b"hello"
        assert time.monotonic() - started >= SLOW_SECONDS
