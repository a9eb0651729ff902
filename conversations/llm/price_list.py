"""The list prices we know, which the table of prices begins with; staff keep that one up to date."""

from datetime import date, time
from decimal import Decimal

from conversations.llm.pricing import Price

_NOVEMBER = date(2026, 11, 1)
_WORKDAYS = "12345"


def _price(
    provider: str,
    model: str,
    usd: tuple[str, str | None, str],
    *,
    valid_from: date = _NOVEMBER,
    peak: tuple[time, time] | None = None,
) -> Price:
    """Return a row; `usd` is for a million tokens: input, cached input, output."""
    input_, cached, output = usd
    starts_at, ends_at = peak or (None, None)
    return Price(
        provider=provider,
        model=model,
        valid_from=valid_from,
        input=Decimal(input_),
        cached=None if cached is None else Decimal(cached),
        output=Decimal(output),
        weekdays=_WORKDAYS if peak else "",
        starts_at=starts_at,
        ends_at=ends_at,
    )


_DEEPSEEK_PEAKS = ((time(1), time(4)), (time(6), time(10)))

PRICE_LIST = (
    _price("openai", "gpt-6-luna", ("0.10", "0.01", "0.50")),
    _price("openai", "gpt-6.1-terra", ("1.00", "0.05", "5.00")),
    _price("openai", "gpt-5.4-nano", ("0.20", "0.02", "1.25")),
    _price("openai", "gpt-5.4-mini", ("0.75", "0.075", "4.50")),
    _price("deepseek", "deepseek-flash", ("0.15", "0.003", "0.60")),
    *(_price("deepseek", "deepseek-flash", ("0.30", "0.006", "1.20"), peak=peak) for peak in _DEEPSEEK_PEAKS),
    _price("gemini", "gemini-3.5-flash-lite", ("0.30", "0.03", "2.50")),
    _price("gemini", "gemini-3.8-flash", ("0.75", "0.075", "3.75")),
    # Announced without a price for cached input.
    _price("gemini", "gemini-3.8-flash", ("1.50", None, "7.50"), valid_from=date(2027, 1, 1)),
)
