"""What a rule looks at, as data: measures.py measures it, promql.py words it for Prometheus."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Counted:
    """Counters of one name over the rule's window, with at least these labels."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Total:
    """How much was counted in the window; with `by`, for each value of that label, which is the scope."""

    of: Counted
    by: str = ""


@dataclass(frozen=True, slots=True)
class Rate:
    """How much was counted a second."""

    of: Counted


@dataclass(frozen=True, slots=True)
class Ratio:
    """The share of `part` in the sum of `whole`, in percent; the sample is the whole."""

    part: Counted
    whole: tuple[Counted, ...]


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile of a histogram, in seconds; the sample is the number of observations."""

    name: str
    q: float


@dataclass(frozen=True, slots=True)
class Down:
    """Health checks: 1 for one that is down, 0 otherwise. A name that ends in ":" means all that begin so."""

    check: str


@dataclass(frozen=True, slots=True)
class Latency:
    """How long a health check took, in seconds."""

    check: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the figures of a health check."""

    check: str
    name: str


@dataclass(frozen=True, slots=True)
class Stored:
    """A function of stored.py, which reads Postgres or Redis; `promql` is the metric that tells the same."""

    name: str
    promql: str = ""


Source = Total | Rate | Ratio | Quantile | Down | Latency | Figure | Stored
