"""The folder of this host's counts: shared by all who serve, and swept when the site starts anew."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from botsite.telemetry.host_metrics import FOLDER_VARIABLE, host_metrics_forget_dead, host_metrics_share

# What web server and worker do at their start, in their order, before they count anything.
STARTS = {
    "web": "import botsite.wsgi",
    "worker": "from botsite.celery import app; app.loader.init_worker()",
}
REPORT = """
import json, os
os.environ["DJANGO_SETTINGS_MODULE"] = "botsite.settings"
{start}
from django_prometheus.db import connections_total
connections_total.labels("default", "test").inc()
folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
print(json.dumps([os.getpid(), folder, sorted(os.listdir(folder)) if folder else []]))
"""


@pytest.fixture(autouse=True)
def _no_folder_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, "")  # so that what a test sets is taken back
    monkeypatch.delenv(FOLDER_VARIABLE)


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_who_serves_counts_in_the_hosts_folder(start: str, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", REPORT.format(start=start)],
        env={**os.environ, "VAR_DIR": str(tmp_path), "LOG_TO": "stdout", "WATCH": "0"},
        capture_output=True,
        text=True,
        check=True,
    )

    pid, folder, files = json.loads(ended.stdout.splitlines()[-1])
    assert folder == str(tmp_path / "prometheus")
    assert f"counter_{pid}.db" in files


def test_a_command_leaves_nothing_there(tmp_path: Path) -> None:
    start = "import django; django.setup()"
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", REPORT.format(start=start)],
        env={**os.environ, "VAR_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(ended.stdout.splitlines()[-1])[1:] == [None, []]


def test_the_operators_folder_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "own"))

    host_metrics_share(tmp_path / "var")

    assert os.environ[FOLDER_VARIABLE] == str(tmp_path / "own")
    assert (tmp_path / "own").is_dir()
    assert not (tmp_path / "var").exists()


def test_without_a_folder_the_process_goes_on_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "prometheus").write_text("a file is in the way")

    host_metrics_share(tmp_path)

    assert FOLDER_VARIABLE not in os.environ
    assert "HOST_METRICS_NOT_SHARED" in caplog.text


def test_only_what_the_dead_left_behind_is_swept(tmp_path: Path) -> None:
    folder = tmp_path / "prometheus"
    folder.mkdir()
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for name in (f"counter_{ended.pid}.db", f"gauge_livesum_{ended.pid}.db", f"counter_{os.getpid()}.db"):
        (folder / name).touch()

    assert host_metrics_forget_dead(tmp_path) == 2
    assert [file.name for file in folder.iterdir()] == [f"counter_{os.getpid()}.db"]


def test_there_may_be_nothing_to_sweep(tmp_path: Path) -> None:
    assert host_metrics_forget_dead(tmp_path) == 0
