"""What is older than its period goes, in small steps; what is unfinished or needed to know a repeat stays."""

import os
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from botsite.caching.models import PendingInvalidation
from conversations.models import (
    CustomerMemory,
    EarlyStatus,
    IdempotentRequest,
    InboundState,
    Message,
    OutboundState,
    Run,
    Thread,
    UserMerge,
    WebhookItem,
    WhatsAppUser,
)
from conversations.services import inbox, threads
from conversations.services.erasing import user_erase
from conversations.shop.models import CustomerSession
from monitoring.models import AuditEvent, BreakerEvent, SecurityEvent
from monitoring.retention import sweep
from monitoring.retention.periods import RULES
from monitoring.retention.sweep import KINDS, Busy, retention_count, retention_run
from monitoring.tasks import retention
from sessions_app.models import Channel
from tests.conversations.builders import inbound, make_channel, receive
from tests.recording import RecordedMetrics

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _log_folder(settings: Settings, tmp_path: Path) -> None:
    settings.LOG_DIR = tmp_path


@pytest.fixture
def channel(db: None) -> Channel:
    return make_channel()


@pytest.fixture
def user(channel: Channel) -> WhatsAppUser:
    return receive(channel, "hola")


def ago(days: float) -> Any:
    return timezone.now() - timedelta(days=days)


def aged(row: Any, field: str, days: float) -> Any:
    type(row)._base_manager.filter(pk=row.pk).update(**{field: ago(days)})
    return row


def add(user: WhatsAppUser, state: str, days: float, *, direction: str = "in", **values: Any) -> Message:
    sequence = WhatsAppUser.objects.get(pk=user.pk).last_sequence + 1
    WhatsAppUser.objects.filter(pk=user.pk).update(last_sequence=sequence)
    message = Message.objects.create(
        channel=user.channel,
        user=user,
        direction=direction,
        author="customer",
        sequence=sequence,
        text="hola",
        state=state,
        **values,
    )
    aged(message, "created_at", days)
    return message


def test_settled_messages_go_after_their_period(user: WhatsAppUser) -> None:
    settled = [add(user, state, 31) for state in ("answered", "merged", "ignored")]
    settled += [
        add(user, state, 31, direction="out") for state in ("accepted", "delivered", "read", "failed")
    ]
    young = add(user, "answered", 29)

    assert retention_run()["messages"] == len(settled)
    assert Message.objects.filter(pk=young.pk).exists()


@pytest.mark.parametrize(
    ("direction", "state"),
    [("in", InboundState.PENDING), ("out", "pending"), ("out", "sending"), ("out", OutboundState.UNKNOWN)],
)
def test_the_undecided_stay_for_ever(user: WhatsAppUser, direction: str, state: str) -> None:
    message = add(user, state, 4000, direction=direction)

    retention_run()

    assert Message.objects.get(pk=message.pk).text == "hola"


@pytest.mark.parametrize(("direction", "state"), [("in", "held"), ("in", "parked"), ("out", "parked")])
def test_what_waits_for_a_person_has_its_own_period(user: WhatsAppUser, direction: str, state: str) -> None:
    waiting, forgotten = (add(user, state, days, direction=direction) for days in (89, 91))

    assert retention_run()["parked_messages"] == 1
    assert Message.objects.filter(pk=waiting.pk).exists()
    assert not Message.objects.filter(pk=forgotten.pk).exists()


def test_a_period_shorter_than_repeats_leaves_a_row_without_text(
    settings: Settings, channel: Channel
) -> None:
    settings.RETENTION_DAYS = 1
    event = inbound("secreto")
    inbox.receive(channel, [event])
    Message.objects.update(state="answered", created_at=ago(2))

    counts = retention_run()
    receipt = inbox.receive(channel, [event])

    assert (counts["message_texts"], counts["messages"]) == (1, 0)
    assert (receipt.duplicates, receipt.users_to_wake) == (1, [])
    assert (Message.objects.get().text, Message.objects.get().payload) == ("", None)
    assert retention_run()["message_texts"] == 0
    Message.objects.update(created_at=ago(9))
    assert retention_run()["messages"] == 1


