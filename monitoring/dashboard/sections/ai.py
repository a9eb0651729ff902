"""The assistant: who answered, what it cost, and what of the budgets is used."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from conversations.services.budgets import Step
from conversations.templatetags.money import usd
from monitoring.charts import Share, Unit, share_bar
from monitoring.charts.share import TONES
from monitoring.dashboard.figures import Figures
from monitoring.dashboard.links import Links
from monitoring.dashboard.sections.panels import Named, Panel, bar_panel
from monitoring.dashboard.tiles import Tile, measured
from monitoring.services.figures.models import answer_points, answers, hit_percent, hits, providers
from monitoring.services.series import Frame

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
    """How one provider did: calls, the part that went well, and the time of the slowest 5 %."""

    name: str
    calls: str
    well: str
    slow: str


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
        measured(_("Answered from the cache"), hit_percent(figures.frame), Unit.PERCENT),
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
