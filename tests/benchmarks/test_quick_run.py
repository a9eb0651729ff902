"""Every bench runs end to end, on stores of its own that are gone afterwards."""

import json
import os
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest

from benchmarks.benches import bench_names
from tests.faults.stores import maintenance_url

pytestmark = pytest.mark.stack

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Run:
    """A run of the benchmarks that has ended."""

    pid: int
    code: int
    output: str
    errors: str


def benchmarks(*words: str) -> Run:
    command = [sys.executable, "-m", "benchmarks", *words]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        output, errors = process.communicate(timeout=400)
    return Run(process.pid, process.returncode, output, errors)


def databases() -> set[str]:
    with (
        closing(psycopg2.connect(maintenance_url(os.environ["DATABASE_URL"]))) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE 'bench\\_%'")
        return {name for (name,) in cursor.fetchall()}


def test_a_quick_run_measures_every_bench(tmp_path: Path) -> None:
    ended = benchmarks("--quick", "--json", str(tmp_path / "report.json"))

    assert (ended.code, ended.errors) == (0, "")
    report = json.loads((tmp_path / "report.json").read_text())
    assert [bench["name"] for bench in report["benches"]] == bench_names()
    assert report["machine"]["database"].startswith("PostgreSQL ")
    webhook = next(bench for bench in report["benches"] if bench["name"] == "webhook")
    throughput = webhook["figures"][0]
    assert throughput["unit"] == "requests/s"
    assert all(each["median"] > 0 for each in throughput["contenders"].values())
    assert "webhook: signed webhook" in ended.output
    assert f"bench_botsite_{ended.pid}" not in databases()


def test_an_unknown_bench_is_refused_with_the_list() -> None:
    ended = benchmarks("nothing")

    assert ended.code == 2
    assert "webhook" in ended.errors
