"""The private servers for real: every way to start, share, crash and stop."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import redis

from botsite import embedded
from botsite.embedded.addresses import socket_path
from tests.processes import kill_and_wait, processes_about, wait_until

pytestmark = pytest.mark.stack

BOTH = ("postgres", "valkey")
HOLD = """
import sys, time
from pathlib import Path
from botsite import embedded
services = embedded.ensure_running(Path(sys.argv[1]), ("postgres", "valkey"))
print("running", flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose database is initialised, closed to others and with a long name."""
    var_dir = tmp_path_factory.mktemp("servers") / ("long" * 55)
    var_dir.mkdir(mode=0o700)
    embedded.ensure_running(var_dir, BOTH).close()
    return var_dir


@pytest.fixture
def var_dir(prepared: Path) -> Iterator[Path]:
    yield prepared
    wait_until(lambda: not servers(prepared))


def servers(var_dir: Path) -> dict[int, str]:
    """The servers of `var_dir` and their guards."""
    about = processes_about(str(var_dir)) | processes_about(str(socket_path(var_dir)))
    return {pid: command for pid, command in about.items() if pid != os.getpid()}


def pid_of(var_dir: Path, text: str) -> int:
    return next(pid for pid, command in servers(var_dir).items() if text in command)


def guards(var_dir: Path) -> list[int]:
    found = [pid for pid, command in servers(var_dir).items() if "embedded.guard" in command]
    assert len(found) == 2
    return found


def answer(var_dir: Path) -> tuple[str, bool]:
    """What both servers say: the database's encoding and the cache's ping."""
    urls = embedded.service_urls(var_dir)
    connection = psycopg2.connect(urls.database)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_encoding")
            encoding = str(cursor.fetchone()[0])
    finally:
        connection.close()
    with redis.Redis.from_url(urls.redis) as cache:
        return encoding, bool(cache.ping())


def answers(var_dir: Path) -> bool:
    try:
        return answer(var_dir) == ("UTF8", True)
    except (psycopg2.OperationalError, redis.ConnectionError):
        return False


def start_holder(var_dir: Path) -> "subprocess.Popen[str]":
    """Another process that uses the servers until it is killed."""
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(var_dir)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "running\n"
    return holder


def test_they_answer_and_stop_with_their_last_user(var_dir: Path) -> None:
    first = embedded.ensure_running(var_dir, BOTH)
    second = embedded.ensure_running(var_dir, BOTH)
    assert len(servers(var_dir)) >= 4  # two servers, two guards; PostgreSQL has more processes
    first.close()
    time.sleep(0.5)
    assert answer(var_dir) == ("UTF8", True)

    second.close()

    wait_until(lambda: not servers(var_dir), seconds=30)


def test_only_the_missing_one_is_started(var_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REDIS_URL")
    assert embedded.missing_services() == ("valkey",)

    services = embedded.ensure_running(var_dir)

    assert not any("postgres -D" in command for command in servers(var_dir).values())
    services.close()


def test_a_killed_user_leaves_nothing(var_dir: Path) -> None:
    with start_holder(var_dir) as holder:
        holder.kill()

    wait_until(lambda: not servers(var_dir), seconds=30)


def test_a_user_and_the_guards_killed_at_once_leave_nothing(var_dir: Path) -> None:
    with start_holder(var_dir) as holder:
        kill_and_wait(*guards(var_dir), holder.pid)

    wait_until(lambda: not servers(var_dir), seconds=30)


def test_a_crashed_server_is_started_again(var_dir: Path) -> None:
    services = embedded.ensure_running(var_dir, BOTH)

    kill_and_wait(pid_of(var_dir, "postgres -D"), pid_of(var_dir, "valkey-server unixsocket"))

    wait_until(lambda: answers(var_dir))
    assert "ended unexpectedly" in (var_dir / "postgres.log").read_text()
    services.close()


def test_a_killed_guard_is_replaced_on_the_next_look(var_dir: Path) -> None:
    services = embedded.ensure_running(var_dir, BOTH)
    kill_and_wait(*guards(var_dir))

    services.ensure()

    assert answer(var_dir) == ("UTF8", True)
    services.close()


@pytest.mark.parametrize("pid", [os.getpid(), 1, 4_000_000], ids=["alive", "init", "gone"])
def test_a_stale_process_id_never_blocks_a_start(var_dir: Path, pid: int) -> None:
    (var_dir / "postgres" / "postmaster.pid").write_text(f"{pid}\n{var_dir}\n1\n5432\n/tmp\n\n1 1\nready\n")
    Path(f"{socket_path(var_dir) / '.s.PGSQL.5432.lock'}").write_text(f"{pid}\n")

    services = embedded.ensure_running(var_dir, BOTH)

    assert answers(var_dir)
    services.close()


def test_several_that_start_at_once_share_one_pair(var_dir: Path) -> None:
    holders = [
        subprocess.Popen([sys.executable, "-c", HOLD, str(var_dir)], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for holder in holders:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "running\n"
    masters = [command for command in servers(var_dir).values() if "postgres -D" in command]

    for holder in holders:
        with holder:
            holder.kill()
    assert len(masters) == 1


def test_what_was_committed_survives_a_kill_of_everything(var_dir: Path) -> None:
    services = embedded.ensure_running(var_dir, BOTH)
    connection = psycopg2.connect(embedded.service_urls(var_dir).database)
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS kept (value int); TRUNCATE kept; INSERT INTO kept VALUES (7)"
        )
    connection.close()
    kill_and_wait(*servers(var_dir))

    services.ensure()

    connection = psycopg2.connect(embedded.service_urls(var_dir).database)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT value FROM kept")
        assert cursor.fetchall() == [(7,)]
    connection.close()
    services.close()


def test_an_interrupted_initialisation_and_a_removed_folder_are_made_good(tmp_path: Path) -> None:
    (tmp_path / "postgres.new" / "base").mkdir(parents=True)
    (tmp_path / "postgres.new" / "PG_VERSION").write_text("18\n")
    services = embedded.ensure_running(tmp_path, ("postgres",))
    subprocess.run(["rm", "-rf", *tmp_path.iterdir()], check=True)  # under the running server's feet

    again = embedded.ensure_running(tmp_path, ("postgres",))

    psycopg2.connect(embedded.service_urls(tmp_path).database).close()
    again.close()
    services.close()
    wait_until(lambda: not servers(tmp_path))


def test_a_server_that_cannot_start_is_one_line_with_the_reason(tmp_path: Path) -> None:
    embedded.ensure_running(tmp_path, ("postgres",)).close()
    (tmp_path / "postgres" / "PG_VERSION").write_text("9.6\n")

    with pytest.raises(
        embedded.EmbeddedError, match=r"postgres did not start: .*initialized by PostgreSQL"
    ) as seen:
        embedded.ensure_running(tmp_path, ("postgres",))
    assert "\n" not in str(seen.value)
    wait_until(lambda: not servers(tmp_path))


def test_permission_is_asked_for_or_already_used(
    var_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOTSITE_LOCAL", "0")

    assert embedded.is_permitted(var_dir)
    assert not embedded.is_permitted(tmp_path)
