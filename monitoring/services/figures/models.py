"""The language models: who answered, how fast and how well, and what kept answers served."""

from dataclasses import dataclass
from datetime import timedelta

from monitoring.services.frame import Frame, Point

CALLS, SECONDS, ANSWER_CACHE = "ai_requests_total", "ai_request_seconds", "ai_response_cache_total"
HITS = ("hit", "pinned")


@dataclass(frozen=True, slots=True)
class ProviderFigures:
    """One provider: its calls, those that brought an answer; its seconds are None when none was timed."""

    name: str
    calls: float
    answers: float
    mean_seconds: float | None
    p95_seconds: float | None

    @property
    def answered_percent(self) -> float:
        return 100 * self.answers / self.calls


def providers(frame: Frame) -> list[ProviderFigures]:
    """Return the providers that were asked in the frame's window, the busiest first."""
    calls, answered = frame.totals_by(CALLS, "provider"), answers(frame)
    times = frame.histograms_by(SECONDS, "provider")
    found = [
        ProviderFigures(
            name=name,
            calls=total,
            answers=answered.get(name, 0.0),
            mean_seconds=times[name].mean if name in times else None,
            p95_seconds=times[name].quantile(0.95) if name in times else None,
        )
        for name, total in calls.items()
        if total
    ]
    return sorted(found, key=lambda provider: -provider.calls)


def answers(frame: Frame) -> dict[str, float]:
    """Return how many answers came from each provider."""
    return frame.totals_by(CALLS, "provider", result="ok")


def answer_points(frame: Frame, step: timedelta) -> dict[str, list[Point]]:
    """Return the same in every step of the frame's window."""
    return frame.points_by(CALLS, "provider", step, result="ok")


def hit_percent(frame: Frame) -> float | None:
    """Return the part of the eligible questions that a kept answer served; None without any."""
    kept = hits(frame)
    asked = kept + (frame.total(ANSWER_CACHE, result="miss") or 0)
    return 100 * kept / asked if asked else None


def hits(frame: Frame) -> float:
    """Return how many questions a kept answer served, pinned ones among them."""
    found = frame.totals_by(ANSWER_CACHE, "result")
    return sum(found.get(result, 0.0) for result in HITS)
