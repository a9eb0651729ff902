"""Everything that `/metrics` may tell, whether it has happened yet or not."""

from dataclasses import dataclass
from typing import Any

from monitoring.metrics.collector import ClusterCollector


@dataclass(frozen=True, slots=True)
class Family:
    """One metric as it is scraped: counters' names end in `_total`."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str

    @property
    def sample_names(self) -> set[str]:
        """The names that a query can ask for."""
        if self.kind == "histogram":
            return {f"{self.name}_{part}" for part in ("bucket", "sum", "count")}
        return {self.name}


def families() -> dict[str, Family]:
    """Return what the collector yields now, by name; Postgres and Redis have to be there."""
    found = [_family(metric) for metric in ClusterCollector().collect()]
    by_name = {family.name: family for family in found}
    assert len(by_name) == len(found), "a family is told twice"
    return by_name


def _family(metric: Any) -> Family:
    name = f"{metric.name}_total" if metric.type == "counter" else metric.name
    return Family(name, metric.type, tuple(metric._labelnames), metric.documentation)