def test_payloads_go_before_their_messages(user: WhatsAppUser) -> None:
    message = add(user, "answered", 8, payload={"text": "hola"})
    young = add(user, "answered", 6, payload={"text": "hola"})

    assert retention_run()["message_payloads"] == 1
    assert Message.objects.get(pk=message.pk).payload is None
    assert Message.objects.get(pk=young.pk).payload


def test_the_thread_and_its_totals_live_on(user: WhatsAppUser) -> None:
    thread = Thread.objects.create(user=user, token_count=77, summary="quiere pan")
    run = Run.objects.create(
        thread=thread,
        epoch=1,
        state="completed",
        cost_usd=Decimal("0.5"),
        finished_at=ago(31),
        folded_at=ago(31),
    )
    add(user, "answered", 31, thread=thread, run=run)
    young = add(user, "answered", 1, thread=thread)

    retention_run()

    thread.refresh_from_db()
    assert (thread.token_count, thread.summary) == (77, "quiere pan")
    assert Run.objects.get().cost_usd == Decimal("0.5")
    assert threads.history(thread, without=[]) == [young]


def test_the_summary_goes_with_the_last_message(user: WhatsAppUser) -> None:
    thread = aged(Thread.objects.create(user=user, summary="quiere pan"), "started_at", 60)
    add(user, "answered", 31, thread=thread)

    assert retention_run()["thread_summaries"] == 1
    thread.refresh_from_db()
    assert thread.summary == ""


def test_runs_that_are_not_in_the_totals_stay(user: WhatsAppUser) -> None:
    thread = Thread.objects.create(user=user, closed_at=ago(500))
    values = {"thread": thread, "epoch": 1, "state": "completed"}
    folded = Run.objects.create(**values, finished_at=ago(401), folded_at=ago(401))
    unfolded = Run.objects.create(**values, finished_at=ago(401))
    Run.objects.update(started_at=ago(401))

    assert retention_run()["runs"] == 1
    assert not Run.objects.filter(pk=folded.pk).exists()
    assert Run.objects.filter(pk=unfolded.pk).exists()


def test_the_latest_manual_change_of_a_breaker_stays(db: None) -> None:
    values = {"was": "closed", "now": "open"}
    for name, cause in (("a", "manual"), ("a", "manual"), ("a", "automatic"), ("b", "manual")):
        BreakerEvent.objects.create(name=name, cause=cause, **values)
    second = BreakerEvent.objects.order_by("pk")[1]
    BreakerEvent.objects.update(at=ago(91))

    assert retention_run()["breaker_events"] == 2
    assert [(e.name, e.cause) for e in BreakerEvent.objects.order_by("pk")] == [
        ("a", "manual"),
        ("b", "manual"),
    ]
    assert BreakerEvent.objects.filter(pk=second.pk).exists()


def _of_every_kind(user: WhatsAppUser) -> None:
    """One row of each further kind whose period is over, and one that is younger."""
    staff = User.objects.create_user("lupe")
    make: dict[str, Callable[[int], Any]] = {
        "received_at": lambda n: WebhookItem.objects.create(channel=user.channel, reason=f"{n}", payload={}),
        "created_at": lambda n: IdempotentRequest.objects.create(
            client="n8n", key=f"{n}", fingerprint="x", message=Message.objects.filter(user=user)[0]
        ),
        "received_at ": lambda n: EarlyStatus.objects.create(
            channel=user.channel, external_id=f"{n}", state="read"
        ),
        "erased_at": lambda n: CustomerMemory.objects.create(user=user, text="", author="staff"),
        "merged_at": lambda n: UserMerge.objects.create(
            kept=user, merged_pk=n, reason="named_together", left_out=[{"x": 1}]
        ),
        "expires_at": lambda n: CustomerSession.objects.create(
            user=user, expires_at=ago(1), closed_at=ago(1)
        ),
        "created_at ": lambda n: PendingInvalidation.objects.create(layer="x", key=f"{n}"),
        "action_time": lambda n: LogEntry.objects.create(
            user=staff, object_repr="x", action_flag=CHANGE, object_id=f"{n}"
        ),
        "at": lambda n: SecurityEvent.objects.create(at=ago(1), operation=f"{n}"),
        "at ": lambda n: AuditEvent.objects.create(action=f"{n}"),
        "attempt_time": lambda n: AccessAttempt.objects.create(username=f"{n}", failures_since_start=1),
    }
    for field, one in make.items():
        aged(one(1), field.strip(), 999)
        aged(one(2), field.strip(), -1)


