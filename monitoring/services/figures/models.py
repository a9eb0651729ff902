"""The language models: who answered, what that cost, what the cache saved, how fast and how well."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, Sum

from conversations.llm.response_cache import CACHE_PROVIDER
from conversations.models import Run
from conversations.services.savings import Savings, savings
from monitoring.services.frame import Frame
from monitoring.services.time_steps import Window

ANSWER_CACHE, TRIPS, SECONDS = "ai_response_cache_total", "circuit_trips_total", "ai_request_seconds"
HITS = ("hit", "pinned")


@dataclass(frozen=True, slots=True)
class ModelShare:
    """The runs that one model answered; `cost_usd` is None when no run's price is known."""

    provider: str
    model: str
    runs: int
    fallbacks: int
    cost_usd: Decimal | None


@dataclass(frozen=True, slots=True)
class Distribution:
    """All runs of a window by who answered them, the most frequent first; the cache is one of them."""

    shares: Sequence[ModelShare]
    savings: Savings

    @property
    def runs(self) -> int:
        return sum(share.runs for share in self.shares)

    @property
    def fallbacks(self) -> int:
        """Return how many runs the offline responder answered because no model did."""
        return sum(share.fallbacks for share in self.shares)

    @property
    def cost_usd(self) -> Decimal | None:
        """Return what is known of the costs; None when nothing is."""
        known = [share.cost_usd for share in self.shares if share.cost_usd is not None]
        return sum(known, Decimal(0)) if known else None

    @property
    def answered_by_cache(self) -> int:
        return sum(share.runs for share in self.shares if share.provider == CACHE_PROVIDER)


@dataclass(frozen=True, slots=True)
class Calls:
    """The window's calls of models: part of questions that the cache answered, seconds, trips of breakers.

    None: not known, or nothing of the kind happened (`hit_percent`, `mean_seconds`, `p95_seconds`).
    """

    hit_percent: float | None
    mean_seconds: float | None
    p95_seconds: float | None
    trips: float | None


def distribution(window: Window) -> Distribution:
    """Return who answered the runs that began in the window, in two queries."""
    runs = Run.objects.filter(started_at__gte=window.since, started_at__lt=window.until).exclude(provider="")
    rows = runs.order_by().values_list("provider", "model")
    counted = rows.annotate(
        runs=Count("pk"), fallbacks=Count("pk", filter=Q(degraded=True)), cost=Sum("cost_usd")
    )
    shares = sorted((ModelShare(*row) for row in counted), key=lambda share: -share.runs)
    return Distribution(shares, savings(window.since, window.until))


def hit_percent(frame: Frame) -> float | None:
    """Return the part of the eligible questions that a kept answer served; None without any."""
    kept = hits(frame)
    asked = kept + (frame.total(ANSWER_CACHE, result="miss") or 0)
    return 100 * kept / asked if asked else None


def hits(frame: Frame) -> float:
    """Return how many questions a kept answer served, pinned ones among them."""
    found = frame.totals_by(ANSWER_CACHE, "result")
    return sum(found.get(result, 0.0) for result in HITS)


def calls(frame: Frame) -> Calls:
    """Return what the calls of the frame's window were like."""
    times = frame.histogram(SECONDS)
    return Calls(
        hit_percent=hit_percent(frame),
        mean_seconds=times.mean,
        p95_seconds=times.quantile(0.95),
        trips=frame.total(TRIPS),
    )
