"""The watch with its clocks shortened, so that an outage is told of within seconds: a copy of the product."""

from pathlib import Path

from tests.faults.mutation import Replacement, apply, copy_product

_HEARTBEATS = "monitoring/services/heartbeats.py"
_TABLE = "monitoring/health/table.py"
_SHORTENED = (
    Replacement("monitoring/watch/jobs.py", 'Job("evaluate", 15,', 'Job("evaluate", 1,'),
    Replacement("monitoring/watch/jobs.py", 'Job("checks", 2,', 'Job("checks", 1,'),
    Replacement("monitoring/watch/election.py", "LEASE_SECONDS = 12.0", "LEASE_SECONDS = 4.0"),
    Replacement(_HEARTBEATS, "INTERVAL_SECONDS = 10.0", "INTERVAL_SECONDS = 1.0"),
    Replacement(_HEARTBEATS, "SILENT_SECONDS = 20.0", "SILENT_SECONDS = 5.0"),
    Replacement(
        "monitoring/health/checks/processes.py", "BEAT_SILENT_SECONDS = 45.0", "BEAT_SILENT_SECONDS = 6.0"
    ),
    Replacement(
        "botsite/settings.py", "CELERY_BEAT_MAX_LOOP_INTERVAL = 10", "CELERY_BEAT_MAX_LOOP_INTERVAL = 1"
    ),
    Replacement(_TABLE, "\nPERIOD = 30.0", "\nPERIOD = 3.0"),
    Replacement(_TABLE, "SOON = 5.0", "SOON = 1.0"),
    Replacement(
        "botsite/resilience/breaker_state.py",
        "\n    recovery_seconds: float = 60.0",
        "\n    recovery_seconds: float = 3.0",
    ),
)


def shorten_clocks(tree: Path) -> None:
    """Put a copy of the product at `tree` that looks, evaluates and recovers every second or few."""
    copy_product(tree)
    for replacement in _SHORTENED:
        apply(replacement, tree)
