"""Going through the rules: what is not known, what comes back, what staff changed, and many at it at once."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from monitoring.alerts.rules import RULES
from monitoring.models import Alert, AlertEvent, AlertRule, NotificationTarget, Status, Watch
from monitoring.services.rule_sync import rules_sync
from tests.monitoring.alerts.world import World
from tests.processes import database_url_of_tests

ROOT = Path(__file__).resolve().parents[3]
ONE_ROUND = """
import django; django.setup()
from monitoring.alerts.evaluate import evaluate
print("ready", flush=True); input()
for _ in range(5): evaluate()
"""


def down(world: World) -> None:
    """Laravel is down, for long enough that it fires."""
    world.health("laravel", Status.DOWN)
    world.evaluate()
    world.wait(21)
    world.health("laravel", Status.DOWN)
    world.evaluate()


def up(world: World) -> None:
    world.health("laravel", Status.UP)
    world.evaluate()


def kinds(alert: Alert) -> list[str]:
    return list(alert.events.values_list("kind", flat=True))


def test_it_is_pending_before_it_fires_and_nothing_if_it_ends_before(world: World) -> None:
    world.health("laravel", Status.DOWN)
    world.evaluate()
    assert world.state("laravel_down") == "pending"

    up(world)

    assert not Alert.objects.exists()


def test_its_history_is_written_down(world: World) -> None:
    down(world)
    up(world)

    alert = Alert.objects.get()
    assert kinds(alert) == ["fired", "resolved"]
    assert alert.fired_at is not None
    assert alert.resolved_at is not None
    assert alert.occurrence == 1


def test_what_is_not_known_neither_fires_nor_resolves(world: World) -> None:
    world.health("laravel", Status.UNKNOWN)
    world.evaluate()
    assert not Alert.objects.exists()
    down(world)

    world.health("laravel", Status.UNKNOWN)
    world.evaluate()

    alert = Alert.objects.get()
    assert (alert.state, alert.stale_since) == ("firing", timezone.now())
    down(world)
    alert.refresh_from_db()
    assert alert.stale_since is None


def test_counts_that_end_too_early_say_nothing(world: World) -> None:
    world.count("hook_errors_total")
    world.evaluate()
    assert world.state("hook_errors") == "firing"

    world.clock.shift(600)  # and nobody rolled up
    assert world.evaluate()["unknown"] > 0

    assert world.state("hook_errors") == "firing"
    assert Alert.objects.get().stale_since is not None


def test_too_few_samples_are_no_reason(world: World) -> None:
    seen = {"layer": "thread", "level": "redis"}
    world.count("cache_requests_total", 19, result="error", **seen)
    world.evaluate()
    assert not Alert.objects.exists()

    world.count("cache_requests_total", 1, result="error", **seen)
    world.evaluate()
    assert world.state("cache_errors") == "firing"


def test_what_fires_again_soon_is_the_same_alert(world: World) -> None:
    down(world)
    up(world)
    world.wait(60)
    down(world)

    alert = Alert.objects.get()
    assert (alert.state, alert.occurrence, alert.resolved_at) == ("firing", 2, None)
    assert kinds(alert) == ["fired", "resolved", "reopened"]


def test_a_short_relapse_leaves_the_end_where_it_was(world: World) -> None:
    down(world)
    up(world)
    ended = Alert.objects.get().resolved_at
    world.wait(60)
    world.health("laravel", Status.DOWN)
    world.evaluate()
    assert world.state("laravel_down") == "pending"
    up(world)

    alert = Alert.objects.get()
    assert (alert.state, alert.resolved_at, alert.occurrence) == ("resolved", ended, 1)


def test_what_fires_again_later_is_another_alert(world: World) -> None:
    down(world)
    up(world)
    world.wait(700)
    down(world)

    assert list(Alert.objects.order_by("pk").values_list("state", flat=True)) == ["resolved", "firing"]


def test_scopes_live_by_themselves(world: World) -> None:
    for check in ("llm:a", "llm:b"):
        world.health(check, Status.DOWN)
    world.evaluate()
    world.wait(21)
    world.health("llm:a", Status.DOWN)
    world.health("llm:b", Status.UP)
    world.evaluate()

    assert (world.state("provider_down", "a"), world.state("provider_down", "b")) == ("firing", "")


def test_staff_change_rules_and_an_update_leaves_that_alone(world: World) -> None:
    AlertRule.objects.filter(slug="laravel_down").update(own_severity="info", own_hold_seconds=0)
    AlertRule.objects.filter(slug="tokens_lost").delete()
    rules_sync()

    world.health("laravel", Status.DOWN)
    world.evaluate()

    assert Alert.objects.get().severity == "info"
    assert world.state("laravel_down") == "firing"
    assert AlertRule.objects.filter(slug="tokens_lost").exists()


def test_who_is_written_to_in_need_is_told_of_alerts_from_the_start(db: None, settings: Settings) -> None:
    settings.ALERT_EMAILS = ["ops@shop.example", "boss@shop.example"]
    rules_sync()
    NotificationTarget.objects.filter(name="boss@shop.example").delete()
    rules_sync()

    assert [target.address for target in NotificationTarget.objects.all()] == ["ops@shop.example"]


@pytest.mark.parametrize("change", [{"is_enabled": False}, {"slug": "of_an_earlier_version"}])
def test_a_rule_that_is_off_or_gone_ends_its_alerts(world: World, change: dict[str, object]) -> None:
    down(world)
    AlertRule.objects.filter(slug="laravel_down").update(**change)

    world.evaluate()

    assert Alert.objects.get().state == "resolved"


def test_a_measure_that_fails_is_its_own_rules_affair(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        sys.modules["monitoring.alerts.measures"].MEASURES,
        "dead_letters",
        lambda window: 1 / 0,
    )
    world.health("laravel", Status.DOWN)
    world.evaluate()

    assert world.state("laravel_down") == "pending"


def test_a_round_costs_few_queries(
    world: World, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    world.count("turns_total", result="answered")
    world.evaluate()
    with django_assert_max_num_queries(32):
        world.evaluate()


def test_that_it_was_done_is_written_down(world: World) -> None:
    counts = world.evaluate()

    assert counts["rules"] == len(RULES)
    assert Watch.objects.get().evaluated_at is not None


def test_two_open_alerts_of_a_scope_are_refused_by_the_database(world: World) -> None:
    world.fire("redis_down")
    with pytest.raises(IntegrityError), transaction.atomic():
        world.fire("redis_down")
    world.fire("redis_down", scope="elsewhere")


@pytest.mark.django_db(transaction=True)
def test_of_four_processes_that_evaluate_at_once_one_opens_the_alert(store: object) -> None:
    AlertRule.objects.exclude(slug="dead_letters").update(is_enabled=False)
    AlertRule.objects.filter(slug="dead_letters").update(own_threshold=-1)
    environment = {
        **os.environ,
        "DATABASE_URL": database_url_of_tests(),
        "DJANGO_SETTINGS_MODULE": "botsite.settings",
    }
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ONE_ROUND],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        assert process.communicate(timeout=60)
        assert process.returncode == 0

    alert = Alert.objects.get()
    assert (alert.state, alert.occurrence) == ("firing", 1)
    assert list(AlertEvent.objects.values_list("kind", flat=True)) == ["fired"]
    assert timezone.now() - alert.started_at < timedelta(minutes=2)
