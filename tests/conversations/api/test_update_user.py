"""`POST /update-user`: who is told what, and that nothing is done by halves."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from conversations.canonical import canonical_form
from conversations.models import UserIdentity, WhatsAppUser
from sessions_app.models import Channel
from sessions_app.providers.base import Identity, IdentityKind
from tests.botsite.api.client import Api, error_code, make_key
from tests.conversations.builders import make_channel
from tests.recording import RecordedMetrics

ANA = "573003913251"


@pytest.fixture
def whapi_channel(db: None) -> Channel:
    return make_channel("whapi", kind="whapi", phone_number_id="", access_token="t")


@pytest.fixture
def api(db: None) -> Api:
    return Api(make_key("users:write"))


def customer(channel: Channel, value: str = ANA, *, kind: str = "wa_id") -> WhatsAppUser:
    user = WhatsAppUser.objects.create(channel=channel)
    UserIdentity.objects.create(user=user, channel=channel, kind=kind, value=value)
    return user


def update(api: Api, body: object) -> Any:
    response = api.post("/update-user", body)
    assert response.status_code == 200, response.content
    return response.json()


def scheduled() -> set[int]:
    return set(WhatsAppUser.objects.exclude(enrichment_due_at=None).values_list("pk", flat=True))


@pytest.mark.parametrize("path", ["/update-user", "/update-user/"])
def test_a_plain_announcement_invalidates_and_fetches_nothing(
    api: Api, whapi_channel: Channel, path: str
) -> None:
    customer(whapi_channel)

    response = api.post(path, {"userId": ANA})

    assert (response.status_code, response.json()) == (
        200,
        {"userId": ANA, "invalidated": True, "enrichment": "none"},
    )
    assert scheduled() == set()


def test_enrichment_is_scheduled_for_every_match_that_the_key_may_see(whapi_channel: Channel) -> None:
    second = make_channel("whapi-2", kind="whapi", phone_number_id="", access_token="t")
    users = [customer(channel) for channel in (whapi_channel, second)]
    hidden = customer(make_channel("other", kind="whapi", phone_number_id="", access_token="t"))
    api = Api(make_key("users:write", channels=("whapi", "whapi-2")))

    answer = update(api, {"userId": f"+{ANA[:2]} {ANA[2:]}", "changes": ["enrichment"]})

    assert answer["enrichment"] == "scheduled"
    assert scheduled() == {user.pk for user in users}
    assert hidden.pk not in scheduled()


def test_a_new_request_starts_the_attempts_anew(api: Api, whapi_channel: Channel) -> None:
    user = customer(whapi_channel)
    WhatsAppUser.objects.update(enrichment_attempts=4)

    update(api, {"userId": ANA, "changes": ["enrichment"]})

    user.refresh_from_db()
    assert (user.enrichment_attempts, user.enrichment_due_at is not None) == (0, True)


def test_an_unknown_user_is_no_error_and_nothing_is_created(api: Api, whapi_channel: Channel) -> None:
    answer = update(api, {"userId": "57300999", "changes": ["enrichment"]})

    assert answer == {"userId": "57300999", "invalidated": True, "enrichment": "none"}
    assert not WhatsAppUser.objects.exists()


def test_nothing_is_scheduled_where_nobody_can_be_asked(api: Api, whapi_channel: Channel) -> None:
    customer(make_channel("cloud"), "1")
    customer(whapi_channel, "2", kind="bsuid")
    customer(make_channel("off", kind="whapi", phone_number_id="", is_active=False), "3")

    answers = update(api, [{"userId": name, "changes": ["enrichment"]} for name in "123"])

    assert [answer["enrichment"] for answer in answers] == ["none"] * 3
    assert scheduled() == set()


def test_a_list_is_answered_in_its_order(api: Api, whapi_channel: Channel) -> None:
    ana, luz = customer(whapi_channel, "573001"), customer(whapi_channel, "573002")
    body = [
        {"userId": "573002", "changes": ["enrichment"]},
        {"userId": "nobody"},
        {"userId": "573001"},
        {"userId": "573002", "changes": []},
    ]

    answers = update(api, body)

    assert [answer["userId"] for answer in answers] == ["573002", "nobody", "573001", "573002"]
    assert [answer["enrichment"] for answer in answers] == ["scheduled", "none", "none", "none"]
    assert scheduled() == {luz.pk}
    assert ana.pk not in scheduled()


def queries(api: Api, body: object) -> int:
    with CaptureQueriesContext(connection) as captured:
        update(api, body)
    return len(captured)


def test_500_entries_cost_hardly_more_queries_than_one(api: Api, whapi_channel: Channel) -> None:
    names = [f"5730000{number:05}" for number in range(500)]
    users = WhatsAppUser.objects.bulk_create(WhatsAppUser(channel=whapi_channel) for _ in names)
    UserIdentity.objects.bulk_create(
        UserIdentity(
            user=user,
            channel=whapi_channel,
            kind="wa_id",
            value=name,
            canonical=canonical_form(Identity(IdentityKind.WA_ID, name)),
        )
        for user, name in zip(users, names, strict=True)
    )
    body = [{"userId": name, "changes": ["enrichment"]} for name in names]
    update(api, body[:1])  # notes the key's use, which it does once a minute

    assert queries(api, body) <= queries(api, body[0]) + 2
    assert len(scheduled()) == 500


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 422, "invalid"),
        (b"userId=1", 400, "parse_error"),
        (b'{"userId": "1"', 400, "parse_error"),
        (b"null", 422, "invalid"),
        (b'"573"', 422, "invalid"),
        (b"{}", 422, "invalid"),
        (b'{"userId": null}', 422, "invalid"),
        (b'{"userId": ""}', 422, "invalid"),
        (b'{"userId": 573003913251}', 422, "invalid"),
        (b'{"userId": ["573003913251"]}', 422, "invalid"),
        (rb'{"userId": "5\u0000"}', 422, "invalid"),
        (b'{"userId": "' + b"1" * 201 + b'"}', 422, "invalid"),
        (b'{"userId": "1", "changes": "enrichment"}', 422, "invalid"),
        (b'{"userId": "1", "changes": null}', 422, "invalid"),
        (b'{"userId": "1", "changes": ["name"]}', 422, "invalid"),
        (b'{"userId": "1", "changes": ["enrichment", {}]}', 422, "invalid"),
        (b"[]", 422, "invalid"),
        (b"[" + b'{"userId": "1"},' * 500 + b'{"userId": "1"}]', 422, "invalid"),
    ],
    ids=lambda value: value[:40].decode(errors="replace") if isinstance(value, bytes) else str(value),
)
def test_bad_bodies_are_refused_counted_and_change_nothing(
    api: Api, whapi_channel: Channel, recorded: RecordedMetrics, body: bytes, status: int, code: str
) -> None:
    customer(whapi_channel, "1")

    response = api.post("/update-user", body)

    assert (response.status_code, error_code(response)) == (status, code)
    assert scheduled() == set()
    assert recorded.total("hook_errors_total") == 1


def test_the_wrong_entries_of_a_list_are_named_by_their_index(api: Api, whapi_channel: Channel) -> None:
    customer(whapi_channel)
    good = {"userId": ANA, "changes": ["enrichment"]}

    response = api.post("/update-user", [good, {"userId": 5}, good, "x", {"changes": ["hair"]}])

    assert response.status_code == 422
    items = response.json()["error"]["details"]["items"]
    assert [item["index"] for item in items] == [1, 3, 4]
    assert [sorted(item["errors"]) for item in items] == [["userId"], ["body"], ["changes", "userId"]]
    assert scheduled() == set()


def test_who_may_not_is_refused_and_does_not_count_as_an_error_of_the_hook(
    whapi_channel: Channel, recorded: RecordedMetrics
) -> None:
    body = {"userId": ANA}

    refused = [
        Api(token).post("/update-user", body)
        for token in ("", "rubbish", make_key("users:read", "messages:write"))
    ]

    assert [response.status_code for response in refused] == [401, 401, 403]
    assert Api(make_key("users:write")).get("/update-user").status_code == 405
    assert recorded.total("hook_errors_total") == 0


@pytest.mark.django_db(transaction=True)
def test_without_the_database_it_is_503_and_counted(
    api: Api, recorded: RecordedMetrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.close()
    with monkeypatch.context() as away:
        away.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        away.setitem(connection.settings_dict, "PORT", "1")
        response = api.post("/update-user", {"userId": ANA, "changes": ["enrichment"]})

    assert (response.status_code, error_code(response)) == (503, "unavailable")
    assert recorded.total("hook_errors_total") == 1


def test_over_the_limit_of_the_key_it_is_429_and_other_keys_go_on(
    whapi_channel: Channel, settings: Settings
) -> None:
    settings.API_CALLS_PER_MINUTE = 3
    api = Api(make_key("users:write"))

    answers = [api.post("/update-user", {"userId": ANA}) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer["X-RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert {answer["X-RateLimit-Limit"] for answer in answers} == {"3"}
    assert error_code(answers[-1]) == "throttled"
    assert 0 < int(answers[-1]["Retry-After"]) <= 60
    assert 0 < int(answers[-1]["X-RateLimit-Reset"]) <= 60
    assert Api(make_key("users:write")).post("/update-user", {"userId": ANA}).status_code == 200


def test_without_redis_the_process_keeps_the_limit_by_itself(
    whapi_channel: Channel, settings: Settings
) -> None:
    settings.API_CALLS_PER_MINUTE = 1
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    api = Api(make_key("users:write"))

    assert [api.post("/update-user", {"userId": ANA}).status_code for _ in range(3)] == [200, 429, 429]
