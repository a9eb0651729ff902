"""The assistant: who answered, what it cost, and what of the budgets is used."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from conversations.llm.response_cache import CACHE_PROVIDER
from conversations.services.answering import OFFLINE_PROVIDER
from conversations.services.budgets import Step
from conversations.services.circuits import PREFIX
from conversations.templatetags.money import usd
from monitoring.charts import Share, Unit, share_bar
from monitoring.charts.share import TONES
from monitoring.dashboard.figures import Figures
from monitoring.dashboard.links import Links
from monitoring.dashboard.sections.panels import Named, Panel, bar_panel
from monitoring.dashboard.tiles import Tile, measured
from monitoring.services.figures.breakers import trips
from monitoring.services.figures.models import answer_points, answers, hit_percent, hits, providers
from monitoring.services.figures.runs import Runs
from monitoring.services.series import Frame

LISTED = 8
COSTS = ("conversations.view_budget", "admin:costs")


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """How much of a budget is used today and this month, as texts; `badge` is its colour."""

    name: str
    day: str
    month: str
    badge: str
    state: str


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """How one provider did: calls, the part that went well, and their times: mean, and slowest 5 %."""

    name: str
    calls: str
    well: str
    mean: str
    slow: str


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One model, its provider, and how many runs and which part of all it answered."""

    name: str
    provider: str
    runs: str
    share: str


def cost_tiles(figures: Figures, links: Links) -> list[Tile]:
    """Return what today and this month cost, beside the dearest model; unknown runs are said to be so."""
    url, month = links.page(*COSTS), figures.month
    unknown = _("%(count)s runs in no amount") % {"count": Unit.COUNT.text(month.unknown)}
    saved = "" if month.saved_percent is None else Unit.PERCENT.text(month.saved_percent)
    return [
        Tile(_("Cost today"), usd(figures.today.cost_usd), url=url),
        Tile(_("Cost this month"), usd(month.cost_usd), unknown if month.unknown else "", url),
        Tile(_("On the dearest model"), usd(month.baseline_usd), _("the same traffic, this month"), url),
        Tile(_("Saved"), usd(month.saved_usd), saved, url),
    ]


def assistant_tiles(figures: Figures, links: Links) -> list[Tile]:
    """Return how the range's questions were answered, and what came in between."""
    frame, runs, since = figures.frame, figures.stored.runs, figures.since.isoformat()
    opened = {"at__gte": since, "name__startswith": PREFIX, "now": "open", "cause": "automatic"}
    return [
        measured(_("Answered from the cache"), hit_percent(frame), Unit.PERCENT),
        Tile(_("Saved by kept answers"), usd(runs.saved_usd), latest_only(runs)),
        measured(
            _("Response time of models"),
            frame.mean("ai_request_seconds"),
            Unit.SECONDS,
            note=_("the mean of all calls"),
        ),
        measured(
            _("Fallback answers"),
            runs.percent(runs.fallbacks),
            Unit.PERCENT,
            note=_fallback_note(runs),
            url=links.rows("conversations.run", degraded__exact=1, started_at__gte=since),
        ),
        measured(
            _("Breaker trips of models"),
            trips(frame).models,
            Unit.COUNT,
            note=_("times a provider was left alone"),
            url=links.rows("monitoring.breakerevent", **opened),
        ),
    ]


def latest_only(runs: Runs) -> str:
    """Return which part of the range is told of, when that is not all of it."""
    return _("of the latest %(count)s runs") % {"count": Unit.COUNT.text(runs.total)} if runs.is_cut else ""


def model_rows(runs: Runs) -> list[ModelRow]:
    """Return who answered most: models, kept answers, and the offline responder."""
    names = {CACHE_PROVIDER: _("kept answers"), OFFLINE_PROVIDER: _("without a model")}
    return [
        ModelRow(
            share.model or names.get(share.provider, share.provider),
            share.provider if share.model else "",
            Unit.COUNT.text(share.runs),
            Unit.PERCENT.text(runs.percent(share.runs)),
        )
        for share in runs.shares[:LISTED]
    ]


def answered_by(frame: Frame) -> list[Share]:
    """Return who answered: providers by their calls that went well, and the kept answers."""
    amounts = sorted(answers(frame).items(), key=lambda pair: -pair[1])
    return share_bar([*amounts, (_("kept answers"), hits(frame))])


def provider_rows(frame: Frame) -> list[ProviderRow]:
    """Return the providers that were asked, the busiest first."""
    return [
        ProviderRow(
            provider.name,
            Unit.COUNT.text(provider.calls),
            Unit.PERCENT.text(provider.answered_percent),
            Unit.SECONDS.text(provider.mean_seconds),
            Unit.SECONDS.text(provider.p95_seconds),
        )
        for provider in providers(frame)
    ]


def ai_panel(figures: Figures, step: timedelta) -> Panel:
    points, totals = answer_points(figures.frame, step), answers(figures.frame)
    names = sorted(points, key=lambda name: -totals.get(name, 0.0))[: len(TONES)]
    series: list[Named] = [(name, tone, points[name]) for name, tone in zip(names, TONES, strict=False)]
    return bar_panel("ai", _("Answers of models"), series, step, Unit.COUNT)


def budget_rows(figures: Figures) -> Sequence[BudgetRow]:
    return [
        BudgetRow(
            str(row.budget),
            _used(row.day.spent, row.day.limit, row.day.percent),
            _used(row.month.spent, row.month.limit, row.month.percent),
            {Step.OFFLINE: "down", Step.CHEAPER: "held"}.get(row.step, "up"),
            _steps()[row.step],
        )
        for row in figures.budgets
    ]


def _fallback_note(runs: Runs) -> str:
    if not runs.total:
        return ""
    text = _("%(count)s of the latest %(all)s runs") if runs.is_cut else _("%(count)s of %(all)s runs")
    return text % {"count": Unit.COUNT.text(runs.fallbacks), "all": Unit.COUNT.text(runs.total)}


def _used(spent: Decimal, limit: Decimal | None, percent: int | None) -> str:
    if limit is None or percent is None:
        return usd(spent)
    return f"{usd(spent)} / {usd(limit)} · {Unit.PERCENT.text(percent)}"


def _steps() -> dict[Step, str]:
    return {
        Step.FULL: _("all models answer"),
        Step.CHEAPER: _("cheaper models answer"),
        Step.OFFLINE: _("spent: answers without a model"),
    }
