"""The fold: every committed run is counted once, on its own thread, and the last activity moves."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from conversations.llm.base import Usage
from conversations.models import Run, Thread, UserActivity, WhatsAppUser
from conversations.services import activity, usage
from sessions_app.models import Channel
from tests.conversations.builders import receive
from tests.recording import RecordedMetrics


@pytest.fixture(autouse=True)
def _due_at_once(settings: Settings) -> None:
    settings.ACTIVITY_DELAY_SECONDS = 0


@pytest.fixture
def user(channel: Channel) -> WhatsAppUser:
    return receive(channel, "hola")


def commit_run(thread: Thread, tokens: int, *, known: bool = True) -> Run:
    """What a turn's commit writes: a completed run with `tokens` in all."""
    used = Usage(input_tokens=tokens - tokens // 3, output_tokens=tokens // 3, is_known=known)
    with transaction.atomic():
        run = usage.begin_run(thread, epoch=1)
        usage.complete_run(run, provider="openai", model="gpt-5.4-mini", usage=used)
    return run


def open_thread(user: WhatsAppUser, tokens: int = 0) -> Thread:
    Thread.objects.filter(user=user, closed_at=None).update(closed_at=timezone.now())
    return Thread.objects.create(user=user, token_count=tokens)


def count_before(user: WhatsAppUser, thread: Thread | None, tokens: int) -> UserActivity:
    long_ago = timezone.now() - timedelta(days=1)
    return UserActivity.objects.create(
        user=user, thread=thread, thread_token_count=tokens, last_activity_at=long_ago
    )


def totals(user: WhatsAppUser) -> tuple[int | None, int]:
    """The thread and the tokens of the user's row."""
    row = UserActivity.objects.get(user=user)
    return row.thread_id, row.thread_token_count


def resets(caplog: pytest.LogCaptureFixture) -> list[tuple[str, int]]:
    events: list[Any] = [record.msg for record in caplog.records]
    return [
        (event["resetReason"], event["tokensLost"])
        for event in events
        if isinstance(event, dict) and event["event"] == "THREAD_TOKENS_RESET"
    ]


def test_the_same_thread_adds_up(
    user: WhatsAppUser, caplog: pytest.LogCaptureFixture, recorded: RecordedMetrics
) -> None:
    """The worked example of the original documents: 150 + 200 + 100 over 600."""
    thread = open_thread(user, 600)
    count_before(user, thread, 600)
    for tokens in (150, 200, 100):
        commit_run(thread, tokens)

    assert activity.fold_due(10) == 1

    thread.refresh_from_db()
    assert thread.token_count == 1050
    assert totals(user) == (thread.pk, 1050)
    assert UserActivity.objects.get().last_activity_at == Run.objects.latest("finished_at").finished_at
    assert resets(caplog) == []
    assert recorded.total("tokens_lost_total") == 0


def test_another_thread_begins_anew(
    user: WhatsAppUser, caplog: pytest.LogCaptureFixture, recorded: RecordedMetrics
) -> None:
    """The worked example's other half: 450 on a new thread, and 600 lost."""
    count_before(user, open_thread(user, 600), 600)
    new = open_thread(user)
    for tokens in (150, 200, 100):
        commit_run(new, tokens)

    activity.fold_due(10)

    assert totals(user) == (new.pk, 450)
    assert resets(caplog) == [("thread_changed", 600)]
    assert recorded.total("thread_tokens_reset_total", "thread_changed") == 1
    assert recorded.total("tokens_lost_total") == 600


def test_a_user_without_a_row_gets_one(user: WhatsAppUser, caplog: pytest.LogCaptureFixture) -> None:
    thread = open_thread(user)
    commit_run(thread, 150)

    activity.fold_due(10)

    assert totals(user) == (thread.pk, 150)
    assert resets(caplog) == [("user_not_found", 0)]


def test_a_row_without_a_thread_begins_with_the_first(
    user: WhatsAppUser, caplog: pytest.LogCaptureFixture
) -> None:
    count_before(user, None, 70)
    thread = open_thread(user)
    commit_run(thread, 150)

    activity.fold_due(10)

    assert totals(user) == (thread.pk, 150)
    assert resets(caplog) == [("first", 70)]


def test_a_late_fold_of_an_older_thread_counts_for_that_alone(
    user: WhatsAppUser, caplog: pytest.LogCaptureFixture
) -> None:
    old = open_thread(user, 600)
    commit_run(old, 150)
    new = open_thread(user, 40)
    count_before(user, new, 40)

    activity.fold_due(10)

    old.refresh_from_db()
    assert old.token_count == 750
    assert totals(user) == (new.pk, 40)
    assert resets(caplog) == []


def test_two_threads_of_one_user_are_folded_one_after_the_other(
    user: WhatsAppUser, caplog: pytest.LogCaptureFixture
) -> None:
    old = open_thread(user, 600)
    count_before(user, old, 600)
    commit_run(old, 150)
    new = open_thread(user)
    commit_run(new, 30)

    assert [activity.fold_due(10) for _ in range(3)] == [1, 1, 0]

    assert totals(user) == (new.pk, 30)
    assert resets(caplog) == [("thread_changed", 750)]


def test_no_tokens_are_skipped_and_the_last_activity_moves(
    user: WhatsAppUser, caplog: pytest.LogCaptureFixture
) -> None:
    old = open_thread(user, 600)
    before = count_before(user, old, 600).last_activity_at
    commit_run(open_thread(user), 0)

    activity.fold_due(10)

    assert totals(user) == (old.pk, 600)
    assert UserActivity.objects.get().last_activity_at > before
    assert resets(caplog) == []
    assert "TOKEN_COUNT_SKIPPED" in caplog.text


def test_a_run_is_folded_once(user: WhatsAppUser) -> None:
    thread = open_thread(user)
    commit_run(thread, 150)
    activity.fold_due(10)
    commit_run(thread, 30)

    assert [activity.fold_due(10), activity.fold_due(10)] == [1, 0]

    thread.refresh_from_db()
    assert thread.token_count == 180
    assert (thread.activity_due_at, thread.activity_since) == (None, None)


def test_a_run_under_way_is_left_to_its_own_commit(user: WhatsAppUser) -> None:
    thread = open_thread(user)
    commit_run(thread, 150)
    active = usage.begin_run(thread, epoch=2)

    activity.fold_due(10)

    active.refresh_from_db()
    assert active.folded_at is None


def test_the_last_event_wins(user: WhatsAppUser, settings: Settings) -> None:
    settings.ACTIVITY_DELAY_SECONDS = 600
    thread = open_thread(user)
    commit_run(thread, 150)
    first = let_time_pass(thread, minutes=9)
    commit_run(thread, 150)

    thread.refresh_from_db()
    assert thread.activity_due_at is not None
    assert timedelta(minutes=8.9) < thread.activity_due_at - first < timedelta(minutes=9.1)
    let_time_pass(thread, minutes=9)
    assert activity.fold_due(10) == 0
    let_time_pass(thread, minutes=2)
    assert activity.fold_due(10) == 1


def test_a_user_who_never_pauses_is_folded_all_the_same(user: WhatsAppUser, settings: Settings) -> None:
    settings.ACTIVITY_DELAY_SECONDS = 600
    thread = open_thread(user)
    folded = []
    for _ in range(13):
        commit_run(thread, 10)
        let_time_pass(thread, minutes=5.1)
        folded.append(activity.fold_due(10))

    assert folded.index(1) == 11  # an hour after the first event
    assert sum(folded) == 1


def let_time_pass(thread: Thread, *, minutes: float) -> Any:
    """Move the thread's times back; returns when its fold is due then."""
    gone = timedelta(minutes=minutes)
    Thread.objects.filter(pk=thread.pk).update(
        activity_due_at=F("activity_due_at") - gone, activity_since=F("activity_since") - gone
    )
    return Thread.objects.values_list("activity_due_at", flat=True).get(pk=thread.pk)


def test_at_most_so_many_threads_are_folded_at_a_time(channel: Channel) -> None:
    for number in range(3):
        commit_run(open_thread(receive(channel, "hola", sender=f"57300000000{number}")), 10)

    assert [activity.fold_due(2), activity.fold_due(2)] == [2, 1]


def test_of_an_erased_user_nothing_is_left_to_fold(user: WhatsAppUser) -> None:
    commit_run(open_thread(user), 10)
    user.messages.all().delete()
    user.delete()

    assert activity.fold_due(10) == 0
    assert not UserActivity.objects.exists()


def test_a_fold_is_one_statement(user: WhatsAppUser, django_assert_num_queries: Any) -> None:
    for tokens in (150, 200, 100):
        commit_run(open_thread(user), tokens)

    with django_assert_num_queries(1):
        activity.fold_due(10)
