import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import openai
import pytest

from botsite.resilience.http import (
    MAX_DEPTH,
    BoundedTransport,
    HttpClient,
    NotSent,
    OutcomeUnknown,
    parse_json,
    retry_after_seconds,
)
from tests.fakes.behaviour import Behaviour
from tests.fakes.graph import FakeGraph
from tests.fakes.openai_compatible import FakeOpenAI
from tests.fakes.raw import Step, raw_server

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n"
SLACK = 1.5  # seconds a busy machine may add to a deadline


@pytest.fixture
def client() -> Iterator[HttpClient]:
    client = HttpClient(body_limit=1000)
    yield client
    client.close()


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_reply_of_any_status_is_returned_whole(client: HttpClient) -> None:
    with FakeGraph() as graph:
        reply = client.request("GET", f"{graph.url}/nowhere", params={"a": "ñ"})
    assert reply.status == 404
    assert reply.headers["CONTENT-TYPE"] == "application/json"
    assert reply.json()["error"]["code"] == 404


def test_json_is_sent_with_its_headers_even_with_lone_surrogates(client: HttpClient) -> None:
    with FakeGraph() as graph:
        client.request(
            "POST",
            f"{graph.url}/v25.0/1/messages",
            headers={"Authorization": "Bearer t"},
            json={"text": "¡hola! \ud83d"},
        )
        assert graph.requests[0].body == {"text": "¡hola! \ud83d"}
        assert graph.requests[0].authorization == "Bearer t"


def test_connections_are_kept_for_the_next_call(client: HttpClient) -> None:
    ok = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    with raw_server(ok, 0.3, ok) as url:
        # The server speaks only to whoever stays on the line: a second connection would get the first reply
        # at once, this one gets the second after its pause.
        client.request("GET", url)
        started = time.monotonic()
        client.request("GET", url)
        assert time.monotonic() - started > 0.15


def test_redirects_are_not_followed(client: HttpClient) -> None:
    with raw_server(b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n") as url:
        assert client.request("GET", url).status == 302


def test_environment_proxies_are_not_used(client: HttpClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{unused_port()}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with FakeGraph() as graph:
        assert client.request("GET", f"{graph.url}/nowhere").status == 404


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/",
        "//no-scheme",
        "http://127.0.0.1:99999/",
    ],
)
def test_what_cannot_be_reached_was_not_sent(client: HttpClient, url: str) -> None:
    with pytest.raises(NotSent):
        client.request("GET", url)


def test_refused_connection_was_not_sent(client: HttpClient) -> None:
    with pytest.raises(NotSent, match="ConnectError"):
        client.request("GET", f"http://127.0.0.1:{unused_port()}/?token=secret")


def test_header_that_http_cannot_carry_was_not_sent(client: HttpClient) -> None:
    for token in ("ñ", "two\r\nlines"):
        with FakeGraph() as graph, pytest.raises(NotSent):
            client.request("GET", graph.url, headers={"Authorization": token})


def test_connection_that_nobody_accepts_times_out_as_not_sent(client: HttpClient) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        waiting = [socket.socket() for _ in range(3)]
        for filler in waiting:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        with pytest.raises(NotSent, match="ConnectTimeout"):
            client.request("GET", f"http://127.0.0.1:{port}/", total_seconds=0.3)
        for filler in waiting:
            filler.close()


@pytest.mark.parametrize(
    ("steps", "repeat"),
    [
        pytest.param([], [5.0], id="silence"),
        pytest.param([HEAD[:20]], [0.05, b"x"], id="a header that drips"),
        pytest.param([], [b"HTTP/1.1 100 Continue\r\n\r\n"], id="endless 100 without a pause"),
        pytest.param([HEAD + b"\r\n"], [0.1, b"x"], id="a body that drips"),
        pytest.param(
            [b"HTTP/1.1 100 Continue\r\n\r\n"], [0.05, b"HTTP/1.1 100 Continue\r\n\r\n"], id="endless 100"
        ),
    ],
)
def test_total_deadline_holds_against_a_slow_server(
    client: HttpClient, steps: list[Step], repeat: list[Step]
) -> None:
    with raw_server(*steps, repeat=repeat) as url:
        started = time.monotonic()
        with pytest.raises(OutcomeUnknown, match="ReadTimeout"):
            client.request("GET", url, total_seconds=0.4)
        assert 0.35 < time.monotonic() - started < 0.4 + SLACK


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(b"", id="hung up"),
        pytest.param(HEAD + b"\r\nhalf", id="truncated"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", id="not HTTP"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b", id="gzip"
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + b"x" * 1001, id="over the cap"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5000, id="over the cap, length not told"),
    ],
)
def test_unusable_reply_leaves_the_outcome_unknown(client: HttpClient, reply: bytes) -> None:
    with raw_server(reply) as url, pytest.raises(OutcomeUnknown):
        client.request("POST", url, json={})


