"""The figures of a range: what they cost to read is shared by all who look."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from botsite import caching
from conversations.services import costs
from conversations.services.budget_standing import Standing as BudgetStanding
from conversations.services.budget_standing import standings
from monitoring.dashboard.ranges import Range
from monitoring.dashboard.stored import Stored, stored_figures, traffic_mark
from monitoring.services.series import Frame, Window, read

MINUTE = 60


@dataclass(frozen=True, slots=True)
class Figures:
    """All that the charts and tiles of a range are made of."""

    window: Window
    frame: Frame
    stored: Stored
    today: costs.Cost
    month: costs.Cost
    budgets: list[BudgetStanding]

    @property
    def since(self) -> datetime:
        return self.window.since


def figures_mark() -> str:
    """Return what changes with the figures, at least every minute; asked of Postgres every few seconds."""
    stored = cast("str", caching.get_or_load(caching.DASHBOARD, traffic_mark, part="mark"))
    return f"{int(time.time() // MINUTE)}.{stored}"


def figures(chosen: Range, mark: str) -> Figures:
    """Return the figures that go with the mark: read by one, and kept in the process for a moment."""
    part = f"{chosen.key}-{mark}"
    return cast("Figures", caching.get_or_load(caching.DASHBOARD, lambda: _read(chosen), part=part))


def _read(chosen: Range) -> Figures:
    window = Window.last(chosen.span)
    today, month = costs.today_and_month()
    return Figures(
        window=window,
        frame=read(window, step=chosen.step),
        stored=stored_figures(window.since),
        today=today,
        month=month,
        budgets=standings(),
    )
