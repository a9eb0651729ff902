"""What can be done to a running house; `Fault.action` in scenarios.py names one of these methods."""

import random
import time
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.behaviour import Behaviour
from tests.faults.fakes import FaultGraph, FaultModel
from tests.faults.processes import Process
from tests.faults.proxy import Mode, TcpProxy
from tests.faults.scenarios import Fault, Scenario
from tests.faults.stack import Stack
from tests.faults.stores import RedisServer

PATIENCE_SECONDS = 15.0


@dataclass
class Faults:
    """The levers: all are pulled from the thread that also supervises the processes."""

    chance: random.Random
    stack: Stack
    redis_server: RedisServer
    redis_proxy: TcpProxy
    postgres_proxy: TcpProxy
    fake_graph: FaultGraph
    fake_model: FaultModel
    postgres_back: list[float] = field(default_factory=list)

    def is_ripe(self, fault: Fault, elapsed: float) -> bool:
        """Return whether `fault` is due; one that waits for a call waits PATIENCE_SECONDS for it at most."""
        if elapsed < fault.at:
            return False
        if not fault.during_call or elapsed > fault.at + PATIENCE_SECONDS:
            return True
        return any(process.is_running and self._calls_under_way(process) for process in self.stack.workers)

    def inflict(self, fault: Fault) -> None:
        getattr(self, fault.action)(**fault.options)

    def kill(self, victim: str) -> None:
        """kill -9 of "web", "worker" (the busiest), "beat" or "redis"; it starts again after a while."""
        restart_after = self.chance.uniform(0.5, 3)
        if victim == "redis":
            self.redis_server.kill(restart_after=restart_after)
            return
        processes = {"web": [self.stack.web], "beat": [self.stack.beat], "worker": self.stack.workers}
        if running := [process for process in processes[victim] if process.is_running]:
            max(running, key=self._calls_under_way).kill(restart_after=restart_after)

    def _calls_under_way(self, process: Process) -> int:
        key = process.lives[-1].key
        return sum(call.key == key and not call.ended for call in list(self.fake_model.calls))

    def freeze(self, worker: int) -> None:
        self.stack.workers[worker].freeze()

    def thaw(self, worker: int) -> None:
        self.stack.workers[worker].thaw()

    def flush_redis(self) -> None:
        self.redis_server.flush()

    def redis(self, mode: Mode) -> None:
        self.redis_proxy.set_mode(mode)

    def postgres(self, mode: Mode) -> None:
        if mode == "pass":
            self.postgres_back.append(time.time())
        self.postgres_proxy.set_mode(mode)

    def graph(self, **behaviour: Any) -> None:
        self.fake_graph.behave(Behaviour(times=None, **behaviour))

    def graph_heal(self) -> None:
        self.fake_graph.reset()

    def model(self, **behaviour: Any) -> None:
        self.fake_model.behave(Behaviour(times=None, **behaviour))

    def model_heal(self) -> None:
        self.fake_model.reset()


def timeline(scenario: Scenario, chance: random.Random) -> list[Fault]:
    """Return the scenario's faults with its random kills, in order of time."""
    faults = list(scenario.faults)
    at = chance.uniform(*scenario.kill_every)
    while scenario.kills and at < scenario.seconds:
        faults.append(Fault(at, "kill", {"victim": chance.choice(scenario.kills)}))
        at += chance.uniform(*scenario.kill_every)
    return sorted(faults, key=lambda fault: fault.at)
