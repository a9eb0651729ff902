"""Amounts of money, and what was had for it, for people."""

from decimal import Decimal

from django import template
from django.utils.formats import number_format

register = template.Library()

CENT = 2
_MORE_BELOW = ((Decimal("0.001"), 6), (Decimal(1), 4))
"""How many decimals an amount below so much has."""


@register.filter
def usd(amount: Decimal | None) -> str:
    """Return US dollars with as many decimals as tell something: US$12.34, US$0.0021; – for None."""
    if amount is None:
        return "–"
    size = abs(amount)
    decimals = next((more for limit, more in _MORE_BELOW if 0 < size < limit), CENT)
    sign = "-" if amount < 0 else ""
    number = number_format(round(size, decimals), decimal_pos=decimals, use_l10n=True, force_grouping=True)
    return f"{sign}US${number}"


@register.filter
def whole(count: int) -> str:
    """Return a count with its thousands grouped."""
    return number_format(count, use_l10n=True, force_grouping=True)
