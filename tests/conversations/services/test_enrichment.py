"""Fetching profiles: durable, finite, once, and in nobody's way."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from conversations.models import UserIdentity, WhatsAppUser
from conversations.services import enrichment
from sessions_app.models import Channel
from tests.conversations.builders import make_channel
from tests.fakes.behaviour import Behaviour
from tests.fakes.whapi import FakeWhapi
from tests.processes import wait_until

ANA = "573003913251"
CHAT = f"{ANA}@s.whatsapp.net"


@pytest.fixture
def channel(transactional_db: None, whapi: FakeWhapi) -> Channel:
    """A channel of a name of its own: what its breaker has seen outlives a test."""
    slug = f"whapi-{uuid.uuid4().hex}"
    return make_channel(slug, kind="whapi", phone_number_id="", access_token="t", base_url=whapi.url)


@pytest.fixture
def ana(channel: Channel) -> WhatsAppUser:
    return due_user(channel)


def due_user(channel: Channel, value: str = ANA, *, kind: str = "wa_id") -> WhatsAppUser:
    user = WhatsAppUser.objects.create(channel=channel, name="573003913251")
    UserIdentity.objects.create(user=user, channel=channel, kind=kind, value=value)
    with transaction.atomic():
        enrichment.schedule([user.pk])
    return user


def let_it_be_due(user: WhatsAppUser) -> None:
    WhatsAppUser.objects.filter(pk=user.pk).update(enrichment_due_at=Now() - timedelta(seconds=1))


def state(user: WhatsAppUser) -> tuple[bool, int]:
    """Whether a fetch is planned, and the attempts so far."""
    user.refresh_from_db()
    return user.enrichment_due_at is not None, user.enrichment_attempts


def test_name_and_labels_are_written(ana: WhatsAppUser, whapi: FakeWhapi) -> None:
    whapi.know(CHAT, name="Ana Cliente", labels=("VIP",), own_name="Anita")

    enrichment.enrich(ana.pk)

    ana.refresh_from_db()
    assert (ana.name, ana.user_name, ana.labels) == ("Ana Cliente", "Anita", ["VIP"])
    assert state(ana) == (False, 0)
    assert (whapi.asked("chat"), whapi.asked("profile")) == (1, 1)


def test_what_the_provider_does_not_say_stays(ana: WhatsAppUser, whapi: FakeWhapi) -> None:
    WhatsAppUser.objects.update(labels=["VIP"])
    whapi.configure(profiles={CHAT: {"about": "…"}})

    enrichment.enrich(ana.pk)

    ana.refresh_from_db()
    assert (ana.name, ana.labels) == ("573003913251", ["VIP"])


def test_removed_labels_are_removed_and_unstorable_ones_cleaned(ana: WhatsAppUser, whapi: FakeWhapi) -> None:
    WhatsAppUser.objects.update(labels=["VIP"])
    whapi.know(CHAT, name="A" * 300, labels=())

    enrichment.enrich(ana.pk)

    ana.refresh_from_db()
    assert ana.labels == []
    assert len(ana.name) == 200


def test_nothing_is_fetched_that_is_not_due(ana: WhatsAppUser, whapi: FakeWhapi) -> None:
    whapi.know(CHAT, name="Ana")
    enrichment.enrich(ana.pk)

    enrichment.enrich(ana.pk)

    assert whapi.asked("chat") == 1
    assert enrichment.users_due(10) == []


def test_two_workers_ask_once(ana: WhatsAppUser, whapi: FakeWhapi) -> None:
    whapi.know(CHAT, name="Ana")

    def work() -> None:
        enrichment.enrich(ana.pk)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert whapi.asked("chat") == 1


def test_a_failure_is_tried_again_later_and_ever_later(ana: WhatsAppUser, whapi: FakeWhapi) -> None:
    whapi.behave(Behaviour(on="chat", status=500, times=2))
    delays = []
    for _ in range(2):
        enrichment.enrich(ana.pk)
        assert enrichment.users_due(10) == []
        planned = WhatsAppUser.objects.annotate(delay=F("enrichment_due_at") - Now()).get()
        delays.append(planned.delay.total_seconds())
        let_it_be_due(ana)

    assert 25 < delays[0] <= 45
    assert 55 < delays[1] <= 90


def test_the_attempts_are_finite(ana: WhatsAppUser, whapi: FakeWhapi) -> None:
    whapi.behave(Behaviour(on="chat", status=401, times=None))
    for attempt in range(1, 6):
        let_it_be_due(ana)
        enrichment.enrich(ana.pk)
        assert state(ana) == (attempt < 5, attempt)

    let_it_be_due(ana)
    enrichment.enrich(ana.pk)
    assert whapi.asked("chat") == 5
    assert state(ana)[0] is False


def test_an_unknown_contact_is_given_up_at_once(ana: WhatsAppUser, whapi: FakeWhapi) -> None:
    enrichment.enrich(ana.pk)

    assert state(ana) == (False, 1)


def test_a_throttled_fetch_waits_as_long_as_it_is_told(ana: WhatsAppUser, whapi: FakeWhapi) -> None:
    whapi.behave(Behaviour(on="chat", status=429, retry_after=600))

    enrichment.enrich(ana.pk)

    assert WhatsAppUser.objects.filter(enrichment_due_at__gt=Now() + timedelta(seconds=590)).exists()


def test_a_vanished_worker_costs_an_attempt_and_a_delay(ana: WhatsAppUser, whapi: FakeWhapi) -> None:
    whapi.know(CHAT, name="Ana")
    whapi.behave(Behaviour(on="chat", delay=30))
    thread = threading.Thread(target=enrichment.enrich, args=(ana.pk,), daemon=True)
    thread.start()
    wait_until(lambda: whapi.asked("chat") == 1)

    assert state(ana) == (True, 1)
    let_it_be_due(ana)
    enrichment.enrich(ana.pk)
    ana.refresh_from_db()
    assert ana.name == "Ana"
    thread.join()


def test_a_request_during_the_fetch_is_not_lost(ana: WhatsAppUser, whapi: FakeWhapi) -> None:
    whapi.know(CHAT, name="old")
    whapi.behave(Behaviour(on="profile", delay=1))
    thread = threading.Thread(target=enrichment.enrich, args=(ana.pk,))
    thread.start()
    wait_until(lambda: whapi.asked("profile") == 1)

    whapi.know(CHAT, name="new")
    with transaction.atomic():
        enrichment.schedule([ana.pk])
    thread.join()
    assert state(ana) == (True, 0)

    enrichment.enrich(ana.pk)
    ana.refresh_from_db()
    assert ana.name == "new"


def test_a_provider_known_to_be_dead_is_not_asked_and_no_attempt_is_lost(
    channel: Channel, whapi: FakeWhapi
) -> None:
    whapi.behave(Behaviour(on="chat", drop="before", times=None))
    users = [due_user(channel, f"5730000000{number:02}") for number in range(8)]

    for user in users:
        enrichment.enrich(user.pk)

    assert whapi.asked("chat") == 5
    assert [state(user) for user in users] == [(True, 1)] * 5 + [(True, 0)] * 3
    assert enrichment.users_due(10) == []


def test_what_is_wrong_with_the_contact_does_not_count_against_the_provider(
    channel: Channel, whapi: FakeWhapi
) -> None:
    for number in range(8):
        enrichment.enrich(due_user(channel, f"5730000000{number:02}").pk)

    assert whapi.asked("chat") == 8


@pytest.mark.parametrize("change", ["channel off", "no name to ask by"])
def test_what_can_no_longer_be_fetched_is_given_up(ana: WhatsAppUser, whapi: FakeWhapi, change: str) -> None:
    if change == "channel off":
        Channel.objects.update(is_active=False)
    else:
        UserIdentity.objects.update(kind="bsuid")

    enrichment.enrich(ana.pk)

    assert whapi.requests == []
    assert state(ana)[0] is False


def test_a_hanging_provider_holds_a_few_threads_and_no_more(channel: Channel, whapi: FakeWhapi) -> None:
    whapi.behave(Behaviour(on="chat", delay=3, times=None))
    users = [due_user(channel, f"5730000000{number:02}") for number in range(8)]

    def work(user: WhatsAppUser) -> None:
        enrichment.enrich(user.pk)
        connection.close()

    threads = [threading.Thread(target=work, args=(user,)) for user in users]
    for thread in threads:
        thread.start()
    wait_until(lambda: sum(thread.is_alive() for thread in threads) == 4 == whapi.asked("chat"))
    whapi.stopping.set()
    for thread in threads:
        thread.join()
    assert len(enrichment.users_due(10)) >= 4
