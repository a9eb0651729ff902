"""What a check found, and what a check is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from monitoring.models import Status


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one look. `detail` is marked for translation and filled with `values` when shown.

    It is read by whoever may see the health page: no secrets, no addresses, no customers.
    `latency_ms` None: the look's own time is measured, where it says something.
    """

    status: Status
    detail: str = ""
    values: Mapping[str, str | int | float] = field(default_factory=dict)
    figures: Mapping[str, float] = field(default_factory=dict)
    latency_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """`look` is called every `period` seconds and may take `deadline` seconds.

    With `reads_database` it shares one thread, and so one connection, with the others that do.
    """

    name: str
    period: float
    deadline: float
    look: Callable[[], Finding]
    reads_database: bool = False
