"""The functions that the model calls: how often, how well, how long."""

from dataclasses import dataclass

from monitoring.services.frame import Frame

CALLS, SECONDS = "function_calls_total", "function_seconds"
DONE = ("ok", "repeated")
"""A repeated call was answered with what it had brought about the first time."""


@dataclass(frozen=True, slots=True)
class FunctionFigures:
    """One function; its seconds are None when it was not timed."""

    name: str
    calls: float
    done: float
    mean_seconds: float | None
    p95_seconds: float | None

    @property
    def failed_percent(self) -> float:
        return 100 * (self.calls - self.done) / self.calls


@dataclass(frozen=True, slots=True)
class FunctionCalls:
    """All calls, whichever the function, and those that were done. None: not known."""

    calls: float | None
    done: float | None
    mean_seconds: float | None

    @property
    def done_percent(self) -> float | None:
        """Return the part of the calls that were done; None without any."""
        return 100 * (self.done or 0.0) / self.calls if self.calls else None


def function_calls(frame: Frame) -> FunctionCalls:
    """Return the calls of the frame's window."""
    calls, results = frame.total(CALLS), frame.totals_by(CALLS, "result")
    done = None if calls is None else sum(results.get(result, 0.0) for result in DONE)
    return FunctionCalls(calls, done, frame.mean(SECONDS))


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
            mean_seconds=times[name].mean if name in times else None,
            p95_seconds=times[name].quantile(0.95) if name in times else None,
        )
        for name, total in calls.items()
        if total
    ]
    return sorted(found, key=lambda function: (-function.calls, function.name))
