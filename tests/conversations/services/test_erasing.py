"""A customer is erased everywhere, whatever refers to them, and a running turn changes nothing any more."""

import json
import threading
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from django_redis import get_redis_connection

from conversations.models import (
    CustomerMemory,
    EarlyStatus,
    Erasure,
    IdempotentRequest,
    Message,
    Run,
    Thread,
    UserActivity,
    UserMerge,
    WebhookItem,
    WhatsAppUser,
)
from conversations.services import api_messages, client_data, inbox, turns
from conversations.services.api_messages import MessageOrder, Unsendable
from conversations.services.erasing import AlreadyErased, user_erase
from conversations.services.exporting import user_export
from conversations.shop.models import CustomerSession, Order
from sessions_app.models import Channel
from sessions_app.providers.base import DeliveryState, StatusUpdate, UnrecognizedItem
from tests.conversations.builders import inbound, make_channel, receive, wa_id
from tests.fakes.openai_compatible import FakeOpenAI
from tests.processes import wait_until

CANARY = "Canaria"
NUMBER = "573009998877"

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(channel: Channel) -> WhatsAppUser:
    """A customer whose name, number and words stand in every store."""
    user = receive(channel, f"soy {CANARY}", f"me llamo {CANARY}", sender=NUMBER)
    WhatsAppUser.objects.filter(pk=user.pk).update(
        name=CANARY, user_name=f"{CANARY} P.", labels=[CANARY], language="es"
    )
    user.refresh_from_db()
    thread = Thread.objects.create(user=user, summary=f"{CANARY} quiere pan")
    run = Run.objects.create(
        thread=thread,
        epoch=1,
        state="completed",
        provider="openai",
        model="m",
        cost_usd=Decimal("0.25"),
        input_tokens=10,
        response_id=f"resp_{CANARY}",
        error=f"about {CANARY}",
        finished_at=timezone.now(),
    )
    message = Message.objects.filter(user=user).order_by("pk")[0]
    Message.objects.filter(pk=message.pk).update(
        thread=thread,
        run=run,
        payload={"from": NUMBER, "name": CANARY},
        note=CANARY,
        reason=CANARY,
        state="parked",
    )
    CustomerMemory.objects.create(
        user=user, text=f"se llama {CANARY}", author="assistant", source=message, run=run
    )
    UserActivity.objects.create(user=user, thread=thread, last_activity_at=timezone.now())
    UserMerge.objects.create(
        kept=user,
        merged_pk=user.pk + 10_000,
        reason="named_together",
        names=[{"kind": "wa_id", "value": NUMBER}],
        left_out=[{"fields": {"title": CANARY}}],
    )
    session = CustomerSession.objects.create(
        user=user, context={"address": f"Calle {CANARY}"}, expires_at=timezone.now() + timedelta(hours=1)
    )
    Order.objects.create(
        channel=channel,
        user=user,
        session=session,
        cart_version=1,
        number=1,
        total=5,
        currency="COP",
        note=f"para {CANARY}",
        request_key=f"key-{CANARY}",
    )
    order = MessageOrder(NUMBER, text=f"Hola {CANARY}")
    api_messages.message_accept(channel, order, client="n8n", idempotency_key=f"k-{CANARY}")
    Message.objects.filter(user=user, direction="out").update(external_id="wamid.out", state="accepted")
    EarlyStatus.objects.create(channel=channel, external_id="wamid.out", state="read", error_detail=CANARY)
    WebhookItem.objects.create(
        channel=channel, reason="odd", payload={"contacts": [{"wa_id": NUMBER, "name": CANARY}]}
    )
    _log(user, str(user))
    _log(thread, f"{CANARY} · {thread.pk}")
    client_data.get(user)
    return user


def _log(row: Any, shown: str) -> None:
    staff, _ = User.objects.get_or_create(username="lupe")
    LogEntry.objects.create(
        user=staff,
        content_type=ContentType.objects.get_for_model(type(row)),
        object_id=str(row.pk),
        object_repr=shown,
        action_flag=CHANGE,
        change_message=json.dumps([{"changed": {"object": shown}}]),
    )


