"""Results for people and for programs."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.runner import LARGE_SPREAD, Result, Row
from benchmarks.summaries import Summary


def table(result: Result) -> str:
    """Return the figures of a bench as lines of text, medians with the lowest and highest round."""
    return "\n".join(_lines(result))


def as_json(result: Result) -> dict[str, Any]:
    return {
        "name": result.name,
        "about": result.about,
        "rounds": result.rounds,
        "figures": [
            {
                "name": row.figure.name,
                "unit": row.figure.unit,
                "contenders": _summaries(row.summaries),
                "ratios": _summaries(row.ratios),
            }
            for row in result.rows
        ],
        "missed": [str(target) for target in result.missed],
    }


def _summaries(summaries: Mapping[str, Summary]) -> dict[str, dict[str, float | None]]:
    return {
        name: {"median": _number(each.median), "low": _number(each.low), "high": _number(each.high)}
        for name, each in summaries.items()
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None  # JSON knows no NaN


def _lines(result: Result) -> Iterator[str]:
    yield f"{result.name}: {result.about}"
    contenders, others = list(result.rows[0].summaries), list(result.rows[0].ratios)
    head = ["", *contenders, *(f"ratio to {name}" for name in others)]
    yield from _aligned([head, *(_cells(row, contenders, others) for row in result.rows)])
    yield f"medians of {result.rounds} rounds (lowest–highest)"
    if any(row.is_noisy for row in result.rows):
        yield f"* rounds more than {LARGE_SPREAD:.0%} apart: something else was busy; measure again"
    for target in result.missed:
        yield f"missed: {target}"


def _cells(row: Row, contenders: Sequence[str], others: Sequence[str]) -> list[str]:
    mark = " *" if row.is_noisy else ""
    summaries = [*map(row.summaries.get, contenders), *map(row.ratios.get, others)]
    return [f"{row.figure.name} [{row.figure.unit}]{mark}", *map(_cell, summaries)]


def _cell(summary: Summary | None) -> str:
    if summary is None:
        return "–"
    return f"{_short(summary.median)} ({_short(summary.low)}–{_short(summary.high)})"


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *rest in rows:
        cells = [first.ljust(widths[0]), *(c.rjust(w) for c, w in zip(rest, widths[1:], strict=True))]
        yield "  ".join(cells).rstrip()
