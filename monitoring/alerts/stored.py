"""Measures that read Postgres or Redis. Each takes the rule's window and may raise what its store raises."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from django.db.models import Q

from conversations.models import InboundState, Message, OutboundState
from conversations.services.budget_standing import standings
from conversations.services.summaries import high_token_threads
from monitoring.alerts.measured import Measured
from monitoring.alerts.usual import Compared, costs_compared, messages_compared
from monitoring.services import queue_ages
from monitoring.services.breakers import breakers

FEW_MESSAGES = 5
FEW_USD = 0.05
"""Added to both sides of a comparison, so that next to nothing is never many times nothing."""

Measure = Callable[[timedelta], list[Measured]]


def open_circuits(_window: timedelta) -> list[Measured]:
    """0 closed, 1 half-open, 2 open, by circuit. Raises RedisAway."""
    order = ("closed", "half_open", "open")
    return [Measured(breaker.name, order.index(breaker.state)) for breaker in breakers()]


def inbox_age(_window: timedelta) -> list[Measured]:
    return [Measured("", queue_ages.question_seconds())]


def outbox_age(_window: timedelta) -> list[Measured]:
    return [Measured("", queue_ages.reply_seconds())]


def forwards_age(_window: timedelta) -> list[Measured]:
    return [Measured("", queue_ages.forward_due_seconds())]


def dead_letters(_window: timedelta) -> list[Measured]:
    parked = Q(state__in=(InboundState.PARKED, OutboundState.UNKNOWN))
    return [Measured("", Message.objects.filter(parked).count())]


def long_threads(_window: timedelta) -> list[Measured]:
    return [Measured("", high_token_threads().count())]


def channel_messages(window: timedelta) -> list[Measured]:
    """Messages that came in, by channel; the sample is the fewest of the same time in earlier weeks."""
    return [
        Measured(slug, compared.now, compared.least if compared.is_comparable else 0)
        for slug, compared in messages_compared(window).items()
    ]


def message_volume(window: timedelta) -> list[Measured]:
    """How many times over the most, or under the fewest, of earlier weeks the incoming messages are."""
    return [
        Measured(slug, max(_over(compared, FEW_MESSAGES), _under(compared, FEW_MESSAGES)), _sample(compared))
        for slug, compared in messages_compared(window).items()
        if compared.is_comparable
    ]


def cost_volume(window: timedelta) -> list[Measured]:
    """How many times the most of earlier weeks the models cost; the sample is the runs of now."""
    compared, runs = costs_compared(window)
    return [Measured("", _over(compared, FEW_USD), runs)] if compared.is_comparable else []


def budget_used(_window: timedelta) -> list[Measured]:
    """Percent used of each budget's day and month, where they have a limit."""
    return [
        Measured(f"{each.budget.channel.slug if each.budget.channel else '*'} {part.period}", part.percent)
        for each in standings()
        for part in (each.day, each.month)
        if part.percent is not None
    ]


MEASURES: Mapping[str, Measure] = {
    "open_circuits": open_circuits,
    "inbox_age": inbox_age,
    "outbox_age": outbox_age,
    "forwards_age": forwards_age,
    "dead_letters": dead_letters,
    "high_token_threads": long_threads,
    "channel_messages": channel_messages,
    "message_volume": message_volume,
    "cost_volume": cost_volume,
    "budget_used": budget_used,
}


def _over(compared: Compared, few: float) -> float:
    return (compared.now + few) / (compared.most + few)


def _under(compared: Compared, few: float) -> float:
    return (compared.least + few) / (compared.now + few)


def _sample(compared: Compared) -> float:
    return max(compared.now, compared.least)