def database_finds(*words: str) -> list[str]:
    """Every table and column of text or JSON in which one of the words stands."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND data_type IN ('text', 'character varying', 'jsonb', 'ARRAY', 'json', 'bytea')"
        )
        for table, column in cursor.fetchall():
            for word in words:
                cursor.execute(
                    f'SELECT count(*) FROM "{table}" WHERE "{column}"::text ILIKE %s', [f"%{word}%"]
                )
                if cursor.fetchone()[0]:
                    found.append(f"{table}.{column}: {word}")
    return found


def redis_finds(*words: str) -> list[str]:
    found = []
    for alias in ("default", "layers"):
        redis = get_redis_connection(alias)
        for key in redis.scan_iter(count=1000):
            kind = redis.type(key)
            value = {b"string": redis.get, b"hash": redis.hgetall}.get(kind, lambda _key: "")(key)
            found += [f"{key!r}" for word in words if word in f"{key!r} {value!r}"]
    return found


def test_nothing_of_the_customer_is_left_in_any_store(
    person: WhatsAppUser, django_capture_on_commit_callbacks: Any
) -> None:
    assert len(database_finds(CANARY, NUMBER)) >= 15
    assert redis_finds(CANARY)

    with django_capture_on_commit_callbacks(execute=True):
        erasure = user_erase(person.pk, requested_by="lupe")

    assert database_finds(CANARY, NUMBER, "wamid.out") == []
    assert redis_finds(CANARY, NUMBER) == []
    assert not WhatsAppUser.objects.filter(pk=person.pk).exists()
    assert erasure.counts["conversations.message"] == 3
    assert erasure.counts["conversations.webhookitem"] == 1
    assert (erasure.user_pk, erasure.requested_by) == (person.pk, "lupe")


def test_the_books_stay_without_the_person(person: WhatsAppUser, channel: Channel) -> None:
    user_erase(person.pk)

    run = Run.objects.get()
    assert (run.cost_usd, run.input_tokens, run.model, run.channel) == (Decimal("0.25"), 10, "m", channel)
    assert (run.thread, run.response_id, run.error) == (None, "", "")
    order = Order.objects.get()
    assert order.user is None
    assert (order.note, int(order.total)) == ("", 5)


def test_the_admins_log_still_says_who_did_what_and_when(person: WhatsAppUser) -> None:
    user_erase(person.pk)

    entries = list(LogEntry.objects.values_list("user__username", "object_repr", "change_message"))
    assert len(entries) == 2
    assert {(name, message) for name, _, message in entries} == {("lupe", "")}
    assert f"#{person.pk}" in [shown for _, shown, _ in entries]


def test_others_are_left_alone(person: WhatsAppUser, channel: Channel) -> None:
    other = receive(channel, "hola", sender="573000000002")
    WebhookItem.objects.create(channel=channel, reason="odd", payload={"from": "573000000002"})

    user_erase(person.pk)

    assert list(Message.objects.values_list("user", "text")) == [(other.pk, "hola")]
    assert WebhookItem.objects.count() == 1


def test_a_second_time_there_is_nothing_to_erase(person: WhatsAppUser) -> None:
    first = user_erase(person.pk)

    with pytest.raises(AlreadyErased) as raised:
        user_erase(person.pk)

    assert raised.value.erasure == first
    assert Erasure.objects.count() == 1


def test_the_commands_tell_what_was_erased_and_may_be_repeated(person: WhatsAppUser) -> None:
    first, second = StringIO(), StringIO()

    call_command("erase_user", NUMBER, stdout=first)
    call_command("erase_user", NUMBER, stdout=second)
    call_command("erase_user", f"#{person.pk}", stdout=second)

    assert "conversations.message: 3" in first.getvalue()
    assert second.getvalue().count("nothing is left") == 2
    with pytest.raises(CommandError, match="no such user"):
        call_command("erase_user", "573111111111")


def test_a_name_at_two_channels_has_to_be_told_apart(person: WhatsAppUser) -> None:
    other = make_channel("other", phone_number_id="1002")
    receive(other, "hola", sender=NUMBER)

    with pytest.raises(CommandError, match=f"#{person.pk} at shop"):
        call_command("erase_user", NUMBER)
    call_command("erase_user", NUMBER, channel="other", stdout=StringIO())

    assert WhatsAppUser.objects.get() == person


# --- What comes late --------------------------------------------------------------------------------------


def test_a_late_repeat_of_an_old_message_brings_nobody_back(channel: Channel) -> None:
    old = inbound("hola", sender=NUMBER)
    inbox.receive(channel, [old])
    user_erase(WhatsAppUser.objects.get().pk)

    receipt = inbox.receive(channel, [old, inbound("nunca llegó", sender=NUMBER)])

    assert (receipt.accepted, receipt.ignored, receipt.users_to_wake) == (0, 2, [])
    assert not WhatsAppUser.objects.exists()
    assert not Message.objects.exists()


def test_what_is_written_after_the_erasure_begins_a_new_user(channel: Channel) -> None:
    old = inbound("antes", sender=NUMBER)
    inbox.receive(channel, [old])
    gone = WhatsAppUser.objects.get()
    user_erase(gone.pk)
    new = inbound("después", sender=NUMBER, sent_at=timezone.now() + timedelta(seconds=1))

    receipt = inbox.receive(channel, [old, new])
    late = inbox.receive(channel, [old])

    user = WhatsAppUser.objects.get()
    assert user.pk != gone.pk
    assert (receipt.accepted, receipt.ignored, late.ignored) == (1, 1, 1)
    assert list(Message.objects.values_list("text", flat=True)) == ["después"]


@pytest.mark.parametrize("sent_at", [None, "the second of the erasure"])
def test_where_the_clock_cannot_tell_the_id_does(channel: Channel, sent_at: str | None) -> None:
    old = inbound("antes", sender=NUMBER)
    inbox.receive(channel, [old])
    erasure = user_erase(WhatsAppUser.objects.get().pk)
    at = erasure.erased_at.replace(microsecond=0) if sent_at else None
    repeat = inbound("antes", sender=NUMBER, external_id=old.external_id, sent_at=at)

    assert inbox.receive(channel, [repeat]).ignored == 1
    assert inbox.receive(channel, [inbound("nuevo", sender=NUMBER, sent_at=at)]).accepted == 1


def test_other_forms_of_the_number_are_known_too(channel: Channel) -> None:
    user = receive(channel, "hola", sender="5215512345678")
    user_erase(user.pk)

    assert inbox.receive(channel, [inbound("hola", sender="525512345678")]).ignored == 1


def test_a_late_status_is_not_kept(person: WhatsAppUser, channel: Channel) -> None:
    user_erase(person.pk)

    inbox.receive(channel, [StatusUpdate("wamid.out", DeliveryState.READ, at=None)])
    inbox.receive(channel, [StatusUpdate("wamid.other", DeliveryState.READ, at=None)])

    assert list(EarlyStatus.objects.values_list("external_id", flat=True)) == ["wamid.other"]


def test_a_late_unrecognised_item_is_not_kept(person: WhatsAppUser, channel: Channel) -> None:
    user_erase(person.pk)

    for number in (NUMBER, "573000000002"):
        inbox.receive(channel, [UnrecognizedItem(reason="odd", raw={"contacts": [{"wa_id": number}]})])

    assert WebhookItem.objects.get().payload == {"contacts": [{"wa_id": "573000000002"}]}


def test_an_api_call_brings_nobody_back_until_they_write(channel: Channel) -> None:
    user_erase(receive(channel, "hola", sender=NUMBER).pk)
    order = MessageOrder(NUMBER, text="oferta")

    with pytest.raises(Unsendable, match="erased"):
        api_messages.message_accept(channel, order, client="n8n", idempotency_key="k")

    assert not WhatsAppUser.objects.exists()
    assert not IdempotentRequest.objects.exists()
    inbox.receive(channel, [inbound("vuelvo", sender=NUMBER, sent_at=timezone.now() + timedelta(seconds=1))])
    assert api_messages.message_accept(channel, order, client="n8n").state == "pending"


def test_another_channel_does_not_know_of_it(channel: Channel) -> None:
    user_erase(receive(channel, "hola", sender=NUMBER).pk)
    other = make_channel("other", phone_number_id="1002")

    assert inbox.receive(other, [inbound("hola", sender=NUMBER)]).accepted == 1


# --- While somebody works on the customer -----------------------------------------------------------------


def test_a_turn_in_the_making_changes_nothing(live_channel: Channel, model: FakeOpenAI) -> None:
    user = receive(live_channel, "hola", sender=NUMBER)
    asked, erased = threading.Event(), threading.Event()
    answer = model.respond

    def respond(request: Any) -> Any:
        asked.set()
        erased.wait(10)
        return answer(request)

    model.respond = respond  # type: ignore[method-assign]
    results: list[str] = []

    def work() -> None:
        try:
            results.append(turns.run_turn(user.pk))
        finally:
            connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    wait_until(asked.is_set)
    user_erase(user.pk)
    erased.set()
    worker.join(20)

    assert results == ["lost"]
    assert database_finds(NUMBER) == []
    run = Run.objects.get()
    assert (run.state, run.thread) == ("abandoned", None)


# --- The export -------------------------------------------------------------------------------------------


@pytest.fixture
def exported(person: WhatsAppUser) -> Any:
    return json.loads("".join(user_export(person)))


def test_an_export_holds_every_record(exported: dict[str, Any], person: WhatsAppUser) -> None:
    records = exported["records"]
    assert exported["user"]["name"] == CANARY
    assert [row["text"] for row in records["conversations.message"]][:1] == [f"soy {CANARY}"]
    filled = {label for label, rows in records.items() if rows}
    assert filled >= {
        "admin.logentry",
        "conversations.customermemory",
        "conversations.idempotentrequest",
        "conversations.run",
        "conversations.thread",
        "conversations.useridentity",
        "conversations.usermerge",
        "conversations.webhookitem",
        "shop.customersession",
        "shop.order",
    }


def test_an_export_holds_nobody_elses(person: WhatsAppUser, channel: Channel) -> None:
    receive(channel, "soy Otra", sender="573000000002")

    text = "".join(user_export(person))

    assert "Otra" not in text
    assert wa_id("573000000002").value not in text


def test_the_export_command_writes_a_new_file(person: WhatsAppUser, tmp_path: Any) -> None:
    file = tmp_path / "person.json"

    call_command("export_user", NUMBER, output=file)

    assert json.loads(file.read_text())["user"]["id"] == person.pk
    with pytest.raises(CommandError, match="exists"):
        call_command("export_user", NUMBER, output=file)
