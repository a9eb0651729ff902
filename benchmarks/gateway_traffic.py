"""What gateways report: QR codes, each of them twice, statuses, and now and then a lost connection."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from sessions_app.providers.base import DeviceEvent

TICK_SECONDS = 0.1
QR_CODES_A_MINUTE = 2000
STATUSES_A_SECOND = 50
DISCONNECTS_A_MINUTE = 20
QR_LENGTH = 240


@dataclass(frozen=True, slots=True)
class Tick:
    """What is reported in one tenth of a second; a disconnect by itself, as gateways do."""

    events: tuple[DeviceEvent, ...]
    disconnect: DeviceEvent | None

    @property
    def all_events(self) -> tuple[DeviceEvent, ...]:
        return (*self.events, self.disconnect) if self.disconnect else self.events


class Gateways:
    """A reproducible stream of reports about `sessions` sessions; `statuses` is what each is in the end."""

    def __init__(self, sessions: int, *, seed: int = 7) -> None:
        self._random = random.Random(seed)
        self._ticks = 0
        self._repeats: tuple[DeviceEvent, ...] = ()
        self.statuses = {f"session-{number:04}": "active" for number in range(sessions)}
        self._names = list(self.statuses)

    def first_reports(self) -> list[DeviceEvent]:
        return [DeviceEvent(name, status=status) for name, status in self.statuses.items()]

    def ticks(self, seconds: float) -> Iterator[Tick]:
        for _ in range(round(seconds / TICK_SECONDS)):
            self._ticks += 1
            codes = tuple(self._codes())
            statuses = tuple(self._status("pending", "active") for _ in range(self._due(STATUSES_A_SECOND)))
            lost = self._due(DISCONNECTS_A_MINUTE / 60)
            yield Tick((*self._repeats, *codes, *statuses), self._status("inactive") if lost else None)
            self._repeats = codes

    def _due(self, per_second: float) -> int:
        """How many of what happens so often fall into this tick."""
        per_tick = per_second * TICK_SECONDS
        return int(self._ticks * per_tick) - int((self._ticks - 1) * per_tick)

    def _codes(self) -> Iterator[DeviceEvent]:
        for _ in range(self._due(QR_CODES_A_MINUTE / 60)):
            code = self._random.randbytes(QR_LENGTH // 2).hex()
            yield DeviceEvent(self._random.choice(self._names), qr=code)

    def _status(self, *words: str) -> DeviceEvent:
        """A status that some session does not have yet."""
        name = self._random.choice(self._names)
        word = next(w for w in (*words, "active") if w != self.statuses[name])
        self.statuses[name] = word
        return DeviceEvent(name, status=word, is_urgent=word == "inactive")
