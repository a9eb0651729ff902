import socket

import pytest

from tests.network import OutsideConnection


@pytest.mark.parametrize("address", ["192.0.2.1", "8.8.8.8"])
def test_a_connection_to_another_machine_is_refused(address: str) -> None:
    with socket.socket() as connection, pytest.raises(OutsideConnection, match=address):
        connection.connect((address, 80))


def test_a_name_of_another_machine_is_not_looked_up() -> None:
    with pytest.raises(OutsideConnection, match=r"example\.com"):
        socket.create_connection(("example.com", 80))


def test_this_machine_is_reachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
