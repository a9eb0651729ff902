"""A run's outcome for people to read."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.faults.runner import Report

SHOWN_VIOLATIONS = 10


def print_report(report: Report) -> None:
    """Print the figures, what was violated and which targets were missed."""
    print("\n".join(_lines(report)), flush=True)


def write_evidence(report: Report, path: Path) -> None:
    """Keep what the judge saw, as JSON, for whoever looks for the cause of a violation."""
    path.write_text(json.dumps(asdict(report.evidence), default=sorted, indent=1))


def _lines(report: Report) -> list[str]:
    figures = report.figures
    drain = "never" if figures.drain is None else f"{figures.drain:.1f} s"
    kinds = Counter(violation.kind for violation in report.violations)
    return [
        f"== {report.scenario.name}: {report.scenario.about} ({report.scenario.seconds:g} s)",
        f"   messages {figures.acknowledged} of {figures.offered} acknowledged;"
        f" posts {_counts(figures.posts)}",
        f"   in: {_counts(figures.inbound)}; out: {_counts(figures.outbound)}",
        f"   webhook p50 {figures.webhook_p50 * 1000:.0f} ms, p99 {figures.webhook_p99 * 1000:.0f} ms,"
        f" slowest refusal {figures.slowest_refusal:.2f} s",
        f"   reply p50 {figures.reply_p50:.1f} s, p99 {figures.reply_p99:.1f} s; drained in {drain}",
        f"   model calls {figures.calls}, interrupted {figures.interrupted_calls},"
        f" belated {figures.belated_calls}; slowest reclaim {figures.slowest_reclaim:.1f} s",
        f"   violations: {_counts(kinds) or 'none'}",
        *(f"     {v.kind}: {v.detail}" for v in report.violations[:SHOWN_VIOLATIONS]),
        *(f"   missed: {problem}" for problem in report.problems),
    ]


def _counts(counts: Mapping[Any, int]) -> str:
    return ", ".join(f"{key} {count}" for key, count in sorted(counts.items(), key=str))
