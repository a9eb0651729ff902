"""`/start` and `/api/sessions/<id>`."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_app.models import Channel, Device, QrCode
from tests.botsite.api.client import Api, error_code, make_key
from tests.conversations.builders import make_channel
from tests.sessions_app.services.builders import apply, code, gateway, status


@pytest.fixture
def api(transactional_db: None) -> Api:
    return Api(make_key("sessions:write", "sessions:read"))


@pytest.mark.parametrize("path", ["/start", "/start/"])
def test_a_session_is_registered_and_pending_at_once(api: Api, path: str) -> None:
    response = api.post(path, {"user_id": 1})

    known = Device.objects.get()
    assert (response.status_code, response.json()) == (
        202,
        {"sessionId": known.session_id, "status": "pending"},
    )
    assert (known.owner, known.channel.slug, known.order, known.order_state) == (
        "1",
        "default",
        "start",
        "pending",
    )
    assert api.get(f"/api/sessions/{known.session_id}").json()["status"] == "pending"


def test_a_repeat_is_the_same_session_while_it_is_pending_or_active(api: Api) -> None:
    first = api.post("/start", {"user_id": 1}).json()["sessionId"]
    assert api.post("/start", {"user_id": "1"}).json()["sessionId"] == first

    channel = Channel.objects.get(slug="default")
    apply(channel, status("active", first))
    assert api.post("/start", {"user_id": 1}).json() == {"sessionId": first, "status": "active"}

    apply(channel, status("inactive", first))
    assert api.post("/start", {"user_id": 1}).json()["sessionId"] != first


def test_owners_and_channels_have_sessions_of_their_own(api: Api) -> None:
    gateway("one")
    bodies = ({"user_id": 1}, {"user_id": 2}, {"user_id": 1, "channel": "one"})

    assert len({api.post("/start", body).json()["sessionId"] for body in bodies}) == 3


def test_many_at_once_get_the_same_session_and_channel(api: Api) -> None:
    def start(_number: int) -> str:
        try:
            session_id: str = api.post("/start", {"user_id": 1}).json()["sessionId"]
            return session_id
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(start, range(12)))) == 1
    assert Channel.objects.count() == Device.objects.count() == 1


@pytest.mark.parametrize(
    "body", [{}, {"user_id": None}, {"user_id": ""}, {"user_id": True}, {"user_id": "x" * 65}]
)
def test_a_start_without_an_owner_is_422(api: Api, body: object) -> None:
    assert api.post("/start", body).status_code == 422


def test_a_channel_without_sessions_starts_none(api: Api) -> None:
    make_channel("shop")

    response = api.post("/start", {"user_id": 1, "channel": "shop"})

    assert (response.status_code, error_code(response)) == (409, "no_sessions")


def test_a_key_starts_nothing_in_channels_of_others(transactional_db: None) -> None:
    gateway("one")
    api = Api(make_key("sessions:write", channels=("two",)))

    assert api.post("/start", {"user_id": 1, "channel": "one"}).status_code == 403


def test_a_session_nobody_knows_is_unknown(api: Api) -> None:
    assert api.get("/api/sessions/nobody").json() == {
        "sessionId": "nobody",
        "channel": None,
        "status": "unknown",
        "asOf": None,
        "source": "database",
    }


def test_a_state_has_its_age_and_its_source(api: Api) -> None:
    apply(gateway("one"), status("active", seconds=7))

    first, second = (api.get("/api/sessions/s1").json() for _ in range(2))

    assert (first["status"], first["asOf"], first["source"]) == ("active", "2026-11-01T12:00:07Z", "database")
    assert second == {**first, "source": "memory"}


def test_a_session_says_whose_it_is_and_since_when_it_is_known(api: Api) -> None:
    started = api.post("/start", {"user_id": 41}).json()["sessionId"]
    shown = [api.get(f"/api/sessions/{started}").json() for _ in range(2)]
    assert [answer["owner"] for answer in shown] == ["41", "41"]
    assert datetime.fromisoformat(shown[1]["createdAt"]) == Device.objects.get().created_at

    assert "owner" not in api.get("/api/sessions/late", channel="default").json()
    apply(Channel.objects.get(), status("active", "late"))
    assert api.get("/api/sessions/late", channel="default").json()["owner"] == ""
    Device.objects.get(session_id="late").delete()
    assert "owner" not in api.get("/api/sessions/late", channel="default").json()


def test_what_does_not_change_of_a_session_is_read_once(api: Api) -> None:
    apply(gateway("one"), status("active"))
    api.get("/api/sessions/s1", channel="one")

    with CaptureQueriesContext(connection) as captured:
        api.get("/api/sessions/s1", channel="one")

    assert [query for query in captured.captured_queries if "sessions_app" in query["sql"]] == []


def test_a_code_is_told_while_it_can_be_scanned(api: Api) -> None:
    channel = gateway("one")
    apply(channel, code("2@abc"))
    response = api.get("/api/sessions/s1/")
    assert response.json()["qr"]["qr"] == "2@abc"
    assert response.headers["Cache-Control"] == "no-store"

    QrCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "qr" not in api.get("/api/sessions/s1").json()

    apply(channel, code("2@def"), status("active"))
    assert "qr" not in api.get("/api/sessions/s1").json()


def test_a_code_of_before_the_log_out_is_not_told(api: Api) -> None:
    channel = gateway("one")
    apply(channel, code("2@abc"), status("inactive"))
    assert "qr" not in api.get("/api/sessions/s1").json()

    apply(channel, code("2@def"))
    assert api.get("/api/sessions/s1").json()["qr"]["qr"] == "2@def"


def test_sessions_of_one_name_are_told_apart_by_channel(api: Api) -> None:
    apply(gateway("one"), status("active"))
    apply(gateway("two"), status("inactive"))

    response = api.get("/api/sessions/s1")
    assert (response.status_code, error_code(response)) == (409, "several_sessions")
    assert api.get("/api/sessions/s1", channel="two").json()["status"] == "inactive"


def test_sessions_of_other_channels_are_not_seen(transactional_db: None) -> None:
    apply(gateway("one"), status("active"))
    for channels in (("two",), ("two", "three")):
        api = Api(make_key("sessions:read", channels=channels))
        assert api.get("/api/sessions/s1").json()["status"] == "unknown"
        assert api.get("/api/sessions/s1", channel="one").status_code == 403
