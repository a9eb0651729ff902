"""Memory and disks: of several machines, and by the limits of control groups."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from monitoring.health.checks import machines
from monitoring.models import ProcessHeartbeat, Status
from monitoring.services import host

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("percent", "status"),
    [(84.9, Status.UP), (85, Status.DEGRADED), (95, Status.DOWN), (None, Status.UP)],
)
def test_the_fullest_machine_counts(percent: float | None, status: Status) -> None:
    for name, used in (("one", 10.0), ("two", percent)):
        ProcessHeartbeat.objects.create(
            kind="web",
            host=name,
            pid=1,
            started_at=timezone.now(),
            seen_at=timezone.now(),
            memory_percent=used,
            disk_percent=used,
        )

    assert (machines.look_at_memory().status, machines.look_at_disk().status) == (status, status)
    if percent:
        assert machines.look_at_memory().values["host"] == "two"


def test_a_machine_that_went_silent_does_not_count() -> None:
    long_ago = timezone.now() - timedelta(minutes=1)
    ProcessHeartbeat.objects.create(
        kind="web", host="gone", pid=1, started_at=long_ago, seen_at=long_ago, memory_percent=99
    )

    assert machines.look_at_memory().status is Status.UP


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A machine of 1,000 kB whose memory is half in use."""
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/meminfo").write_text("MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable: 500 kB\n")
    return tmp_path


def group(machine: Path, path: str, **files: object) -> None:
    folder = machine / "sys/fs/cgroup" / path
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(f"{text}\n")


def test_a_machine_without_limits_counts_what_cannot_be_had_back(machine: Path) -> None:
    assert host.memory_percent(machine) == 50.0


def test_a_limit_anywhere_above_the_process_counts(machine: Path) -> None:
    (machine / "proc/self/cgroup").write_text("0::/site/worker\n")
    group(machine, "site/worker", memory__max="max", memory__current=900)
    group(machine, "site", memory__max=1000, memory__current=900, memory__stat="inactive_file 100")

    assert host.memory_percent(machine) == 80.0


def test_the_older_control_groups_count_too(machine: Path) -> None:
    (machine / "proc/self/cgroup").write_text("3:cpu,memory:/outside/of/the/container\n1:name=systemd:/x\n")
    group(machine, "memory", memory__limit_in_bytes=2**63 - 4096, memory__usage_in_bytes=900)
    assert host.memory_percent(machine) == 50.0

    group(machine, "memory", memory__limit_in_bytes=1000, memory__stat="total_inactive_file 10")
    assert host.memory_percent(machine) == 89.0


def test_a_system_that_does_not_say_is_unknown(tmp_path: Path) -> None:
    assert host.memory_percent(tmp_path) is None
