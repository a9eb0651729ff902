"""Quotas of the API: by key, by items, and by address for whoever proves nothing."""

import uuid
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django_redis import get_redis_connection
from pytest_django import Settings
from rest_framework.request import Request
from rest_framework.response import Response

from botsite.api import limits
from botsite.api.keys import ROTATION_OVERLAP, api_key_rotate
from botsite.api.models import Scope
from botsite.api.views import ApiView
from botsite.resilience import violations
from botsite.resilience.breaker import BreakerOpen
from botsite.telemetry.events import security_event
from sessions_app.models import Channel
from tests.botsite.api.client import Api, error_code, key_of, make_key
from tests.fakes import webhooks
from tests.recording import RecordedMetrics

PROXY, SENDER = "10.0.0.1", "203.0.113.7"


@pytest.fixture(autouse=True)
def _no_counts_of_other_tests(settings: Settings) -> None:
    settings.QUOTA_LIMITS = {"ip": 3}
    client = get_redis_connection("default")
    if keys := client.keys("botsite:limit:ip:*"):
        client.delete(*keys)
    violations._reports.forget()


@pytest.fixture
def reported() -> Iterator[list[dict[str, str]]]:
    """The security events that are told of."""
    noted: list[dict[str, str]] = []

    def note(operation: str, facts: dict[str, str], **_: object) -> None:
        noted.append({"operation": operation, **facts})

    security_event.connect(note)
    yield noted
    security_event.disconnect(note)


def statuses(api: Api, address: str, times: int) -> list[int]:
    return [api.get(address).status_code for _ in range(times)]


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["", "garbage", f"bsk_{'0' * 12}_{'0' * 64}"])
def test_requests_without_a_valid_key_have_a_quota_by_address(token: str) -> None:
    assert statuses(Api(token), "/api/messages", 5) == [401, 401, 401, 429, 429]


