"""Batches to Laravel: what travels, when, and what becomes of what Laravel does not take."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from botsite.resilience.breaker import State
from sessions_app.models import Channel, Device, Forward, ForwardBatch, ForwardKind, QrCode
from sessions_app.services.forward_claims import forwards_claim, forwards_look
from sessions_app.services.forward_pause import paused
from sessions_app.services.forward_replay import forwards_replay
from sessions_app.services.forward_sending import claim_send
from sessions_app.services.laravel import laravel_breaker
from tests.fakes.behaviour import Behaviour
from tests.fakes.laravel import FakeLaravel
from tests.recording import RecordedMetrics
from tests.sessions_app.services.builders import apply, code, status
from tests.sessions_app.services.forwarding import forward, make_due, send, send_all, states


def many(channel: Channel, count: int, word: str = "active") -> None:
    apply(channel, *(status(word, f"s{number:03}") for number in range(count)))


def test_a_status_travels_with_version_time_and_credentials(
    told: FakeLaravel, channel: Channel, settings: Settings
) -> None:
    settings.LARAVEL_API_TOKEN = "hush"
    apply(channel, status("active", seconds=5))
    make_due()

    assert send()

    request = told.requests[0]
    assert (request.path, request.authorization) == ("/api/whatsapp/status/batch", "Bearer hush")
    assert request.body["items"] == [
        {
            "channel": "baileys",
            "sessionId": "s1",
            "status": "active",
            "version": 1,
            "timestamp": "2026-11-01T12:00:05+00:00",
            "priority": "normal",
        }
    ]
    batch = ForwardBatch.objects.get()
    assert told.batches[0].key == told.batches[0].batch_id == str(batch.id)
    assert (batch.size, batch.attempts, batch.result) == (1, 1, "accepted")
    row = forward()
    assert (row.state, row.sent_version, row.batch) == ("delivered", 1, batch)


def test_a_qr_code_travels_in_clear(told: FakeLaravel, channel: Channel) -> None:
    apply(channel, code("2@abc"))
    make_due()

    assert send(ForwardKind.QR)
    assert told.known["qr"]["s1"]["qr"] == "2@abc"


def test_an_expired_qr_code_is_not_sent(told: FakeLaravel, channel: Channel) -> None:
    apply(channel, code("2@old"), code("2@new", "s2"))
    QrCode.objects.filter(device__session_id="s1").update(expires_at=Now() - timedelta(seconds=1))
    make_due()

    assert send(ForwardKind.QR)

    assert states(ForwardKind.QR) == {"s1": "expired", "s2": "delivered"}
    assert told.batches[0].sessions == ["s2"]


def test_a_batch_of_nothing_but_expired_codes_makes_no_request(told: FakeLaravel, channel: Channel) -> None:
    apply(channel, code("2@old"))
    QrCode.objects.update(expires_at=Now() - timedelta(seconds=1))
    make_due()

    assert send(ForwardKind.QR)
    assert (told.batches, states(ForwardKind.QR)) == ([], {"s1": "expired"})


def test_only_the_newest_of_a_session_travels(told: FakeLaravel, channel: Channel) -> None:
    for word in ("pending", "active", "inactive", "active"):
        apply(channel, status(word))
    make_due()

    assert send_all() == 1
    assert [item["status"] for batch in told.batches for item in batch.items] == ["active"]


def test_nothing_is_sent_before_its_interval(told: FakeLaravel, channel: Channel) -> None:
    many(channel, 3)

    assert send() is None
    look = forwards_look(ForwardKind.STATUS)
    assert look.due_in is not None
    assert 3 < look.due_in <= 5


def test_as_many_as_fill_a_batch_are_sent_at_once(
    told: FakeLaravel, channel: Channel, settings: Settings
) -> None:
    settings.BATCH_SIZE = 10
    many(channel, 25)

    assert forwards_look(ForwardKind.STATUS).due_in == 0
    assert send_all() == 2
    assert [len(batch.items) for batch in told.batches] == [10, 10]
    assert list(states().values()).count("pending") == 5


def test_what_is_urgent_goes_within_its_interval_and_takes_others_along(
    told: FakeLaravel, channel: Channel, settings: Settings
) -> None:
    settings.PRIORITY_INTERVAL_SECONDS = 0
    many(channel, 3)
    apply(channel, status("inactive", "s001"))

    look = forwards_look(ForwardKind.STATUS, urgent=True)
    assert look.due_in is not None
    assert look.due_in <= 0
    assert send()
    assert told.statuses() == {"s000": "active", "s001": "inactive", "s002": "active"}
    assert told.known["status"]["s001"]["priority"] == "high"


def test_urgent_rows_come_first_when_more_wait_than_fit(
    told: FakeLaravel, channel: Channel, settings: Settings
) -> None:
    settings.BATCH_SIZE = 2
    many(channel, 4)
    apply(channel, status("inactive", "s003"))

    assert send()
    assert "s003" in told.batches[0].sessions


def test_what_is_raised_on_its_way_waits_for_it_and_goes_afterwards(
    told: FakeLaravel, channel: Channel
) -> None:
    apply(channel, status("pending"))
    make_due()
    claim = forwards_claim(ForwardKind.STATUS)
    assert claim is not None
    apply(channel, status("inactive"))

    assert send(flush=True) is None, "the newer one does not overtake"
    assert claim_send(claim, laravel_breaker().admit())
    row = forward()
    assert (row.state, row.sent_version, row.version, row.priority) == ("pending", 1, 2, "high")
    assert send(flush=True)
    assert [item["status"] for batch in told.batches for item in batch.items] == ["pending", "inactive"]


def test_one_bad_item_is_found_and_parked_and_the_others_are_delivered(
    told: FakeLaravel, channel: Channel
) -> None:
    told.configure(refuses={"s017": 422})
    many(channel, 50)

    assert send()

    assert [session for session, state in states().items() if state == "parked"] == ["s017"]
    assert len(told.statuses()) == 49
    assert forward("s017").error == "HTTP 422: The status of s017 is invalid."
    assert len(told.batches) <= 13, "halving: two requests a step"
    assert len({batch.key for batch in told.batches}) == len(told.batches), "other content, other key"


def test_several_bad_items_are_found(told: FakeLaravel, channel: Channel) -> None:
    told.configure(refuses={"s003": 400, "s004": 413, "s040": 409})
    many(channel, 50)

    assert send()
    assert sorted(s for s, state in states().items() if state == "parked") == ["s003", "s004", "s040"]
    assert len(told.statuses()) == 47


def test_an_outage_while_searching_puts_all_back_that_is_undecided(
    told: FakeLaravel, channel: Channel
) -> None:
    told.configure(refuses={"s017": 422})
    many(channel, 50)
    told.behave(Behaviour(status=422))
    told.behave(Behaviour(status=500))

    assert send() is False
    assert set(states().values()) == {"pending"}
    make_due()
    assert send()
    assert [session for session, state in states().items() if state == "parked"] == ["s017"]


def test_items_that_laravel_names_are_parked_alone(told: FakeLaravel, channel: Channel) -> None:
    told.configure(rejects=("s1",))
    apply(channel, status("active"), status("active", "s2"))
    make_due()

    assert send()
    assert states() == {"s1": "parked", "s2": "delivered"}
    assert (forward().error, forward().sent_version) == ("rejected: unknown_session", 0)


@pytest.mark.parametrize("distort", ["garbage", "html"])
def test_every_2xx_counts_as_taken(told: FakeLaravel, channel: Channel, distort: str) -> None:
    told.behave(Behaviour(distort=distort))  # type: ignore[arg-type]
    apply(channel, status("active"))
    make_due()

    assert send()
    assert states() == {"s1": "delivered"}


def test_a_parked_item_is_sent_again_under_another_key(told: FakeLaravel, channel: Channel) -> None:
    told.configure(rejects=("s1",))
    apply(channel, status("active"))
    make_due()
    send()
    told.configure(rejects=())

    assert forwards_replay([forward().pk]) == 1
    assert forwards_replay([forward().pk]) == 0, "it is not parked any more"
    assert send()

    assert states() == {"s1": "delivered"}
    assert told.batches[0].key != told.batches[1].key


def test_news_of_a_parked_session_travel(told: FakeLaravel, channel: Channel) -> None:
    told.configure(rejects=("s1",))
    apply(channel, status("active"))
    make_due()
    send()
    told.configure(rejects=())
    apply(channel, status("pending"))
    make_due()

    assert send()
    assert told.statuses() == {"s1": "pending"}


@pytest.mark.parametrize(
    "behaviour",
    [Behaviour(status=500), Behaviour(status=408), Behaviour(drop="before"), Behaviour(drop="after")],
    ids=lambda behaviour: f"{behaviour.status} {behaviour.drop}",
)
def test_what_fails_is_repeated_under_the_same_key(
    told: FakeLaravel, channel: Channel, behaviour: Behaviour
) -> None:
    told.behave(behaviour)
    apply(channel, status("active"), status("pending", "s2"))
    make_due()

    assert send() is False
    assert (forward().state, forward().attempts) == ("pending", 1)
    make_due()
    assert send()

    assert len({batch.key for batch in told.batches}) == 1
    assert ForwardBatch.objects.get().attempts == 2
    assert (states(), forward().attempts) == ({"s1": "delivered", "s2": "delivered"}, 0)


def test_other_content_has_another_key(told: FakeLaravel, channel: Channel) -> None:
    told.behave(Behaviour(status=500))
    apply(channel, status("active"))
    make_due()
    send()
    apply(channel, status("inactive"))
    make_due()
    send()

    assert told.batches[0].key != told.batches[1].key
    assert told.statuses() == {"s1": "inactive"}


def test_laravel_is_left_alone_for_as_long_as_it_asks(told: FakeLaravel, channel: Channel) -> None:
    told.behave(Behaviour(status=429, retry_after=120))
    apply(channel, status("active"))
    make_due()

    assert send() is False
    pause = paused()
    assert pause is not None
    assert 110 < pause.seconds <= 120
    assert forward().due_at > forward().updated_at + timedelta(seconds=110)


@pytest.mark.parametrize("answer", [401, 403, 404, 302])
def test_a_wrong_setting_parks_nothing_and_stops_all(
    told: FakeLaravel, channel: Channel, answer: int
) -> None:
    told.behave(Behaviour(status=answer))
    many(channel, 50)

    assert send() is False
    assert len(told.batches) == 1, "no search for a bad item"
    assert set(states().values()) == {"pending"}
    pause = paused()
    assert pause is not None
    assert pause.reason.startswith(f"HTTP {answer}")


def test_a_dead_laravel_opens_its_circuit_and_loses_nothing(told: FakeLaravel, channel: Channel) -> None:
    told.behave(Behaviour(status=500, times=None))
    apply(channel, status("active"))
    for _ in range(5):
        make_due()
        send()

    assert laravel_breaker().state() is State.OPEN
    assert states() == {"s1": "pending"}


def test_after_an_outage_the_newest_of_each_session_travels_once(told: FakeLaravel, channel: Channel) -> None:
    told.behave(Behaviour(status=500))
    for word in ("pending", "active", "pending", "inactive"):
        many(channel, 120, word)
        make_due()
        send()
    told.reset()
    told.batches.clear()
    make_due()

    send_all()
    sent = [session for batch in told.batches for session in batch.sessions]
    assert told.statuses() == dict.fromkeys(Device.objects.values_list("session_id", flat=True), "inactive")
    assert max(len(batch.items) for batch in told.batches) == 50
    assert len(sent) == len(set(sent))


def test_rows_of_a_sender_that_vanished_are_sent_again(told: FakeLaravel, channel: Channel) -> None:
    apply(channel, status("active"))
    make_due()
    assert forwards_claim(ForwardKind.STATUS) is not None
    assert send(flush=True) is None
    Forward.objects.update(lease_until=Now() - timedelta(seconds=1))

    assert forwards_look(ForwardKind.STATUS).due_in is not None
    assert send()
    assert states() == {"s1": "delivered"}


def test_who_lost_his_lease_changes_nothing(told: FakeLaravel, channel: Channel) -> None:
    apply(channel, status("active"))
    make_due()
    late = forwards_claim(ForwardKind.STATUS)
    assert late is not None
    Forward.objects.update(lease_until=Now() - timedelta(seconds=1))
    assert forwards_claim(ForwardKind.STATUS) is not None

    claim_send(late, laravel_breaker().admit())
    assert (told.batches, states()) == ([], {"s1": "sending"})


def test_a_batch_costs_the_same_number_of_queries_however_large(told: FakeLaravel, channel: Channel) -> None:
    counts = []
    for number, size in enumerate((1, 40)):
        apply(channel, *(status("active", f"{number}-{each}") for each in range(size)))
        make_due()
        with CaptureQueriesContext(connection) as queries:
            assert send()
        counts.append(sum(not query["sql"].startswith(("BEGIN", "COMMIT")) for query in queries))
    assert counts == [10, 10]


def test_a_look_is_one_query(told: FakeLaravel, channel: Channel) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert forwards_look(ForwardKind.QR).due_in is None
    assert len(queries) == 1


def test_requests_are_counted_by_how_they_ended(
    told: FakeLaravel, channel: Channel, recorded: RecordedMetrics
) -> None:
    told.configure(refuses={"s1": 422})
    told.behave(Behaviour(status=500))
    apply(channel, status("active"), status("active", "s2"))
    for _ in range(2):
        make_due()
        send()

    results = ("unavailable", "refused", "accepted")
    counts = [recorded.total("forward_requests_total", "status", result) for result in results]
    assert counts == [1, 2, 1]


def test_a_wrong_setting_is_logged_as_an_error(
    told: FakeLaravel, channel: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    told.configure(token="another")
    apply(channel, status("active"))
    make_due()
    send()

    assert any("FORWARD_CONFIGURATION" in r.getMessage() and r.levelname == "ERROR" for r in caplog.records)


def test_a_qr_code_is_in_no_log_line(
    told: FakeLaravel, channel: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    told.configure(refuses={"s1": 422})
    apply(channel, code("2@secret-of-a-session"))
    make_due()
    claim = forwards_claim(ForwardKind.QR)
    assert claim is not None
    assert "secret-of-a-session" not in repr(claim)
    claim_send(claim, laravel_breaker().admit())

    assert "FORWARD_PARKED" in caplog.text
    assert "secret-of-a-session" not in caplog.text


def test_what_laravel_says_stands_in_the_row_and_in_no_log_line(
    told: FakeLaravel, channel: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    told.behave(Behaviour(on="qr", status=500, message="no room for 573003913251"))
    told.behave(Behaviour(on="qr", status=422, message="no room for 573003913251"))
    apply(channel, code("2@abc"))
    for _ in range(2):
        make_due()
        send(ForwardKind.QR)

    assert "573003913251" in Forward.objects.get(kind="qr").error
    assert {"FORWARD_FAILED", "FORWARD_PARKED"} <= set(re.findall("FORWARD_[A-Z]+", caplog.text))
    assert "no room" not in caplog.text
