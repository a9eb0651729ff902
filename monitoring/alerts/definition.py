"""What a rule is made of."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, StrEnum
from typing import TYPE_CHECKING

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from monitoring.alerts.severity import Severity
from monitoring.alerts.sources import Source

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

NOTHING = timedelta()


class Compare(Enum):
    """When a value breaks its rule. The words are PromQL's."""

    ABOVE = ">"
    AT_LEAST = ">="
    BELOW = "<"

    def holds(self, value: float, threshold: float) -> bool:
        if self is Compare.BELOW:
            return value < threshold
        return value > threshold or (self is Compare.AT_LEAST and value == threshold)


class Unit(StrEnum):
    COUNT = "count"
    PERCENT = "percent"
    SECONDS = "seconds"
    PER_SECOND = "per_second"
    TIMES = "times"
    STATE = "state"


def _number(value: float, decimals: int) -> str:
    return number_format(round(value, decimals), decimals, use_l10n=True, force_grouping=True)


def _seconds_text(value: float) -> str:
    if value >= 120:
        return f"{_number(value / 60, 0)} min"
    return f"{_number(value, 1 if value >= 1 else 2)} s"


_FORMATS: dict[Unit, Callable[[float], str]] = {
    Unit.COUNT: lambda value: _number(value, 0),
    Unit.PERCENT: lambda value: f"{_number(value, 1)} %",
    Unit.SECONDS: _seconds_text,
    Unit.PER_SECOND: lambda value: f"{_number(value, 2)}/s",
    Unit.TIMES: lambda value: f"{_number(value, 1)}×",
    Unit.STATE: lambda value: _("yes") if value else _("no"),
}


def value_text(value: float | None, unit: Unit) -> str:
    """Return a value for people; "–" for one that is not known."""
    return "–" if value is None else _FORMATS[unit](value)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDefinition:
    """A rule as shipped. `title`, `meaning` and `action` are sentences for people.

    It is broken while `source` compares so with `threshold`, on at least `minimum` samples, and fires when
    it has been for `hold`. `window` is how far back it looks; `every`, how often it is worth a look.
    """

    slug: str
    title: "StrPromise"
    meaning: "StrPromise"
    action: "StrPromise"
    severity: Severity
    source: Source
    threshold: float
    unit: Unit
    compare: Compare = Compare.ABOVE
    window: timedelta = NOTHING
    hold: timedelta = NOTHING
    minimum: int = 0
    every: timedelta = NOTHING
