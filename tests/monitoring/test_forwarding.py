"""Forwarding as staff and monitors see it: `/metrics/batch`, the gauge, the page, and the dead letter."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from sessions_app.models import Channel, Forward, ForwardBatch, ForwardState
from sessions_app.services.forward_pause import pause_begin
from tests.fakes.laravel import FakeLaravel
from tests.sessions_app.services.builders import apply, code, status
from tests.sessions_app.services.fixtures import channel, told
from tests.sessions_app.services.forwarding import make_due, send, states
from tests.staff import administrator, signed_in

__all__ = ("channel", "told")

PAGE = "/admin/sessions_app/forward/"


def page(client: Client, query: str = "") -> str:
    return " ".join(client.get(PAGE + query).content.decode().split())


def test_batch_metrics_tell_what_waits_and_when_a_batch_was_taken(
    told: FakeLaravel, channel: Channel
) -> None:
    apply(channel, code("2@a"), status("active", "s2"), status("active", "s3"))
    client = administrator()

    body = client.get("/metrics/batch").json()
    assert (body["qrBatchSize"], body["statusBatchSize"]) == (1, 2)
    assert (body["timeSinceLastFlushQr"], body["timeSinceLastFlushStatus"]) == (None, None)
    assert body["metrics"] == {name: value for name, value in body.items() if name != "metrics"}

    make_due()
    send()
    body = client.get("/metrics/batch/").json()
    assert (body["qrBatchSize"], body["statusBatchSize"], body["lastFlushSizeStatus"]) == (1, 0, 2)
    assert 0 <= body["timeSinceLastFlushStatus"] < 60_000
    assert (body["circuit"], body["paused"], body["batchSize"]) == ("closed", None, 50)


def test_batch_metrics_are_not_for_everybody(db: None) -> None:
    assert Client().get("/metrics/batch").status_code == 401


def test_the_gauge_counts_items_by_kind_and_state(told: FakeLaravel, channel: Channel) -> None:
    apply(channel, status("active"))

    text = administrator().get("/metrics").content.decode()
    assert 'forward_items{kind="status",state="pending"} 1.0' in text
    assert 'forward_items{kind="qr",state="parked"} 0.0' in text


def test_the_page_shows_sessions_batches_and_the_last_flush(told: FakeLaravel, channel: Channel) -> None:
    apply(channel, status("active"), status("inactive", "s2"))
    make_due()
    send()

    text = page(administrator())
    assert "Laravel takes what it is sent." in text
    assert '<span class="badge">not linked</span> <strong class="rows__count">1</strong>' in text
    assert "with 2 items" in text
    assert (
        '<span class="badge badge--accepted">accepted</span> <strong class="rows__count">1</strong>' in text
    )


def test_the_page_says_that_forwarding_is_off(db: None, settings: Settings) -> None:
    settings.LARAVEL_API_URL = ""
    assert "Forwarding is off" in page(administrator())


def test_the_page_says_why_nothing_is_sent(told: FakeLaravel) -> None:
    pause_begin(40, "HTTP 401: Unauthenticated.")
    assert "s more: HTTP 401: Unauthenticated." in page(administrator())


def test_staff_send_parked_items_again(told: FakeLaravel, channel: Channel) -> None:
    told.configure(rejects=("s1",))
    apply(channel, status("active"), status("active", "s2"))
    make_due()
    send()
    client = administrator()
    assert "Laravel refused some items" in page(client)
    assert "rejected: unknown_session" in page(client, "?state__exact=parked")

    rows = list(Forward.objects.values_list("pk", flat=True))
    answer = client.post(PAGE, {"action": "replay", "_selected_action": rows}, follow=True)

    assert "1 item goes with the next batch." in answer.content.decode()
    assert states() == {"s1": "pending", "s2": "delivered"}


def test_batches_are_found_by_what_laravel_said(db: None) -> None:
    for result in ("refused", ""):
        ForwardBatch.objects.create(kind="qr", digest=result, size=7, result=result)
    client = administrator(language="es")

    everything = client.get("/admin/sessions_app/forwardbatch/").content.decode()
    refused = client.get("/admin/sessions_app/forwardbatch/?result=refused").content.decode()

    assert "rechazado" in everything
    assert "en curso" in everything
    assert "en curso" not in refused


def test_who_may_only_look_cannot_replay(told: FakeLaravel, channel: Channel) -> None:
    apply(channel, status("active"))
    Forward.objects.update(state=ForwardState.PARKED)
    client = signed_in("sessions_app.view_forward")

    pk = Forward.objects.get().pk
    client.post(PAGE, {"action": "replay", "_selected_action": [pk]})
    assert states() == {"s1": "parked"}


@pytest.mark.parametrize("sessions", [1, 40])
def test_the_page_costs_the_same_however_many_rows(
    told: FakeLaravel,
    channel: Channel,
    sessions: int,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    apply(channel, *(status("active", f"s{number}") for number in range(sessions)))
    client = administrator()
    with django_assert_max_num_queries(14):
        client.get(PAGE)
