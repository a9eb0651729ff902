"""Telling people: each once, in their language, with patience, and no more than they need."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.mail.backends.smtp import EmailBackend
from django.utils import timezone
from django.utils.translation import gettext, override
from pytest_django import Settings

from conversations.models import Message
from monitoring.alerts.notify.webhook import http_client
from monitoring.alerts.sending import ATTEMPTS, notices_round
from monitoring.models import Alert, AlertState, NoticeState, Notification, NotificationTarget
from monitoring.services.alert_list import acknowledge, silence
from tests.conversations.builders import make_channel
from tests.fakes.alert_webhook import FakeAlertWebhook
from tests.fakes.behaviour import Behaviour
from tests.fakes.smtp import FakeSmtp
from tests.monitoring.alerts.world import World

MINUTE = 60


@pytest.fixture
def mail(settings: Settings) -> Iterator[FakeSmtp]:
    with FakeSmtp() as server:
        settings.EMAIL_BACKEND = f"{EmailBackend.__module__}.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.DEFAULT_FROM_EMAIL = "alerts@shop.example"
        yield server


@pytest.fixture
def webhook(settings: Settings) -> Iterator[FakeAlertWebhook]:
    settings.ALLOWED_PRIVATE_HOSTS = ["127.0.0.1"]
    with FakeAlertWebhook() as server:
        yield server
    http_client().close()
    http_client.cache_clear()


def target(
    name: str = "ops", *, kind: str = "email", address: str = "ops@shop.example", **values: object
) -> NotificationTarget:
    return NotificationTarget.objects.create(
        name=name,
        kind=kind,
        address=address,
        **({"language": "en"} | values),
    )


def resolve(alert: Alert) -> None:
    Alert.objects.filter(pk=alert.pk).update(state=AlertState.RESOLVED, resolved_at=timezone.now())


def fire_again(alert: Alert) -> None:
    Alert.objects.filter(pk=alert.pk).update(
        state=AlertState.FIRING, fired_at=timezone.now(), resolved_at=None, occurrence=alert.occurrence + 1
    )
    alert.refresh_from_db()


def test_an_alert_and_its_end_are_each_told_once(world: World, mail: FakeSmtp) -> None:
    target()
    alert = world.fire("redis_down")
    assert notices_round() == {"planned": 1, "sent": 1, "failed": 0}
    assert notices_round() == {"planned": 0, "sent": 0, "failed": 0}
    resolve(alert)
    notices_round()
    notices_round()

    assert mail.subjects == ["[CRITICAL] Redis does not answer", "[RESOLVED] Redis does not answer"]
    assert list(alert.events.values_list("kind", "text")) == [("notified", "ops"), ("notified", "ops")]


def test_an_e_mail_says_what_it_means_what_to_do_and_where(
    world: World, mail: FakeSmtp, settings: Settings
) -> None:
    settings.SITE_URL = "https://bot.shop.example"
    target(address="ops@shop.example")
    alert = world.fire("database_errors", value=23.4, threshold=10)
    notices_round()

    [message] = mail.messages
    text = message.get_content()
    assert message["To"] == "ops@shop.example"
    assert message["From"] == "alerts@shop.example"
    assert "23.4 % (threshold 10.0 %)" in text
    assert "Customers wait" in text
    assert "Look at the PostgreSQL server" in text
    assert f"https://bot.shop.example/admin/monitoring/alert/{alert.pk}/change/" in text


def test_everybody_reads_it_in_their_language(world: World, mail: FakeSmtp) -> None:
    for language in ("en", "es"):
        target(language, language=language)
    world.fire("redis_down")
    notices_round()

    expected = set()
    for language in ("en", "es"):
        with override(language):
            expected.add(f"[{gettext('critical').upper()}] {gettext('Redis does not answer')}")
    assert set(mail.subjects) == expected


def test_several_at_once_are_one_digest_the_worst_first(world: World, mail: FakeSmtp) -> None:
    target(minimum_severity="info")
    world.fire("hook_errors")
    world.fire("redis_down")
    world.fire("laravel_down")
    assert notices_round()["sent"] == 3

    [message] = mail.messages
    assert message["Subject"] == "[CRITICAL] Redis does not answer, and 2 more"
    assert "Laravel does not answer" in message.get_content()


def test_only_those_who_want_to_hear_of_it(world: World, mail: FakeSmtp) -> None:
    target("critical", minimum_severity="critical")
    target("off", minimum_severity="info", is_enabled=False)
    world.fire("laravel_down")
    assert notices_round()["planned"] == 0

    world.fire("redis_down")
    assert notices_round()["planned"] == 1


def test_silence_keeps_it_from_being_told(world: World, mail: FakeSmtp) -> None:
    target()
    alert = world.fire("redis_down")
    silence(alert.pk, until=timezone.now() + timedelta(hours=1), by="staff")
    assert notices_round()["planned"] == 0

    world.clock.shift(61 * MINUTE)
    assert notices_round()["planned"] == 1


def test_what_nobody_acknowledges_goes_to_the_next(world: World, mail: FakeSmtp) -> None:
    target()
    target("boss", address="boss@shop.example", delay_minutes=10)
    world.fire("redis_down")
    notices_round()
    world.clock.shift(9 * MINUTE)
    assert notices_round()["planned"] == 0
    world.clock.shift(2 * MINUTE)
    notices_round()

    assert mail.messages[-1]["To"] == "boss@shop.example"
    assert mail.subjects[-1] == "[CRITICAL] Redis does not answer · not acknowledged"


def test_what_is_acknowledged_goes_no_further(world: World, mail: FakeSmtp) -> None:
    target("boss", delay_minutes=10)
    alert = world.fire("redis_down")
    acknowledge(alert.pk, by="staff")
    world.clock.shift(11 * MINUTE)

    assert notices_round()["planned"] == 0


def test_flapping_is_told_of_once(world: World, mail: FakeSmtp) -> None:
    target()
    alert = world.fire("redis_down")
    notices_round()
    resolve(alert)
    notices_round()
    for _ in range(5):
        fire_again(alert)
        world.clock.shift(MINUTE)
        notices_round()
        resolve(alert)
        notices_round()

    assert len(mail.messages) == 2


def test_what_goes_on_after_flapping_is_told_of_again(world: World, mail: FakeSmtp) -> None:
    target()
    alert = world.fire("redis_down")
    notices_round()
    resolve(alert)
    notices_round()
    fire_again(alert)
    world.clock.shift(6 * MINUTE)
    notices_round()

    assert mail.subjects[-1].startswith("[CRITICAL]")
    assert len(mail.messages) == 3


def test_a_mail_server_that_is_away_is_tried_again(world: World, mail: FakeSmtp) -> None:
    mail.refusing = True
    target()
    world.fire("redis_down")
    assert notices_round()["failed"] == 1
    assert notices_round()["failed"] == 0, "not before its time"
    mail.refusing = False
    world.clock.shift(20)
    assert notices_round()["sent"] == 1

    assert len(mail.messages) == 1
    notice = Notification.objects.get()
    assert (notice.state, notice.attempts, notice.error) == ("sent", 2, "")


def test_it_is_not_tried_for_ever(world: World, mail: FakeSmtp) -> None:
    mail.refusing = True
    target()
    world.fire("redis_down")
    for _ in range(ATTEMPTS + 3):
        notices_round()
        world.clock.shift(31 * MINUTE)

    notice = Notification.objects.get()
    assert (notice.state, notice.attempts) == (NoticeState.FAILED, ATTEMPTS)
    assert notice.error == "SMTPSenderRefused"


def test_one_way_of_telling_that_fails_does_not_keep_the_others(world: World, mail: FakeSmtp) -> None:
    target("webhook", kind="webhook", address="https://nowhere.invalid/hook")
    target()
    world.fire("redis_down")

    assert notices_round() == {"planned": 2, "sent": 1, "failed": 1}


def test_a_webhook_gets_a_signed_document(
    world: World, webhook: FakeAlertWebhook, settings: Settings
) -> None:
    settings.SITE_URL = "https://bot.shop.example"
    target(kind="webhook", address=webhook.address, secret="between us")
    alert = world.fire("provider_down", scope="openai")
    notices_round()

    [request] = webhook.taken
    digest = hmac.new(b"between us", request.body, hashlib.sha256).hexdigest()
    assert request.headers["x-botsite-signature"] == f"sha256={digest}"
    document = json.loads(request.body)
    assert request.headers["idempotency-key"] == document["id"]
    [told] = document["alerts"]
    assert (told["id"], told["event"], told["rule"], told["scope"], told["severity"]) == (
        alert.pk,
        "fired",
        "provider_down",
        "openai",
        "critical",
    )
    assert told["url"].startswith("https://bot.shop.example/admin/")
    assert told["firedAt"].endswith("Z")


def test_a_webhook_that_fails_is_repeated_under_the_same_key(world: World, webhook: FakeAlertWebhook) -> None:
    webhook.behave(Behaviour(drop="after"))
    target(kind="webhook", address=webhook.address)
    world.fire("redis_down")
    assert notices_round()["failed"] == 1
    world.fire("laravel_down")
    world.clock.shift(20)
    notices_round()

    first, again, other = [request.headers["idempotency-key"] for request in webhook.taken]
    assert len({first, again, other}) == 2
    assert first in {again, other}


def test_a_webhook_may_not_aim_inside(world: World, webhook: FakeAlertWebhook, settings: Settings) -> None:
    settings.ALLOWED_PRIVATE_HOSTS = []
    target(kind="webhook", address=webhook.address)
    world.fire("redis_down")

    assert notices_round()["failed"] == 1
    assert webhook.taken == []


@pytest.mark.django_db(transaction=True)
def test_whatsapp_goes_through_the_outbox_as_a_template(world: World) -> None:
    channel = make_channel()
    target(kind="whatsapp", address="573000000009", channel=channel, template="alert")
    world.fire("redis_down")
    notices_round()
    Notification.objects.update(state=NoticeState.PENDING, due_at=timezone.now())
    notices_round()

    message = Message.objects.get()
    assert message.state == "pending"
    assert message.template == {
        "name": "alert",
        "language": "en",
        "parameters": [
            "[CRITICAL] Redis does not answer",
            "Messages are answered from PostgreSQL alone: slower, and without caches and figures.",
        ],
    }