def test_every_kind_has_its_period(user: WhatsAppUser) -> None:
    _of_every_kind(user)

    counts = retention_run()

    ones = {"webhook_items", "idempotent_requests", "early_statuses", "erased_facts", "merge_details"}
    ones |= {"shop_sessions", "pending_invalidations", "admin_log"}
    ones |= {"security_events", "audit_events", "failed_logins"}
    assert {kind for kind, rows in counts.items() if rows} == ones
    assert {counts[kind] for kind in ones} == {1}
    assert sum(retention_run().values()) == 0


def test_tombstones_end_when_nobody_repeats_any_more(user: WhatsAppUser) -> None:
    erasure = user_erase(user.pk)
    erasure.tombstones.update(expires_at=ago(1))

    assert retention_run()["tombstones"] == 2


def test_a_dry_run_counts_the_same_and_deletes_nothing(user: WhatsAppUser) -> None:
    add(user, "answered", 31)
    out = StringIO()

    call_command("retention", dry_run=True, stdout=out)

    assert "messages: 1" in out.getvalue()
    assert Message.objects.count() == 2
    assert retention_count(["messages"]) == {"messages": 1}


def test_only_what_was_asked_for(user: WhatsAppUser) -> None:
    add(user, "answered", 31)
    WebhookItem.objects.create(channel=user.channel, reason="x", payload={})
    WebhookItem.objects.update(received_at=ago(99))

    call_command("retention", only=["webhook_items"], stdout=StringIO())

    assert Message.objects.count() == 2
    assert not WebhookItem.objects.exists()
    with pytest.raises(CommandError):
        call_command("retention", "--only", "everything")


def test_it_takes_many_small_steps(
    user: WhatsAppUser, monkeypatch: pytest.MonkeyPatch, recorded: RecordedMetrics
) -> None:
    monkeypatch.setattr(sweep, "BATCH", 3)
    monkeypatch.setattr(sweep, "PAUSE_SECONDS", 0)
    for _ in range(7):
        add(user, "answered", 31)

    assert retention()["messages"] == 7
    assert recorded.total("retention_rows_total", "messages") == 7


def test_a_run_whose_time_is_over_leaves_the_rest_to_the_next(
    user: WhatsAppUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(user, "answered", 31)
    monkeypatch.setattr(sweep, "BUDGET_SECONDS", -1)

    assert retention_run()["messages"] == 0


def test_kinds_are_told_apart_by_name() -> None:
    assert len(set(KINDS)) == len(RULES) + 1


def test_rotated_log_files_go_and_those_in_use_stay(tmp_path: Path, db: None) -> None:
    for name in ("combined.log", "combined.log.1", "combined.log.2", "notes.txt"):
        (tmp_path / name).write_text("x")
    old = time.time() - 31 * 86_400
    for name in ("combined.log", "combined.log.2", "notes.txt"):
        os.utime(tmp_path / name, (old, old))

    assert retention_run()["log_files"] == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["combined.log", "combined.log.1", "notes.txt"]


@pytest.mark.django_db(transaction=True)
class TestBeside:
    """Others who work on the same rows at the same time."""

    def test_rows_in_use_are_left_for_later(self) -> None:
        user = receive(make_channel(), "hola")
        held, free = add(user, "answered", 31), add(user, "answered", 31)
        other = connection.copy()
        try:
            other.set_autocommit(False)
            with other.cursor() as cursor:
                cursor.execute("SELECT 1 FROM conversations_message WHERE id = %s FOR UPDATE", [held.pk])
            assert retention_run(["messages"]) == {"messages": 1}
            other.rollback()
        finally:
            other.close()

        assert not Message.objects.filter(pk=free.pk).exists()
        assert retention_run(["messages"]) == {"messages": 1}

    def test_two_at_once_are_one_too_many(self) -> None:
        other = connection.copy()
        try:
            other.set_autocommit(False)
            with other.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [sweep._LOCK])
            with pytest.raises(Busy):
                retention_run()
            assert retention() == {"busy": 1}
            with pytest.raises(CommandError, match="Another process"):
                call_command("retention")
        finally:
            other.close()
