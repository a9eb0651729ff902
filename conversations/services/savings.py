"""What the response cache has saved."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Sum

from conversations.llm.response_cache import CACHE_PROVIDER
from conversations.models import Run
from conversations.services.costs import of_channel
from sessions_app.models import Channel


@dataclass(frozen=True, slots=True)
class Savings:
    """How many runs the cache answered, pins among them, and the US dollars that models would have cost."""

    runs: int
    usd: Decimal


def savings(since: datetime, until: datetime, channel: Channel | None = None) -> Savings:
    """Return what runs saved that began from `since` on and before `until` (aware), on one channel or all."""
    runs = Run.objects.filter(provider=CACHE_PROVIDER, started_at__gte=since, started_at__lt=until)
    if channel is not None:
        runs = runs.filter(of_channel(channel.pk))
    sums = runs.aggregate(runs=Count("pk"), usd=Sum("saved_usd"))
    return Savings(sums["runs"], sums["usd"] or Decimal(0))
