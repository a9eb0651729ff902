"""`/api/qr`, `/api/whatsapp/status` and their batches: what is taken, what is refused, and for whom."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from botsite.api import limits
from botsite.resilience.quotas import SESSION_ITEMS
from sessions_app.models import Channel, Device
from tests.botsite.api.client import Api, error_code, make_key
from tests.conversations.builders import make_channel
from tests.sessions_app.services.builders import device, gateway

QR, QR_BATCH = "/api/qr", "/api/qr/batch"
STATUS, STATUS_BATCH = "/api/whatsapp/status", "/api/whatsapp/status/batch"
PIXEL = "data:image/png;base64,iVBORw0KGgo="


@pytest.fixture
def api(transactional_db: None) -> Api:
    return Api(make_key("sessions:write"))


def told(api: Api, path: str, body: object) -> dict[str, Any]:
    response = api.post(path, body)
    assert response.status_code == 200, response.content
    answer: dict[str, Any] = response.json()
    assert set(answer) == {"batchId", "accepted", "duplicates", "rejected"}
    return answer


def counts(answer: dict[str, Any]) -> tuple[int, int, list[tuple[int, str]]]:
    rejected = [(item["index"], item["code"]) for item in answer["rejected"]]
    return answer["accepted"], answer["duplicates"], rejected


def active(session: str, **values: Any) -> dict[str, Any]:
    return {"sessionId": session, "status": "active", **values}


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_code_and_a_status_are_taken_one_by_one(api: Api, slash: str) -> None:
    assert counts(told(api, QR + slash, {"sessionId": "s1", "qr": "2@abc"})) == (1, 0, [])
    assert counts(told(api, QR + slash, {"sessionId": "s1", "qr": "2@abc"})) == (0, 1, [])
    assert counts(told(api, STATUS + slash, active("s1"))) == (1, 0, [])

    assert (device().status, device().qr_code.payload, device().channel.slug) == (
        "active",
        "2@abc",
        "default",
    )
    assert device().channel.kind == "gateway"


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_batch_is_taken_with_its_repeats(api: Api, slash: str) -> None:
    codes = [{"sessionId": f"s{n}", "qr": PIXEL} for n in (1, 2, 2)]

    assert counts(told(api, QR_BATCH + slash, {"items": codes})) == (2, 1, [])
    assert counts(told(api, STATUS_BATCH + slash, {"items": [active("s1"), active("s3")]})) == (2, 0, [])


def test_the_timestamp_decides_and_not_the_order_of_arrival(api: Api) -> None:
    newer = active("s1", timestamp="2026-11-01T12:00:05Z")
    older = {"sessionId": "s1", "status": "inactive", "timestamp": 1_793_534_400}  # 12:00:00

    assert counts(told(api, STATUS, newer)) == (1, 0, [])
    assert counts(told(api, STATUS, older)) == (0, 1, [])
    assert device().status == "active"


@pytest.mark.parametrize(
    "item",
    [
        None,
        7,
        [],
        {},
        {"sessionId": "s1"},
        {"status": "active"},
        active(""),
        active("  "),
        active("x" * 129),
        active("a\u0000b"),
        active("a\nb"),
        {"sessionId": 5, "status": "active"},
        {"sessionId": "s1", "status": None},
        {"sessionId": "s1", "status": "x" * 41},
        {"sessionId": "s1", "status": ["active"]},
        active("s1", priority="urgent"),
        active("s1", priority=["high"]),
        active("s1", timestamp="yesterday"),
        active("s1", timestamp="2026-13-01T00:00:00Z"),
        active("s1", timestamp="0001-01-01T00:00:00+14:00"),
        active("s1", timestamp=10**400),
        active("s1", timestamp=True),
        active("s1", timestamp={}),
        active("s1", channel=9),
    ],
)
def test_a_bad_status_is_422_alone_and_fails_no_other_in_a_batch(api: Api, item: object) -> None:
    assert api.post(STATUS, item).status_code == 422
    body = {"items": [active("before"), item, active("after")]}

    assert counts(told(api, STATUS_BATCH, body)) == (2, 0, [(1, "invalid")])
    assert sorted(Device.objects.values_list("session_id", flat=True)) == ["after", "before"]


@pytest.mark.parametrize(
    "qr",
    [
        None,
        "",
        5,
        "a\u0000",
        "x" * 2332,
        "ñ" * 1200,
        "data:text/html;base64,AAAA",
        "data:image/svg+xml;base64,AAAA",
    ],
)
def test_a_code_that_nobody_could_be_shown_is_refused(api: Api, qr: object) -> None:
    response = api.post(QR, {"sessionId": "s1", "qr": qr})

    assert (response.status_code, error_code(response)) == (422, "invalid")
    assert not Device.objects.exists()


@pytest.mark.parametrize("body", [None, [], {}, {"items": {}}, {"items": []}, {"items": [{}] * 1001}])
@pytest.mark.parametrize("path", [QR_BATCH, STATUS_BATCH])
def test_a_batch_has_1_to_1000_items(api: Api, path: str, body: object) -> None:
    assert api.post(path, body).status_code == 422


def test_a_thousand_items_take_a_few_statements(api: Api) -> None:
    told(api, STATUS, active("warm"))
    body = {"items": [{"sessionId": f"s{n}", "qr": f"2@{n}"} for n in range(1000)]}
    key_limit = Api(make_key("sessions:write", name="other"))

    with CaptureQueriesContext(connection) as captured:
        answer = told(key_limit, QR_BATCH, body)

    assert counts(answer) == (1000, 0, [])
    assert len(captured) <= 18


def test_items_are_metered_and_not_calls(
    api: Api, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A second may pass between two calls of a test.
    monkeypatch.setattr(limits, "SESSION_ITEMS", replace(SESSION_ITEMS, seconds=600))
    settings.QUOTA_LIMITS = {"sessions_write": 10}
    settings.API_CALLS_PER_MINUTE = 1
    for number in range(4):
        told(api, STATUS_BATCH, {"items": [active(f"s{number}"), active("t")]})

    response = api.post(STATUS_BATCH, {"items": [active("x")] * 3})

    assert (response.status_code, response.headers["X-RateLimit-Limit"]) == (429, "10")
    assert 1 <= int(response.headers["Retry-After"]) <= 600
    assert not Device.objects.filter(session_id="x").exists()


def test_a_call_or_an_item_names_its_channel(api: Api) -> None:
    gateway("one")
    gateway("two")
    body = {
        "channel": "one",
        "items": [active("s1"), active("s1", channel="two"), active("s1", channel="none")],
    }

    assert counts(told(api, STATUS_BATCH, body)) == (2, 0, [(2, "unknown_channel")])
    assert sorted(Device.objects.values_list("channel__slug", flat=True)) == ["one", "two"]


def test_the_only_channel_of_a_key_is_its_usual_one(transactional_db: None) -> None:
    gateway("one")
    api = Api(make_key("sessions:write", channels=("one",)))

    told(api, STATUS, active("s1"))

    assert device().channel.slug == "one"


def test_a_key_reports_nothing_for_channels_of_others(transactional_db: None) -> None:
    gateway("one")
    gateway("two")
    api = Api(make_key("sessions:write", channels=("one", "three")))

    assert counts(
        told(api, STATUS_BATCH, {"items": [active("s", channel="two"), active("s", channel="one")]})
    ) == (
        1,
        0,
        [(0, "channel_forbidden")],
    )
    for item in (active("s", channel="two"), active("s")):  # without one it would be the default channel
        response = api.post(STATUS, item)
        assert (response.status_code, error_code(response)) == (403, "channel_forbidden")
    assert not Channel.objects.filter(slug="default").exists()


def test_a_channel_that_is_off_takes_nothing(api: Api) -> None:
    make_channel("default", kind="gateway", phone_number_id="", is_active=False)

    response = api.post(STATUS, active("s1"))

    assert (response.status_code, error_code(response)) == (404, "unknown_channel")


@pytest.mark.parametrize("path", [QR, QR_BATCH, STATUS, STATUS_BATCH])
def test_it_takes_the_scope(transactional_db: None, path: str) -> None:
    assert Api(make_key("sessions:read")).post(path, {}).status_code == 403
    assert Api().post(path, {}).status_code == 401
