"""How soon the right alert fires, and ends: real processes under load, each outage in its turn.

`python -m tests.faults alerts [OUTAGE …]`; docs/monitoring.md has what was measured.
"""

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import httpx2

from monitoring.services.host import memory_percent
from tests.fakes.laravel import FakeLaravel
from tests.faults.outages import Outage, Site
from tests.faults.runner import House, inhabited
from tests.faults.scenarios import Scenario
from tests.faults.stack import PROJECT, Stack
from tests.faults.traffic import plan

FIRES_WITHIN = 90.0
ENDS_WITHIN = 120.0
PATIENCE_SECONDS = 240.0
"""How long it is waited for all the same: a missed target wants a number, too."""
LOOK_SECONDS = 0.3
CALM_SECONDS = 3.0
"""An alert that is open again within this had not ended."""
LOAD_SECONDS = 2 * 3600
MESSAGES_A_SECOND = 2.0
REPORT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds from the fault until an alert of its rules fired, and from the healing until none was open.

    None: it never came to that. `alerts` are those of its rules that fired, `others` all else that did.
    """

    outage: Outage
    fired: float | None
    ended: float | None
    alerts: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def is_in_time(self) -> bool:
        limits = ((self.fired, FIRES_WITHIN), (self.ended, ENDS_WITHIN))
        return all(seconds is not None and seconds <= limit for seconds, limit in limits)

    def line(self) -> str:
        """Return it as a row of a Markdown table."""
        times = ["never" if seconds is None else f"{seconds:.0f} s" for seconds in (self.fired, self.ended)]
        return (
            f"| {self.outage.about} | {_words(self.alerts)} | {' | '.join(times)} | {_words(self.others)} |"
        )


def watch_outages(
    outages: Iterable[Outage],
    *,
    server_url: str,
    folder: Path,
    seed: int,
    tree: Path = PROJECT,
    hold_seconds: int | None = None,
) -> Iterator[Timing]:
    """Inflict and heal one outage after the other on one house, of the checkout `tree`.

    With `hold_seconds` every rule fires when it has been broken for so long.
    """
    with _site(server_url, folder, seed, tree) as (house, site):
        if hold_seconds is not None:
            house.database.set_holds(hold_seconds)
        for outage in outages:
            _seconds_until(house, lambda: not outage.rules & house.database.firing_rules())  # noqa: B023
            yield _timing(outage, house, site)


def _timing(outage: Outage, house: House, site: Site) -> Timing:
    began = house.database.now()
    outage.inflict(site)
    fired = _seconds_until(house, lambda: outage.rules & house.database.firing_rules())
    outage.heal(site)
    ended = _seconds_until(house, lambda: not outage.rules & house.database.firing_rules(), CALM_SECONDS)
    rules = house.database.rules_fired_since(began)
    return Timing(
        outage, fired, ended, tuple(sorted(rules & outage.rules)), tuple(sorted(rules - outage.rules))
    )


def _seconds_until(house: House, condition: Callable[[], object], lasting: float = 0.0) -> float | None:
    """Return when `condition` came true, to stay so for `lasting` seconds; None: it did not in time."""
    started = time.monotonic()
    since: float | None = None
    while (now := time.monotonic()) < started + PATIENCE_SECONDS:
        house.supervise()
        since = None if not condition() else since or now
        if since and now - since >= lasting:
            return since - started
        time.sleep(LOOK_SECONDS)
    return None


@contextmanager
def _site(server_url: str, folder: Path, seed: int, tree: Path) -> Iterator[tuple[House, Site]]:
    with FakeLaravel() as laravel:
        scenario = Scenario(
            name="alerts",
            about="one outage after the other",
            latency=(0.1, 0.5),
            concurrency=8,
            environment={"LARAVEL_API_URL": laravel.api_url, "LARAVEL_API_TOKEN": "token"},
        )
        chance = random.Random(seed)
        with inhabited(scenario, server_url=server_url, folder=folder, tree=tree, chance=chance) as house:
            house.client.start_load(plan(users=50, rate=MESSAGES_A_SECOND, seconds=LOAD_SECONDS, seed=seed))
            with _reported_devices(house.faults.stack), Site(house.faults, laravel) as site:
                _set_memory_threshold(house, site)
                yield house, site


@contextmanager
def _reported_devices(stack: Stack) -> Iterator[None]:
    """A gateway reports a session's status again and again, so that there is something for Laravel."""
    key = stack.manage("create_api_key", "--name", "gateway", "--scope", "sessions:write").split()[-1]
    url = f"http://127.0.0.1:{stack.port}/api/whatsapp/status"
    stopped = threading.Event()

    def report() -> None:
        with httpx2.Client(headers={"X-Api-Key": key}, timeout=10, trust_env=False) as client:
            for status in cycle(("active", "inactive")):
                with suppress(httpx2.TransportError):  # the site is being broken, after all
                    client.post(url, json={"sessionId": "shop", "status": status})
                if stopped.wait(REPORT_SECONDS):
                    return

    thread = threading.Thread(target=report, name="gateway", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def _set_memory_threshold(house: House, site: Site) -> None:
    """Let the alert fire half way between how full the memory is now and how full the outage makes it."""
    before = memory_percent()
    site.take_memory()
    after = memory_percent()
    site.give_memory_back()
    if before is None or after is None:
        raise RuntimeError("this system does not say how full its memory is")
    house.database.set_threshold("memory_high", (before + after) / 2)


def _words(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "–"