def test_body_of_exactly_the_cap_is_read(client: HttpClient) -> None:
    with raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000) as url:
        assert len(client.request("GET", url).body) == 1000


def test_client_is_usable_again_after_failures(client: HttpClient) -> None:
    with raw_server(repeat=[0.5]) as url:
        for _ in range(3):
            with pytest.raises(OutcomeUnknown):
                client.request("GET", url, total_seconds=0.05)
    with FakeGraph() as graph:
        assert client.request("GET", f"{graph.url}/x").status == 404


def test_waiting_for_a_free_connection_counts_and_was_not_sent() -> None:
    client = HttpClient(max_connections=1)

    def occupy(url: str) -> None:
        with pytest.raises(OutcomeUnknown):
            client.request("GET", url, total_seconds=1.0)

    with raw_server(repeat=[1.5]) as url:
        thread = threading.Thread(target=occupy, args=(url,))
        thread.start()
        time.sleep(0.2)
        with pytest.raises(NotSent, match="PoolTimeout"):
            client.request("GET", url, total_seconds=0.3)
        thread.join()
    client.close()


def test_threads_share_a_client_and_keep_their_own_deadlines() -> None:
    client = HttpClient()
    took: dict[float, float] = {}

    def call(url: str, seconds: float) -> None:
        started = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            client.request("GET", url, total_seconds=seconds)
        took[seconds] = time.monotonic() - started

    with raw_server(HEAD + b"\r\n", repeat=[0.2, b"x"]) as url:
        threads = [threading.Thread(target=call, args=(url, seconds)) for seconds in (0.2, 0.5, 0.8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    client.close()
    assert all(seconds - 0.02 < took[seconds] < seconds + SLACK for seconds in (0.2, 0.5, 0.8))


def test_parse_json_has_one_error_for_all_rubbish() -> None:
    for body in (b"", b"\xff", b"{", b"[" * 200_000, b"1" * 5000, nested(MAX_DEPTH + 1)):
        with pytest.raises(ValueError, match=r".+"):
            parse_json(body)
    assert parse_json(b'{"a": 1}') == {"a": 1}
    assert parse_json(nested(MAX_DEPTH))


def nested(depth: int) -> bytes:
    return b'{"a":' * (depth - 1) + b"[]" + b"}" * (depth - 1)


def test_retry_after_is_read_in_both_forms() -> None:
    assert retry_after_seconds("2.5") == 2.5
    assert retry_after_seconds("86400") == 3600
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert retry_after_seconds(date) == pytest.approx(60, abs=2)
    assert retry_after_seconds("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    for unusable in (None, "", "soon", "-1", "nan", "Wed, 99 Oct"):
        assert retry_after_seconds(unusable) is None


def test_transport_bounds_a_client_without_any_timeouts() -> None:
    transport = BoundedTransport(total_seconds=0.3, max_connections=1)
    with raw_server(repeat=[2.0]) as url, httpx2.Client(transport=transport, timeout=None) as client:

        def occupy() -> None:
            with pytest.raises(httpx2.ReadTimeout):
                client.get(url, extensions={"total_seconds": 1.2})

        thread = threading.Thread(target=occupy)
        thread.start()
        time.sleep(0.1)
        started = time.monotonic()
        with pytest.raises(httpx2.PoolTimeout):
            client.get(url)
        assert time.monotonic() - started < 0.9
        thread.join()


class TestAsTransportOfAnSdk:
    """The same limits hold for the openai client that is given the transport."""

    @pytest.fixture
    def server(self) -> Iterator[FakeOpenAI]:
        with FakeOpenAI() as server:
            yield server

    @pytest.fixture
    def sdk(self, server: FakeOpenAI) -> Iterator[openai.OpenAI]:
        http = httpx2.Client(transport=BoundedTransport(total_seconds=0.5), trust_env=False)
        with openai.OpenAI(api_key="k", base_url=server.base_url, http_client=http, max_retries=0) as client:
            yield client

    def ask(self, sdk: openai.OpenAI) -> str | None:
        completion = sdk.chat.completions.create(model="m", messages=[{"role": "user", "content": "hola"}])
        return completion.choices[0].message.content

    def test_answers(self, sdk: openai.OpenAI) -> None:
        assert self.ask(sdk) == "re: hola"

    def test_a_dripping_reply_ends_at_the_deadline(self, sdk: openai.OpenAI, server: FakeOpenAI) -> None:
        server.behave(Behaviour(distort="drip"))
        started = time.monotonic()
        with pytest.raises(openai.APITimeoutError):
            self.ask(sdk)
        assert time.monotonic() - started < 0.5 + SLACK

    def test_a_huge_reply_is_a_connection_error(self, sdk: openai.OpenAI, server: FakeOpenAI) -> None:
        server.behave(Behaviour(distort="huge"))
        with pytest.raises(openai.APIConnectionError):
            self.ask(sdk)
