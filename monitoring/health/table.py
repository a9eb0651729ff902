"""The table of checks: what there is to look at, how often, and how long a look may take."""

from collections.abc import Callable
from functools import partial

from django.conf import settings

from conversations.services.language_models import language_models
from conversations.shop.inventory_service.asking import is_configured
from monitoring.health.checks import (
    channels,
    database,
    inventory,
    laravel,
    machines,
    processes,
    queues,
    redis_server,
)
from monitoring.health.checks import (
    language_models as models,
)
from monitoring.health.findings import Check, Finding
from sessions_app.models import Channel, ChannelKind

PERIOD = 30.0
SOON = 5.0
"""For what is to be seen within half a minute of its end."""
STORE_DEADLINE = 5.0
ASKING_DEADLINE = 10.0
"""A little more than any call may take by itself."""


def checks() -> list[Check]:
    """Return the checks of what is configured now. Raises django.db.Error."""
    return [*standing(), *_of_channels(), *_of_models(), *_of_services()]


def standing() -> list[Check]:
    """Return those that every installation has."""
    return [
        Check("redis", SOON, STORE_DEADLINE, redis_server.look),
        Check("broker", PERIOD, ASKING_DEADLINE, redis_server.look_at_broker),
        _stored("database", SOON, database.look),
        _stored("workers", SOON, processes.look_at_workers),
        _stored("beat", 3 * SOON, processes.look_at_beat),
        _stored("inbox", 3 * SOON, queues.look_at_inbox),
        _stored("outbox", 3 * SOON, queues.look_at_outbox),
        _stored("memory", 3 * SOON, machines.look_at_memory),
        _stored("disk", PERIOD, machines.look_at_disk),
    ]


def _stored(name: str, period: float, look: Callable[[], Finding]) -> Check:
    return Check(name, period, STORE_DEADLINE, look, reads_database=True)


def _of_channels() -> list[Check]:
    """A gateway of one's own cannot be asked: it has no check."""
    active = Channel.objects.filter(is_active=True).exclude(kind=ChannelKind.GATEWAY)
    return [
        Check(f"channel:{channel.slug}", PERIOD, ASKING_DEADLINE, partial(channels.look, channel.account()))
        for channel in active
    ]


def _of_models() -> list[Check]:
    return [
        Check(f"llm:{provider.name}", PERIOD, ASKING_DEADLINE, partial(models.look, provider))
        for provider in language_models()
    ]


def _of_services() -> list[Check]:
    found = []
    if settings.LARAVEL_API_URL:
        found.append(_stored("laravel", 3 * SOON, laravel.look))
        found.append(_stored("forwards", 3 * SOON, queues.look_at_forwards))
    if is_configured():
        found.append(Check("inventory", PERIOD, ASKING_DEADLINE, inventory.look))
    return found
