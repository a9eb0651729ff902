"""What the numbers of a chart are, and how they are written for people."""

from decimal import Decimal
from enum import Enum

from django.utils.formats import number_format

from conversations.templatetags.money import usd

UNKNOWN = "–"


class Unit(Enum):
    """`COUNT` is of whole things, `RATE` may have a fraction; `PERCENT` is 0 to 100."""

    COUNT = "count"
    RATE = "rate"
    SECONDS = "seconds"
    PERCENT = "percent"
    USD = "usd"

    def text(self, value: float | None) -> str:
        """Return the number in the reader's language, with its sign or unit; – for None."""
        if value is None:
            return UNKNOWN
        if self is Unit.USD:
            return usd(Decimal(str(round(value, 9))))
        return f"{_number(value, self._decimals(value))}{_SUFFIXES.get(self, '')}"

    def _decimals(self, value: float) -> int:
        if self is Unit.COUNT:
            return 0
        if value >= 100 or value == int(value):
            return 0
        return next((decimals for limit, decimals in _MORE_BELOW if abs(value) < limit), 1)


_MORE_BELOW = ((0.1, 3), (1.0, 2))
_SUFFIXES = {Unit.SECONDS: " s", Unit.PERCENT: " %"}


def _number(value: float, decimals: int) -> str:
    return number_format(round(value, decimals), decimal_pos=decimals, use_l10n=True, force_grouping=True)
