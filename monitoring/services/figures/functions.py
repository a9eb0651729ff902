"""The functions that the model calls: how often, how well, how long."""

from dataclasses import dataclass

from monitoring.services.frame import Frame

CALLS, SECONDS = "function_calls_total", "function_seconds"
DONE = ("ok", "repeated")
"""A repeated call was answered with what it had brought about the first time."""


@dataclass(frozen=True, slots=True)
class FunctionFigures:
    """One function; `p95_seconds` is None when it was not timed."""

    name: str
    calls: float
    done: float
    p95_seconds: float | None

    @property
    def failed_percent(self) -> float:
        return 100 * (self.calls - self.done) / self.calls


def functions(frame: Frame) -> list[FunctionFigures]:
    """Return the functions that were called in the frame's window, the most called first."""
    calls = frame.totals_by(CALLS, "name")
    done = [frame.totals_by(CALLS, "name", result=result) for result in DONE]
    times = frame.histograms_by(SECONDS, "name")
    found = [
        FunctionFigures(
            name=name,
            calls=total,
            done=sum(by_name.get(name, 0.0) for by_name in done),
            p95_seconds=times[name].quantile(0.95) if name in times else None,
        )
        for name, total in calls.items()
        if total
    ]
    return sorted(found, key=lambda function: (-function.calls, function.name))
