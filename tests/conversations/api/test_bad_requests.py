"""Whatever a body, a header or an address holds: an answer in the envelope, and never a 5xx."""

import socket
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from pytest_django.live_server_helper import LiveServer

from conversations.models import Message
from sessions_app.models import Channel
from tests.botsite.api.client import Api, error_code, make_key

ADDRESS = "/api/messages"
BODIES = {
    "empty": b"",
    "half": b'{"channel": "shop", "to":',
    "no json": b"channel=shop",
    "nan": b'{"channel": "shop", "to": "573000000001", "text": NaN}',
    "huge number": b'{"channel": "shop", "to": ' + b"9" * 5000 + b', "text": "a"}',
    "infinite": b'{"channel": "shop", "to": 1e999, "text": "a"}',
    "invalid utf-8": b'{"channel": "shop", "to": "573000000001", "text": "\xff\xfe"}',
    "lone surrogate": rb'{"channel": "shop", "to": "573000000001", "text": "\ud800"}',
    "surrogate as a name": rb'{"\udc00": 1, "channel": "shop"}',
    "nul": rb'{"channel": "shop", "to": "573000000001", "text": "a\u0000"}',
    "deep": b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "null": b"null",
    "number": b"5",
    "text": b'"hola"',
    "list": b"[{}]",
    "wide": b"[" + b"1," * 500_000 + b"1]",
    "wrong types": b'{"channel": [], "to": {}, "text": 1.5, "template": true}',
}


@pytest.fixture
def api(channel: Channel) -> Api:
    return Api(make_key())


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_bad_bodies(api: Api, body: bytes) -> None:
    answer = api.post(ADDRESS, body)

    assert answer.status_code in {400, 422}
    assert error_code(answer) in {"parse_error", "invalid"}
    assert not Message.objects.exists()


def test_too_large_a_body_is_413(api: Api) -> None:
    answer = api.post(ADDRESS, b" " * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1))

    assert (answer.status_code, error_code(answer)) == (413, "too_large")


def test_other_media_types_are_415(api: Api) -> None:
    for media_type in ("text/plain", "application/x-www-form-urlencoded", "rubbish", "multipart/form-data"):
        answer = api.post(ADDRESS, b"a=b", Content_Type=media_type)
        assert (answer.status_code, error_code(answer)) == (415, "unsupported_media_type")


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "rubbish", ",;q", "a/b," * 500])
def test_the_answer_is_json_whatever_is_accepted(api: Api, accept: str) -> None:
    answer = api.post(ADDRESS, b"{}", Accept=accept)

    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/json"


def test_messages_are_english_whatever_the_language(api: Api) -> None:
    answer = api.post(ADDRESS, {}, Accept_Language="es")

    assert answer.headers["Content-Language"] == "en"
    assert answer.json()["error"]["details"]["to"] == ["This field is required."]


@pytest.mark.parametrize(
    "address",
    ["/api", "/api/", "/api/nowhere", "/api/messages/x/replay", "/api/messages/٣/replay", "/update-user/x/y"],
)
def test_unknown_addresses_are_404_in_the_envelope(api: Api, address: str) -> None:
    answer = api.get(address)

    assert (answer.status_code, error_code(answer)) == (404, "not_found")


def test_pages_for_people_keep_their_own_404(api: Api) -> None:
    answer = api.get("/apiary")

    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_wrong_host_is_400_in_the_envelope(api: Api) -> None:
    answer = api.post(ADDRESS, {}, Host="elsewhere.example")

    assert (answer.status_code, error_code(answer)) == (400, "bad_request")


def test_an_error_of_ours_is_500_in_the_envelope(db: None, channel: Channel) -> None:
    api = Api(make_key(), raise_request_exception=False)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE conversations_message RENAME COLUMN reason TO moved")

    answer = api.get(ADDRESS)

    assert (answer.status_code, error_code(answer)) == (500, "internal_error")
    assert "moved" not in answer.content.decode()


def test_a_chunked_body_is_refused_and_not_read_as_empty(live_server: LiveServer) -> None:
    token = make_key()
    server = urlsplit(live_server.url)
    head = (
        f"POST {ADDRESS} HTTP/1.1\r\nHost: {server.netloc}\r\nX-Api-Key: {token}\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection((server.hostname or "", server.port or 0), timeout=5) as client:
        client.sendall(head.encode() + b"2\r\n{}\r\n0\r\n\r\n")
        answer = client.makefile("rb").read()

    assert answer.startswith(b"HTTP/1.1 411")
    assert b'"length_required"' in answer
