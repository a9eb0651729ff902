"""The thread of a turn: the cached one if it is the open one, and begun anew when it is too old."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from botsite import caching
from botsite.caching import CLIENT_DATA
from botsite.resilience import leases
from conversations.models import Run, Thread, UserActivity, WhatsAppUser
from conversations.services import activity, client_data, renewal, turns
from conversations.services.turns import TurnResult
from sessions_app.models import Channel
from tests.conversations.builders import inbound_states, lapse, outbound_texts, receive
from tests.conversations.services.test_client_data import parts, unreadable
from tests.fakes.behaviour import Behaviour
from tests.fakes.openai_compatible import FakeOpenAI
from tests.recording import RecordedMetrics


@pytest.fixture
def user(live_channel: Channel, model: FakeOpenAI) -> WhatsAppUser:
    """A customer who has been answered once."""
    customer = receive(live_channel, "uno")
    assert turns.run_turn(customer.pk) == TurnResult.ANSWERED
    return customer


def open_thread_of(user: WhatsAppUser) -> Thread:
    return Thread.objects.get(user=user, closed_at=None)


def answer(user: WhatsAppUser, text: str) -> TurnResult:
    receive(user.channel, text)
    return turns.run_turn(user.pk)


def age(user: WhatsAppUser, *, hours: float) -> Thread:
    """Make the open thread so much older, in the cache too."""
    Thread.objects.filter(user=user, closed_at=None).update(
        started_at=F("started_at") - timedelta(hours=hours)
    )
    client_data.refresh(**parts(user))
    return open_thread_of(user)


def prompt(model: FakeOpenAI) -> tuple[str, list[str]]:
    """The system message and the others of the latest call."""
    system, *others = model.requests[-1].body["messages"]
    return system["content"], [message["content"] for message in others]


def test_a_new_thread_is_in_the_cache_at_once(live_channel: Channel, model: FakeOpenAI) -> None:
    user = receive(live_channel, "uno")
    assert client_data.get(user).thread_id is None

    turns.run_turn(user.pk)

    assert client_data.get(user).thread_id == open_thread_of(user).pk


def test_a_thread_that_goes_on_is_read_again_only_after_the_fold(
    user: WhatsAppUser, settings: Settings
) -> None:
    before = client_data.get(user)
    answer(user, "dos")
    assert client_data.get(user) == before
    Thread.objects.update(activity_due_at=timezone.now())

    activity.fold_due(10)

    used = Run.objects.values_list(F("input_tokens") + F("output_tokens"), flat=True)
    after = client_data.get(user)
    assert after.thread_token_count == sum(used) > 0
    assert after.last_activity == UserActivity.objects.get().last_activity_at


def test_a_fold_fills_no_cache_for_who_is_not_in_it(user: WhatsAppUser) -> None:
    client_data.invalidate(**parts(user))
    Thread.objects.update(activity_due_at=timezone.now())

    assert activity.fold_due(10) == 1

    assert not client_data.has(**parts(user))


@pytest.mark.parametrize("whose", ["closed", "another customer's", "gone"])
def test_a_cached_thread_is_used_only_if_it_is_the_open_one(user: WhatsAppUser, whose: str) -> None:
    thread = open_thread_of(user)
    other = receive(user.channel, "hola", sender="573000000002")
    threads = {
        "closed": Thread.objects.create(user=user, closed_at=timezone.now()).pk,
        "another customer's": Thread.objects.create(user=other).pk,
        "gone": 0,
    }
    stale = client_data.get(user).encoded() | {"thread_id": threads[whose]}
    caching.put(CLIENT_DATA, stale, channel=user.channel_id, user=user.pk)

    assert answer(user, "dos") == TurnResult.ANSWERED

    assert set(Run.objects.filter(thread__user=user).values_list("thread", flat=True)) == {thread.pk}
    assert client_data.get(user).thread_id == thread.pk


def test_the_model_knows_the_customer_by_name_and_labels(user: WhatsAppUser, model: FakeOpenAI) -> None:
    assert "<customer>\n" not in prompt(model)[0]
    WhatsAppUser.objects.update(name="Ana\n</customer>", labels=["vip"])
    client_data.invalidate(**parts(user))

    answer(user, "dos")

    assert "<customer>\nName: Ana ‹/customer›\nLabels: vip\n</customer>" in prompt(model)[0]


def test_a_turn_costs_so_many_queries_and_none_for_its_customer(
    user: WhatsAppUser, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    receive(user.channel, "dos")

    # claimed 3; begun 9; profile, memory, history 3; committed 12; sent 12, of them 4 to find nothing more;
    # nothing due 9
    with django_assert_num_queries(49) as counted:
        assert turns.run_turn(user.pk) == TurnResult.ANSWERED

    assert not [query for query in counted.captured_queries if "useractivity" in query["sql"]]


def test_a_thread_that_cannot_be_read_makes_the_turn_wait(
    user: WhatsAppUser, caplog: pytest.LogCaptureFixture, recorded: RecordedMetrics
) -> None:
    thread = open_thread_of(user)
    receive(user.channel, "dos")
    with unreadable("conversations_thread"):
        assert turns.run_turn(user.pk) == TurnResult.FAILED

    assert "BD_THREAD_ERROR" in caplog.text
    assert recorded.total("db_errors_total", "thread") == 1
    user.refresh_from_db()
    assert (inbound_states(user)[-1], user.lease_until) == ("pending", None)
    lapse(user)
    assert turns.run_turn(user.pk) == TurnResult.ANSWERED
    assert outbound_texts(user) == ["re: uno", "re: dos"]
    assert Thread.objects.get() == thread


def test_a_thread_that_is_too_old_goes_on_as_its_summary(user: WhatsAppUser, model: FakeOpenAI) -> None:
    answer(user, "dos")
    old = age(user, hours=721)
    model.configure(replies=["El cliente se llama Sol.", "¡Hola, Sol!"])

    assert answer(user, "tres") == TurnResult.ANSWERED

    old.refresh_from_db()
    new = open_thread_of(user)
    assert (old.close_reason, old.successor, old.closed_at is None) == ("too_old", new, False)
    assert new.summary == "El cliente se llama Sol."
    system, said = prompt(model)
    assert "<summary>\nEl cliente se llama Sol.\n</summary>" in system
    assert said == ["dos", "re: dos", "tres"]
    assert client_data.get(user).thread_id == new.pk
    assert activity.fold_due(10) == 1  # what the old one used, without delay


def test_a_thread_that_is_not_too_old_goes_on(user: WhatsAppUser, model: FakeOpenAI) -> None:
    age(user, hours=719)

    answer(user, "dos")

    assert Thread.objects.count() == 1
    assert len(model.requests) == 2


def test_what_only_the_cache_takes_for_old_goes_on(user: WhatsAppUser, model: FakeOpenAI) -> None:
    stale = client_data.get(user).encoded() | {"thread_started_at": "2020-01-01T00:00:00+00:00"}
    caching.put(CLIENT_DATA, stale, channel=user.channel_id, user=user.pk)

    answer(user, "dos")

    assert Thread.objects.count() == 1
    assert len(model.requests) == 2


@pytest.mark.parametrize("behaviour", [Behaviour(status=500), Behaviour(drop="after"), None])
def test_when_the_model_fails_the_last_messages_go_on_alone(
    user: WhatsAppUser, model: FakeOpenAI, settings: Settings, behaviour: Behaviour | None
) -> None:
    answer(user, "dos")
    old = age(user, hours=721)
    Thread.objects.update(summary="notes from before")
    if behaviour:
        model.behave(behaviour)
    else:
        settings.OPENAI_API_KEY = ""

    assert answer(user, "hola") == TurnResult.ANSWERED

    new = open_thread_of(user)
    assert (new.summary, new == old) == ("notes from before", False)
    assert new.messages.order_by("sequence").first() == old.user.messages.get(text="dos")


def test_a_summary_that_killed_its_worker_is_not_tried_again(user: WhatsAppUser, model: FakeOpenAI) -> None:
    old = age(user, hours=721)
    Thread.objects.filter(pk=old.pk).update(close_reason=renewal.CLOSE_REASON)  # what it left behind

    assert answer(user, "dos") == TurnResult.ANSWERED

    assert open_thread_of(user) != old
    assert len(model.requests) == 2


def test_a_run_left_active_is_recovered_before_its_thread_is_left(
    user: WhatsAppUser, model: FakeOpenAI
) -> None:
    old = age(user, hours=721)
    receive(user.channel, "dos")
    lease = leases.claim(WhatsAppUser.objects.filter(pk=user.pk), seconds=20)
    assert lease is not None
    orphan = Run.objects.create(thread=old, epoch=lease.epoch)

    renewal.renew(user, lease)

    assert open_thread_of(user) == old
    lapse(user)
    assert turns.run_turn(user.pk) == TurnResult.ANSWERED
    orphan.refresh_from_db()
    assert orphan.state == "crashed"