@pytest.mark.django_db
def test_the_answers_say_what_is_left() -> None:
    answers = [Api().get("/api/messages") for _ in range(4)]

    assert [answer["X-RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert {answer["X-RateLimit-Limit"] for answer in answers} == {"3"}
    assert error_code(answers[-1]) == "throttled"
    assert 0 < int(answers[-1]["Retry-After"]) <= 60
    assert "Retry-After" not in answers[0]


def test_a_valid_key_is_let_in_from_an_address_that_is_shut_out(channel: Channel) -> None:
    assert statuses(Api(), "/api/messages", 4)[-1] == 429

    assert Api(make_key()).get("/api/messages").status_code == 200


@pytest.mark.django_db
def test_unknown_addresses_are_counted_as_well_but_not_those_of_a_key() -> None:
    with_key = Api(make_key())

    assert statuses(with_key, "/api/nowhere", 5) == [404] * 5
    assert statuses(Api(), "/api/nowhere", 4) == [404, 404, 404, 429]


def post_signed(client: Client, body: bytes, *, secret: str = "app-secret") -> int:
    headers = {"X-Hub-Signature-256": webhooks.sign(body, secret)}
    answer = client.post("/webhook/shop", body, content_type="application/json", headers=headers)
    return answer.status_code


def test_signed_webhooks_are_never_limited_and_bad_signatures_are(channel: Channel, client: Client) -> None:
    bad = [post_signed(client, b"{}", secret="wrong") for _ in range(4)]
    good = [post_signed(client, webhooks.cloud_api_envelope()) for _ in range(10)]

    assert bad == [401, 401, 401, 429]
    assert good == [200] * 10


def test_a_signed_body_that_is_no_json_is_not_counted(channel: Channel, client: Client) -> None:
    assert [post_signed(client, b"{") for _ in range(5)] == [400] * 5


def test_unknown_channels_and_wrong_verify_tokens_are_counted(channel: Channel, client: Client) -> None:
    addresses = ["/webhook/nowhere", "/webhook/shop", "/webhook/nowhere", "/webhook/shop"]
    query = {"hub.mode": "subscribe", "hub.verify_token": "wrong", "hub.challenge": "7"}

    assert [client.get(address, query).status_code for address in addresses] == [404, 403, 404, 429]
    right = query | {"hub.verify_token": "verify-me"}
    assert client.get("/webhook/shop", right).content == b"7"


def request_from(peer: str, forwarded: str = "") -> HttpRequest:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    return RequestFactory().get("/api/messages", REMOTE_ADDR=peer, headers=headers)


def test_addresses_count_apart() -> None:
    waits = [limits.unproven_call(request_from(f"203.0.113.{n}")).wait for n in range(10)]

    assert waits == [0] * 10


def test_the_address_that_a_trusted_proxy_names_counts(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = [ip_network(PROXY)]

    for _ in range(3):
        assert not limits.unproven_call(request_from(PROXY, SENDER)).wait
    assert limits.unproven_call(request_from(PROXY, SENDER)).wait
    assert not limits.unproven_call(request_from(PROXY, "203.0.113.8")).wait


def test_a_forged_header_gives_nobody_a_fresh_quota() -> None:
    waits = [limits.unproven_call(request_from(SENDER, f"198.51.100.{n}")).wait for n in range(5)]

    assert [wait > 0 for wait in waits] == [False, False, False, True, True]


def test_an_ipv6_network_counts_as_one_sender() -> None:
    waits = [limits.unproven_call(request_from(f"2001:db8:0:1::{n}")).wait for n in range(1, 5)]

    assert [wait > 0 for wait in waits] == [False, False, False, True]
    assert not limits.unproven_call(request_from("2001:db8:0:2::1")).wait


@pytest.mark.django_db
def test_a_flood_is_counted_and_reported_once(
    recorded: RecordedMetrics, reported: list[dict[str, str]], caplog: pytest.LogCaptureFixture
) -> None:
    statuses(Api(), "/api/messages", 20)

    assert recorded.total("rate_limited_total", "ip") == 17
    assert reported == [{"operation": "rate_limited", "scope": "ip", "client": "", "address": "127.0.0.1"}]
    assert caplog.text.count("'event': 'RATE_LIMITED'") == 1


def test_a_key_has_its_own_limit(channel: Channel, reported: list[dict[str, str]]) -> None:
    token = make_key(name=f"n8n {uuid.uuid4().hex}")
    key_of(token).update(calls_per_minute=2)
    api = Api(token)

    answers = [api.get("/api/messages") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert {answer["X-RateLimit-Limit"] for answer in answers} == {"2"}
    assert reported == [
        {"operation": "rate_limited", "scope": "api_key", "client": key_of(token).get().name, "address": ""}
    ]


class ItemsView(ApiView):
    """Takes items, as those of the sessions do."""

    required_scopes = {"POST": Scope.SESSIONS_WRITE}
    methods_by_item = ("POST",)

    def post(self, request: Request) -> Response:
        body: Any = request.data
        self.count_items(len(body["items"]))
        return Response({"taken": len(body["items"])})


class BrokenServiceView(ApiView):
    required_scopes = {"POST": Scope.SESSIONS_WRITE}

    def post(self, request: Request) -> Response:
        raise BreakerOpen("inventory", 7.2)


def posted(view: type[ApiView], token: str, items: int = 1) -> Response:
    body = {"items": ["item"] * items}
    request = RequestFactory().post("/", body, content_type="application/json", headers={"X-Api-Key": token})
    answer = view.as_view()(request)
    assert isinstance(answer, Response)
    return answer


@pytest.mark.django_db
def test_items_are_metered_however_they_are_batched(settings: Settings) -> None:
    settings.QUOTA_LIMITS = {"sessions_write": 100}
    settings.API_CALLS_PER_MINUTE = 1  # calls are not what is counted
    token = make_key("sessions:write")

    answers = [posted(ItemsView, token, items) for items in (60, 30, 20, 10)]

    assert [answer.status_code for answer in answers] == [200, 200, 429, 200]
    assert [answer["X-RateLimit-Remaining"] for answer in answers[:2]] == ["40", "10"]
    assert int(answers[2]["Retry-After"]) == 1


@pytest.mark.django_db
def test_a_thousand_items_a_second_come_in() -> None:
    token = make_key("sessions:write")

    assert [posted(ItemsView, token, 1000).status_code, posted(ItemsView, token).status_code] == [200, 429]


@pytest.mark.django_db
def test_an_open_breaker_is_503_with_the_time_to_come_back() -> None:
    answer = posted(BrokenServiceView, make_key("sessions:write"))

    assert (answer.status_code, answer["Retry-After"]) == (503, "8")
    assert answer.data["error"]["code"] == "circuit_open"


def rotated(token: str) -> str:
    _, successor = api_key_rotate(key_of(token).get(), overlap=ROTATION_OVERLAP)
    return successor


def test_both_keys_of_a_rotation_draw_on_one_quota(channel: Channel, settings: Settings) -> None:
    settings.API_CALLS_PER_MINUTE = 3
    old = make_key()
    new = rotated(old)

    answers = [Api(token).get("/api/messages") for token in (old, new, old, new, old)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert [answer["X-RateLimit-Remaining"] for answer in answers[:3]] == ["2", "1", "0"]


@pytest.mark.django_db
def test_items_of_both_keys_of_a_rotation_draw_on_one_quota(settings: Settings) -> None:
    settings.QUOTA_LIMITS = {"sessions_write": 100}
    old = make_key("sessions:write")
    new = rotated(old)

    answers = [posted(ItemsView, token, 60) for token in (old, new)]

    assert [answer.status_code for answer in answers] == [200, 429]


def test_calls_of_two_clients_count_apart(channel: Channel, settings: Settings) -> None:
    settings.API_CALLS_PER_MINUTE = 1
    first, second = Api(make_key()), Api(make_key())

    codes = [api.get("/api/messages").status_code for api in (first, second, first, second)]

    assert codes == [200, 200, 429, 429]


@pytest.mark.parametrize("address", ["/webhook/shop", "/health/live", "/health/ready"])
def test_plain_views_refuse_methods_in_the_envelope(channel: Channel, client: Client, address: str) -> None:
    answer = client.delete(address)

    assert (answer.status_code, error_code(answer)) == (405, "method_not_allowed")
    assert "GET" in answer["Allow"]
