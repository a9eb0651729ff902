"""Every shipped rule fires on what it is for, and is resolved when that is over."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import override

from botsite.resilience.breaker_shared import circuit_force
from conversations.models import (
    Budget,
    BudgetPeriod,
    BudgetSpending,
    Direction,
    Message,
    Run,
    RunState,
    Thread,
    WhatsAppUser,
)
from conversations.services.budget_ledger import period_starts, today
from monitoring.alerts.rules import RULES
from monitoring.alerts.sources import Down
from monitoring.models import Status
from sessions_app.models import Channel, Device, Forward
from tests.conversations.builders import make_channel, receive
from tests.monitoring.alerts.world import World

Step = Callable[[World], None]
HOUR = timedelta(hours=1)
_LONG_AGO = Now() - timedelta(minutes=10)
"""By Postgres's clock, which the test does not move."""


@dataclass(frozen=True)
class Case:
    """What breaks a rule, at `scope`, and what makes it whole; both are done again after each wait."""

    broken: Step
    whole: Step = lambda world: None
    scope: str = ""
    heals_after: float = 0


def counted(*series: tuple[str, float, dict[str, str]], after: float) -> Case:
    """Counts break it, and time that goes by without any heals it."""

    def broken(world: World) -> None:
        for name, amount, labels in series:
            world.count(name, amount, **labels)

    return Case(broken, heals_after=after)


def found(check: str) -> Case:
    """A health check is down; of several, one called "x"."""
    scope = "x" if check.endswith(":") else ""
    name = check + scope
    return Case(
        lambda world: world.health(name, Status.DOWN), lambda world: world.health(name, Status.UP), scope
    )


def shop() -> Channel:
    return Channel.objects.filter(slug="shop").first() or make_channel()


def question(world: World) -> None:
    if not Message.objects.exists():
        receive(shop(), "hola")
    Message.objects.update(created_at=_LONG_AGO)


def answered(world: World) -> None:
    Message.objects.filter(direction=Direction.IN).update(state="answered")


def reply(world: World) -> None:
    if not Message.objects.exists():
        user = receive(shop(), "hola")
        answered(world)
        Message.objects.create(channel=user.channel, user=user, direction="out", sequence=9, state="pending")
    Message.objects.update(created_at=_LONG_AGO)


def sent(world: World) -> None:
    Message.objects.filter(direction=Direction.OUT).update(state="accepted")


def parked(world: World) -> None:
    question(world)
    Message.objects.update(state="parked")


def forward(world: World) -> None:
    if not Forward.objects.exists():
        device = Device.objects.create(channel=shop(), session_id="s1")
        Forward.objects.create(device=device, kind="status", version=1, due_at=timezone.now())
    Forward.objects.update(due_at=_LONG_AGO)


def forwarded(world: World) -> None:
    Forward.objects.update(state="delivered")


def long_threads(world: World) -> None:
    if not Thread.objects.exists():
        user = WhatsAppUser.objects.create(channel=shop())
        Thread.objects.create(user=user, token_count=9000)
        for number in range(5):
            other = WhatsAppUser.objects.create(channel=shop(), name=f"customer {number}")
            Thread.objects.create(user=other, token_count=9000)


def short_threads(world: World) -> None:
    Thread.objects.update(token_count=0)


def open_circuit(world: World) -> None:
    circuit_force("llm:openai", by="staff")


def close_circuit(world: World) -> None:
    circuit_force("llm:openai", by="")


def messages(count: int, *, weeks_ago: int) -> None:
    """So many messages came in half an hour before now, that many weeks ago."""
    user, _ = WhatsAppUser.objects.get_or_create(channel=shop(), name="customer")
    start = user.messages.count()
    at = timezone.now() - timedelta(weeks=weeks_ago, minutes=30)
    rows = [
        Message(channel=user.channel, user=user, direction="in", state="answered", sequence=start + number)
        for number in range(1, count + 1)
    ]
    for row in Message.objects.bulk_create(rows):
        Message.objects.filter(pk=row.pk).update(created_at=at)


def earlier_weeks(count: int) -> None:
    if not Message.objects.exists():
        messages(1, weeks_ago=6)
        for week in range(1, 5):
            messages(count, weeks_ago=week)


def silence(world: World) -> None:
    earlier_weeks(8)


def a_message(world: World) -> None:
    messages(1, weeks_ago=0)


def flood(world: World) -> None:
    earlier_weeks(20)
    messages(60, weeks_ago=0)


def runs(cost: str, *, weeks_ago: int, count: int = 1) -> None:
    at = timezone.now() - timedelta(weeks=weeks_ago, minutes=30)
    for _ in range(count):
        run = Run.objects.create(
            epoch=1, state=RunState.COMPLETED, cost_usd=Decimal(cost), finished_at=timezone.now()
        )
        Run.objects.filter(pk=run.pk).update(started_at=at)


def costly(world: World) -> None:
    if not Run.objects.exists():
        runs("0.001", weeks_ago=6)
        for week in range(1, 5):
            runs("1", weeks_ago=week)
        runs("0.2", weeks_ago=0, count=25)


