"""One scenario from an empty database to a verdict."""

import random
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.client import WebhookClient
from tests.faults.evidence import (
    Evidence,
    ModelCall,
    StoredInbound,
    StoredOutbound,
    StoredRun,
    call_in,
    markers_in,
)
from tests.faults.fakes import FaultGraph, FaultModel, SeenCall, user_number
from tests.faults.faults import Faults, timeline
from tests.faults.figures import Figures, measure
from tests.faults.judge import Violation, judge
from tests.faults.processes import Incarnation
from tests.faults.proxy import TcpProxy
from tests.faults.scenarios import Scenario
from tests.faults.stack import PROJECT, Addresses, Stack, running
from tests.faults.stores import Database, database, redis_server
from tests.faults.traffic import plan

TICK_SECONDS = 0.05
SETTLED_LOOKS = 3
IN_FLIGHT_SECONDS = 0.5
"""A call can reach the fake so long after its process was killed or stopped."""
BELATED_SECONDS = 5.0
"""What a woken process, or one that has its database back, starts within this may belong to an old claim."""


@dataclass(frozen=True, slots=True)
class Report:
    """What came out of a scenario; `problems` are missed targets and processes that ended by themselves."""

    scenario: Scenario
    evidence: Evidence
    violations: list[Violation]
    problems: list[str]
    figures: Figures


@dataclass(frozen=True, slots=True)
class House:
    """Everything that runs during a scenario."""

    database: Database
    client: WebhookClient
    faults: Faults

    def supervise(self) -> None:
        """Start again what was killed; call it a few times a second."""
        self.faults.redis_server.supervise()
        self.faults.stack.supervise()


def run(scenario: Scenario, *, server_url: str, folder: Path, seed: int, tree: Path = PROJECT) -> Report:
    """Run `scenario` on the checkout `tree`; logs are left in `folder`, nothing else is.

    `server_url`: a PostgreSQL on which a database `botsite_faults_…` may be made.
    """
    chance = random.Random(seed)
    with inhabited(scenario, server_url=server_url, folder=folder, tree=tree, chance=chance) as house:
        house.client.start_load(
            plan(
                users=scenario.users,
                rate=scenario.rate,
                seconds=scenario.seconds,
                seed=seed,
                opening=scenario.opening,
            )
        )
        healed = _play(scenario, house, chance)
        drained = _drain(scenario, house, healed)
        evidence = _gather(scenario, house)
        figures = measure(evidence, house.client, drain_seconds=drained)
        ends = [end for process in house.faults.stack.processes for end in process.unexpected_ends]
    return Report(scenario, evidence, judge(evidence), [*ends, *figures.missed(scenario)], figures)


@contextmanager
def inhabited(
    scenario: Scenario, *, server_url: str, folder: Path, tree: Path, chance: random.Random
) -> Iterator[House]:
    """Start the house of `scenario`, without its load; everything is gone afterwards but the logs."""
    with ExitStack() as opened:
        enter = opened.enter_context
        store = enter(database(server_url, f"botsite_faults_{chance.getrandbits(32):08x}"))
        redis = enter(redis_server(folder))
        postgres_proxy, redis_proxy = (
            enter(TcpProxy(store.upstream)),
            enter(TcpProxy(("127.0.0.1", redis.port))),
        )
        client = WebhookClient()
        graph, model = (
            enter(FaultGraph(client.report if scenario.statuses else None)),
            enter(FaultModel(scenario.latency)),
        )
        addresses = Addresses(
            database=store.url_through(postgres_proxy.port),
            redis=f"redis://127.0.0.1:{redis_proxy.port}/0",
            model=model.base_url,
            graph=graph.url,
        )
        stack = Stack(
            tree,
            folder,
            addresses,
            workers=scenario.workers,
            environment={"WORKER_THREADS": str(scenario.concurrency), **scenario.environment},
        )
        client.url = stack.url
        enter(running(stack))
        enter(client)
        yield House(store, client, Faults(chance, stack, redis, redis_proxy, postgres_proxy, graph, model))


def _play(scenario: Scenario, house: House, chance: random.Random) -> float:
    """Inflict the faults at their times; returns when load and faults were over (time.monotonic())."""
    started = time.monotonic()
    faults = timeline(scenario, chance)
    while (elapsed := time.monotonic() - started) < scenario.seconds or faults:
        while faults and house.faults.is_ripe(faults[0], elapsed):
            house.faults.inflict(faults.pop(0))
        house.supervise()
        time.sleep(TICK_SECONDS)
    return time.monotonic()


def _drain(scenario: Scenario, house: House, healed: float) -> float | None:
    """Wait until nothing is unfinished; returns the seconds it took, None when it never came to that."""
    settled = 0
    while time.monotonic() < healed + scenario.drain_seconds:
        house.supervise()
        is_done = house.client.is_idle and house.database.unfinished() == 0
        settled = settled + 1 if is_done else 0
        if settled == SETTLED_LOOKS:
            return time.monotonic() - healed
        time.sleep(0.3)
    return None


def _gather(scenario: Scenario, house: House) -> Evidence:
    deadline = float(scenario.environment.get("LLM_TIMEOUT_SECONDS", 30))
    lives = {life.key: life for process in house.faults.stack.processes for life in process.lives}
    inbound, outbound = house.database.inbound(), house.database.outbound()
    return Evidence(
        acknowledged=house.client.acknowledged(),
        calls=tuple(
            _call(seen, lives[seen.key], back=house.faults.postgres_back, deadline=deadline)
            for seen in list(house.faults.fake_model.calls)
        ),
        sent=tuple(house.faults.fake_graph.accepted),
        inbound=tuple(_inbound(row) for row in inbound if markers_in(row[0])),
        outbound=tuple(_outbound(inbound, outbound)),
        runs=tuple(_run(row) for row in house.database.runs()),
    )


def _call(seen: SeenCall, life: Incarnation, *, back: list[float], deadline: float) -> ModelCall:
    ended = min(seen.ended or time.time(), seen.started + deadline)
    times = [at for at in life.interruptions if seen.started - IN_FLIGHT_SECONDS <= at <= ended]
    return ModelCall(
        number=seen.number,
        caller=seen.key,
        asked=seen.asked,
        prompt=seen.prompt,
        started=seen.started,
        ended=ended,
        interrupted=min(times, default=None),
        tokens=seen.tokens,
        belated=any(0 <= seen.started - at < BELATED_SECONDS for at in (*life.awakenings, *back)),
    )


def _inbound(row: tuple[Any, ...]) -> StoredInbound:
    text, sequence, state, reason, _ = row
    return StoredInbound(marker=markers_in(text)[0], sequence=sequence, state=state, reason=reason)


def _outbound(inbound: list[tuple[Any, ...]], outbound: list[tuple[Any, ...]]) -> Iterator[StoredOutbound]:
    by_run: dict[int, set[str]] = defaultdict(set)
    for text, _, _, _, run in inbound:
        by_run[run].update(markers_in(text))
    for token, text, state, reason, run in outbound:
        covers = frozenset(markers_in(text) or (by_run[run] if run else ()))
        yield StoredOutbound(token=str(token), covers=covers, call=call_in(text), state=state, reason=reason)


def _run(row: tuple[Any, ...]) -> StoredRun:
    number, tokens, is_unknown, started = row
    return StoredRun(user=user_number(number), tokens=tokens, is_unknown=is_unknown, started=float(started))
