"""Guarded calls reach the address that was checked, and no other."""

from collections.abc import Iterator
from ipaddress import ip_address

import pytest
from pytest_django import Settings

from botsite.resilience.addresses import Address
from botsite.resilience.http import HttpClient, NotSent
from tests.fakes.graph import FakeGraph
from tests.fakes.raw import raw_server


class Names:
    """A resolver that answers from a script, the last answer for ever."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    def __call__(self, host: str, port: int) -> list[Address]:
        self.asked.append((host, port))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer == "nowhere":
            raise OSError("unknown name")
        return [ip_address(address) for address in answer.split()]


@pytest.fixture
def graph() -> Iterator[FakeGraph]:
    with FakeGraph() as server:
        yield server


def port_of(server: FakeGraph) -> int:
    return int(server.url.rpartition(":")[2])


@pytest.mark.parametrize("host", ["127.0.0.1", "api.example", "2130706433", "[::ffff:127.0.0.1]"])
def test_what_leads_inside_is_refused_before_a_byte_is_sent(graph: FakeGraph, host: str) -> None:
    client = HttpClient(resolve=Names("127.0.0.1"))

    with pytest.raises(NotSent, match="AddressRefused"):
        client.request("POST", f"http://{host}:{port_of(graph)}/x", json={}, guarded=True)

    assert graph.requests == []
    client.close()


def test_the_operator_s_own_address_is_called_without_a_guard(graph: FakeGraph) -> None:
    client = HttpClient(resolve=Names("127.0.0.1"))

    assert client.request("GET", f"{graph.url}/nowhere").status == 404
    client.close()


def test_an_allowed_host_is_called_under_its_name(settings: Settings) -> None:
    settings.ALLOWED_PRIVATE_HOSTS = ["gateway.lan"]
    names = Names("127.0.0.1")
    client = HttpClient(resolve=names)
    with raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") as url:
        port = int(url.rpartition(":")[2])
        reply = client.request("GET", f"http://gateway.lan:{port}/", guarded=True)

    assert reply.body == b"{}"
    assert names.asked == [("gateway.lan", port)]
    client.close()


def test_a_name_that_turns_inside_between_two_calls_is_refused(settings: Settings) -> None:
    settings.ALLOWED_PRIVATE_HOSTS = ["127.0.0.1"]  # stands in for the public internet
    names = Names("127.0.0.1", "127.0.0.2")
    client = HttpClient(resolve=names)
    closing = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
    with raw_server(closing) as url:
        address = f"http://rebinding.example:{url.rpartition(':')[2]}/"
        assert client.request("GET", address, guarded=True).status == 200
        assert len(names.asked) == 1  # connected to what was checked, without asking again
        with pytest.raises(NotSent, match="AddressRefused"):
            client.request("GET", address, guarded=True)
    client.close()


def test_a_connection_made_for_the_operator_does_not_serve_a_guarded_call(graph: FakeGraph) -> None:
    client = HttpClient(resolve=Names("127.0.0.1"))
    assert client.request("GET", f"{graph.url}/nowhere").status == 404  # kept alive from here on

    with pytest.raises(NotSent, match="AddressRefused"):
        client.request("GET", f"{graph.url}/nowhere", guarded=True)
    client.close()


def test_the_next_address_is_tried_when_one_does_not_answer(graph: FakeGraph, settings: Settings) -> None:
    settings.ALLOWED_PRIVATE_HOSTS = ["127.0.0.0/8"]
    client = HttpClient(resolve=Names("127.0.0.3 127.0.0.1"))  # the fake listens at the second alone

    reply = client.request("GET", f"http://gateway.lan:{port_of(graph)}/nowhere", guarded=True)

    assert reply.status == 404
    client.close()


@pytest.mark.parametrize("answer", ["nowhere", ""])
def test_a_name_without_an_address_was_not_sent(answer: str) -> None:
    client = HttpClient(resolve=Names(answer))

    with pytest.raises(NotSent, match="ConnectError"):
        client.request("GET", "http://api.example/", guarded=True)
    client.close()


def test_a_redirect_inside_is_not_followed(graph: FakeGraph, settings: Settings) -> None:
    settings.ALLOWED_PRIVATE_HOSTS = ["outside.example"]
    client = HttpClient(resolve=Names("127.0.0.1"))
    moved = f"HTTP/1.1 302 Found\r\nLocation: {graph.url}/x\r\nContent-Length: 0\r\n\r\n"
    with raw_server(moved.encode()) as url:
        reply = client.request("GET", f"http://outside.example:{url.rpartition(':')[2]}/", guarded=True)

    assert (reply.status, graph.requests) == (302, [])
    client.close()
