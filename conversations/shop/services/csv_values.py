"""What cells of a catalogue mean: prices, counts and yes or no, as people write them. Raises BadCell."""

import re
from decimal import Decimal

from django.utils.translation import gettext as _

YES = frozenset(("1", "si", "sí", "s", "yes", "y", "true", "verdadero", "x", "activo", "activa", "active"))
NO = frozenset(("0", "no", "n", "false", "falso", "inactivo", "inactiva", "inactive"))

_MONEY_SIGN = re.compile(r"^(?:[A-Za-z]{0,3}\$|€|S/\.?|Bs\.?|[A-Z]{3})?\s*(.*?)\s*(?:€|\$|[A-Z]{3})?$")
_WHOLE = re.compile(r"^(?:\d*|\d{1,3}(?:([.,' ])\d{3})(?:\1\d{3})*)$")
_DECIMALS = re.compile(r"^(.*)([.,])(\d+)$")
_LONGEST_NUMBER = 25


class BadCell(ValueError):
    """The message tells a person what is wrong."""


def amount_of(text: str) -> Decimal:
    """Return a price: `12.50`, `12,50`, `1.234,56`, `1,234.56`, `$ 12.900` (which is twelve thousand)."""
    if not text:
        raise BadCell(_("The price is missing."))
    value = _number(_MONEY_SIGN.sub(r"\1", text.replace("\xa0", " ").strip()))
    if value is None:
        raise BadCell(_("“%(text)s” is not a price.") % {"text": text})
    if value != round(value, 2):
        raise BadCell(_("“%(text)s” has more than two decimals.") % {"text": text})
    return round(value, 2)


def count_of(text: str) -> int | None:
    """Return a count of whole things; None when the cell is empty, which means that nobody counts."""
    if not text:
        return None
    value = _number(text)
    if value is None or value != int(value):
        raise BadCell(_("“%(text)s” is not a count.") % {"text": text})
    return int(value)


def flag_of(text: str) -> bool:
    """Return yes or no; an empty cell is yes."""
    word = text.casefold()
    if word in NO:
        return False
    if word in YES or not word:
        return True
    raise BadCell(_("“%(text)s” is neither yes nor no.") % {"text": text})


def _number(text: str) -> Decimal | None:
    """Read a number that is not negative. One separator before three last digits parts thousands."""
    if not (text.isascii() and 0 < len(text) <= _LONGEST_NUMBER):
        return None
    whole = _WHOLE.match(text)
    if whole and not (whole[1] and text.startswith("0")):
        return Decimal(_digits(text))
    parts = _DECIMALS.match(text)
    whole = parts and _WHOLE.match(parts[1])
    if not parts or not whole or whole[1] == parts[2]:
        return None
    return Decimal(f"{_digits(parts[1]) or '0'}.{parts[3]}")


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))