def no_runs_now(world: World) -> None:
    Run.objects.filter(started_at__gte=timezone.now() - HOUR).delete()


def spent(usd: int) -> Step:
    def spend(world: World) -> None:
        budget, _ = Budget.objects.get_or_create(channel=None, defaults={"daily_usd": 10})
        day = period_starts(today())[BudgetPeriod.DAY]
        BudgetSpending.objects.update_or_create(
            budget=budget, period=BudgetPeriod.DAY, starts_on=day, defaults={"spent_usd": usd}
        )

    return spend


def seen(layer: str, level: str, result: str) -> dict[str, str]:
    return {"layer": layer, "level": level, "result": result}


def slow_requests(world: World) -> None:
    world.observe("http_request_seconds", 3.0, times=60, endpoint="webhook")


CASES = {
    **{slug: found(rule.source.check) for slug, rule in RULES.items() if isinstance(rule.source, Down)},
    "circuit_open": Case(open_circuit, close_circuit, "llm:openai"),
    "database_errors": counted(
        ("db_operations_total", 1000, {"operation": "select"}),  # the test's own statements count, too
        ("db_errors_total", 250, {"operation": "select"}),
        after=420,
    ),
    "database_slow": Case(
        lambda world: world.health("database", Status.DEGRADED, latency_ms=600),
        lambda world: world.health("database", Status.UP, latency_ms=2),
    ),
    "cache_errors": counted(
        ("cache_requests_total", 79, seen("thread", "redis", "hit")),
        ("cache_requests_total", 21, seen("thread", "redis", "error")),
        after=420,
    ),
    "client_data_hit_rate": counted(
        ("cache_requests_total", 100, seen("client_data", "process", "miss")),
        ("cache_requests_total", 130, seen("client_data", "process", "hit")),
        ("cache_requests_total", 9, seen("client_data", "redis", "hit")),
        ("cache_requests_total", 61, seen("client_data", "redis", "miss")),
        after=1020,
    ),
    "memory_high": Case(
        lambda world: world.health("memory", Status.DEGRADED, figures={"percent": 86}),
        lambda world: world.health("memory", Status.UP, figures={"percent": 60}),
    ),
    "inbox_backlog": Case(question, answered),
    "outbox_backlog": Case(reply, sent),
    "forwards_backlog": Case(forward, forwarded),
    "dead_letters": Case(parked, answered),
    "http_errors": counted(
        ("http_requests_total", 97, {"endpoint": "webhook", "status": "2xx"}),
        ("http_requests_total", 3, {"endpoint": "webhook", "status": "5xx"}),
        after=420,
    ),
    "http_slow": Case(slow_requests, heals_after=420),
    "rate_limits": Case(
        counted(("rate_limited_total", 101, {"scope": "ip"}), after=0).broken, scope="ip", heals_after=420
    ),
    "hook_errors": counted(("hook_errors_total", 1, {}), after=420),
    "channel_silent": Case(silence, a_message, "shop"),
    "message_volume": Case(flood, scope="shop", heals_after=3600),
    "thread_churn": counted(
        ("thread_tokens_reset_total", 6, {"reason": "thread_changed"}),
        ("thread_tokens_reset_total", 4, {"reason": "first"}),
        after=1020,
    ),
    "tokens_lost": counted(("tokens_lost_total", 1001, {}), after=420),
    "race_errors": counted(("race_errors_total", 31, {}), after=420),
    "high_token_threads": Case(long_threads, short_threads),
    "cost_unusual": Case(costly, no_runs_now),
    "budget_near": Case(spent(8), spent(0), "* day"),
    "budget_spent": Case(spent(10), spent(0), "* day"),
}


def test_every_shipped_rule_has_a_case_here() -> None:
    assert CASES.keys() == RULES.keys()


@pytest.mark.parametrize("slug", RULES)
def test_it_fires_and_is_resolved(world: World, slug: str) -> None:
    rule, case = RULES[slug], CASES[slug]
    world.count("turns_total", result="answered")  # that the counts are known at all
    world.evaluate()
    assert world.state(slug, case.scope) == "", "nothing is wrong yet"

    case.broken(world)
    for seconds in (0, rule.hold.total_seconds()):
        world.wait(seconds + 1)
        case.broken(world)
        world.wait(61 if rule.every else 0)
        world.evaluate()
    assert world.state(slug, case.scope) == "firing"

    case.whole(world)
    world.wait(max(case.heals_after, 61 if rule.every else 0))
    case.whole(world)
    world.evaluate()
    assert world.state(slug, case.scope) == "resolved"


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("slug", RULES)
def test_it_says_what_it_means_and_what_to_do(slug: str, language: str) -> None:
    rule = RULES[slug]
    with override(language):
        for text in map(str, (rule.title, rule.meaning, rule.action)):
            assert text
            assert "\n" not in text
        assert len(str(rule.title)) <= 60
        assert str(rule.meaning).endswith(".")
