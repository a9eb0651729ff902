"""Reading fields of payloads that strangers wrote: what is missing or of a wrong type is empty, no error."""

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

JsonObject = Mapping[str, Any]

ID_LIMIT = 200
_EARLIEST, _LATEST = 946_684_800, 4_102_444_800  # the years 2000 and 2100
_MILLISECONDS = 100_000_000_000  # as seconds, this would be the year 5138


def as_object(value: object) -> JsonObject:
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def objects(value: object) -> Iterator[JsonObject]:
    """Yield those items of a list that are objects."""
    return (item for item in as_list(value) if isinstance(item, dict))


def first_object(value: object) -> JsonObject:
    return next(objects(value), {})


def as_text(value: object) -> str:
    """Return words as they are and numbers as they are written; whatever else is empty."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def as_identifier(value: object) -> str:
    """Return a name that can be stored and compared; one that is too long or not printable is empty."""
    text = as_text(value)
    return text if len(text) <= ID_LIMIT and text.isprintable() else ""


def as_sentence(value: object) -> str:
    """Return one short printable line for people."""
    return "".join(c if c.isprintable() else " " for c in as_text(value)[:ID_LIMIT]).strip()


def as_time(value: object) -> datetime | None:
    """Return an instant given in seconds of the epoch (or in milliseconds, as some senders do by mistake)."""
    try:
        seconds = float(as_text(value))
    except ValueError:
        return None
    if math.isfinite(seconds) and seconds >= _MILLISECONDS:
        seconds /= 1000
    return datetime.fromtimestamp(seconds, UTC) if _EARLIEST <= seconds < _LATEST else None
