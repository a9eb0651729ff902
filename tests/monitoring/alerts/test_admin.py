"""Alerts, rules and whom to tell, as staff see and change them."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.formats import date_format
from pytest_django import DjangoAssertNumQueries

from monitoring.models import Alert, AlertRule, Notification, NotificationTarget
from monitoring.services.alert_list import counts_by_severity, open_alerts, recent_alerts
from tests.conversations.builders import make_channel
from tests.monitoring.alerts.world import World
from tests.safety.pages import member_of
from tests.staff import administrator, signed_in

ALERTS = "/admin/monitoring/alert/"
RULES = "/admin/monitoring/alertrule/"
TARGETS = "/admin/monitoring/notificationtarget/"


def answer(client: Client, alert: Alert, answer: str, **fields: object) -> str:
    response = client.post(f"{ALERTS}{alert.pk}/answer/", {"answer": answer, **fields}, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def test_a_manager_sees_and_acknowledges_and_changes_no_rule(world: World) -> None:
    alert = world.fire("provider_down", scope="openai")
    client = member_of("manager")
    assert "openai" in client.get(ALERTS).content.decode()

    page = answer(client, alert, "acknowledge", note="On it.")

    assert "On it." in page
    alert.refresh_from_db()
    assert (alert.acknowledged_by, alert.note) == ("of manager", "On it.")
    assert list(alert.events.values_list("kind", "by")) == [("acknowledged", "of manager")]
    assert client.get(RULES).status_code == 403
    assert client.get(TARGETS).status_code == 403


def test_silencing_says_for_how_long(world: World) -> None:
    alert = world.fire("redis_down")
    answer(administrator(), alert, "silence", hours="4")

    alert.refresh_from_db()
    assert alert.silenced_until == timezone.now() + timedelta(hours=4)
    assert alert.is_silenced
    assert alert.silenced_by == "administrator"


def test_until_when_it_is_silenced_is_said_as_people_write_it(world: World) -> None:
    alert = world.fire("redis_down")

    page = answer(administrator(), alert, "silence", hours="4")

    until = date_format(timezone.localtime() + timedelta(hours=4), "j M Y, H:i")
    assert f'<div class="readonly">{until}</div>' in page


def test_figures_and_conditions_are_written_in_the_readers_language(world: World) -> None:
    alert = world.fire("memory_high", value=1234.5)
    client = administrator(language="es")

    assert "1\xa0234,5 % (umbral 85,0 %)" in client.get(ALERTS).content.decode()
    assert ">activa<" in client.get(f"{ALERTS}{alert.pk}/change/").content.decode()
    assert "&gt; 85,0 % · durante 30 s" in client.get("/admin/monitoring/alertrule/").content.decode()


def test_a_notice_that_could_not_be_sent_says_why_in_words(world: World) -> None:
    target = NotificationTarget.objects.create(name="night", kind="email", address="a@example.com")
    Notification.objects.create(
        alert=world.fire("redis_down"),
        target=target,
        kind="fired",
        occurrence=1,
        state="failed",
        due_at=timezone.now(),
        error="no_mail_server",
    )

    page = administrator(language="es").get("/admin/monitoring/notification/").content.decode()

    assert "no hay servidor de correo configurado" in page


def test_what_is_over_takes_notes_and_nothing_else(world: World) -> None:
    alert = world.fire("redis_down", state="resolved", resolved_at=timezone.now())
    client = administrator()

    assert "It is over already." in answer(client, alert, "acknowledge")
    assert "It is noted" in answer(client, alert, "note", note="The disk was full.")
    alert.refresh_from_db()
    assert (alert.acknowledged_at, alert.note) == (None, "The disk was full.")


@pytest.mark.parametrize("fields", [{"answer": "shout"}, {}, {"answer": "silence", "hours": "99999"}])
def test_nonsense_changes_nothing(world: World, fields: dict[str, str]) -> None:
    alert = world.fire("redis_down")
    page = administrator().post(f"{ALERTS}{alert.pk}/answer/", fields, follow=True).content.decode()

    assert "Choose one of the answers." in page
    alert.refresh_from_db()
    assert (alert.acknowledged_at, alert.silenced_until) == (None, None)


def test_who_may_only_look_cannot_answer(world: World) -> None:
    alert = world.fire("redis_down")
    client = signed_in("monitoring.view_alert")

    page = client.get(f"{ALERTS}{alert.pk}/change/").content.decode()
    assert "Redis" in page
    assert "/answer/" not in page
    assert client.post(f"{ALERTS}{alert.pk}/answer/", {"answer": "acknowledge"}).status_code == 403


def test_a_rule_is_changed_and_put_back(world: World) -> None:
    client = administrator()
    rule = AlertRule.objects.get(slug="database_errors")
    page = client.get(f"{RULES}{rule.pk}/change/").content.decode()
    assert "&gt; 10.0 % · over 5 min · from 20 samples" in page
    form = {"is_enabled": "on", "own_severity": "info", "own_threshold": "25", "own_hold_seconds": "60"}
    client.post(f"{RULES}{rule.pk}/change/", form)

    rule.refresh_from_db()
    assert (rule.severity, rule.threshold, rule.hold) == ("info", 25, timedelta(seconds=60))
    assert "&gt; 25.0 %" in client.get(RULES).content.decode()
    client.post(f"{RULES}{rule.pk}/change/", {"is_enabled": "on"})
    rule.refresh_from_db()
    assert (rule.severity, rule.threshold) == ("critical", 10)


def test_rules_cannot_be_added_or_deleted(world: World) -> None:
    client = administrator()
    rule = AlertRule.objects.get(slug="database_errors")

    assert client.get(f"{RULES}add/").status_code == 403
    assert client.post(f"{RULES}{rule.pk}/delete/", {"post": "yes"}).status_code == 403


def target_form(**fields: str) -> dict[str, str]:
    return {
        "name": "ops",
        "kind": "email",
        "address": "ops@shop.example",
        "language": "en",
        "is_enabled": "on",
        "minimum_severity": "warning",
        "delay_minutes": "0",
    } | fields


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"address": "nobody"}, "Enter a valid email address."),
        ({"kind": "webhook", "address": "http://127.0.0.1/x"}, "begin with https"),
        ({"kind": "webhook", "address": "https://10.0.0.1/x"}, "not public"),
        ({"kind": "whatsapp", "address": "call me"}, "Digits only"),
        ({"kind": "whatsapp", "address": "573000000009"}, "Choose the channel"),
    ],
)
def test_an_address_has_to_be_one_of_its_kind(world: World, fields: dict[str, str], complaint: str) -> None:
    page = administrator().post(f"{TARGETS}add/", target_form(**fields)).content.decode()

    assert complaint in page
    assert not NotificationTarget.objects.exists()


def test_targets_of_every_kind_are_kept_with_their_secrets_encrypted(world: World) -> None:
    client, channel = administrator(), make_channel()
    forms = (
        target_form(),
        target_form(
            name="n8n", kind="webhook", address="https://n8n.example/hook?key=abc", secret="between us"
        ),
        target_form(name="boss", kind="whatsapp", address="573000000009", channel=str(channel.pk)),
    )
    for form in forms:
        client.post(f"{TARGETS}add/", form)

    assert NotificationTarget.objects.count() == 3
    kept = NotificationTarget.objects.get(name="n8n")
    assert kept.secret == "between us"
    stored = NotificationTarget.objects.filter(secret="between us")
    assert not stored.exists(), "it stands there encrypted"
    page = client.get(TARGETS).content.decode()
    assert "https://n8n.example/…" in page
    assert "key=abc" not in page
    assert "573000000009" not in page
    assert "between us" not in client.get(f"{TARGETS}{kept.pk}/change/").content.decode()


def test_a_secret_stays_when_the_form_leaves_it_empty(world: World) -> None:
    kept = NotificationTarget.objects.create(
        name="n8n", kind="webhook", address="https://n8n.example/hook", secret="between us"
    )
    administrator().post(
        f"{TARGETS}{kept.pk}/change/",
        target_form(name="n8n", kind="webhook", address="https://n8n.example/2"),
    )

    kept.refresh_from_db()
    assert (kept.address, kept.secret) == ("https://n8n.example/2", "between us")


def test_the_worst_is_listed_first(world: World, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    world.fire("laravel_down")
    world.fire("hook_errors")
    world.fire("redis_down")
    world.fire("beat_down", state="pending", fired_at=None)
    world.fire("database_down", state="resolved", resolved_at=timezone.now())

    with django_assert_num_queries(4):
        assert [alert.rule.slug for alert in open_alerts()] == ["redis_down", "laravel_down", "hook_errors"]
        assert [alert.rule.slug for alert in open_alerts(include_pending=True)][-1] == "beat_down"
        assert counts_by_severity() == {"critical": 1, "warning": 1, "info": 1}
        assert [alert.rule.slug for alert in recent_alerts()] == ["database_down"]


def test_lists_cost_the_same_however_long(
    world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = administrator()
    for number in range(3):
        world.fire("provider_down", scope=f"p{number}")
    with CaptureQueriesContext(connection) as few:
        client.get(ALERTS)
    for number in range(3, 30):
        world.fire("provider_down", scope=f"p{number}")
    with django_assert_num_queries(len(few)):
        client.get(ALERTS)
