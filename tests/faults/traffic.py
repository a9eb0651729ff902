"""The load as a plan: who writes what, when it is delivered, with repeats, disorder and batches."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

REPEATED = 0.10
REORDERED = 0.10
BATCHED = 0.15
LARGEST_BATCH = 5
LONGEST_DELAY_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Written:
    """A customer's message; `at` is when it was written, in seconds from the start of the load."""

    user: int
    marker: str
    wamid: str
    at: float
    opening: str = ""

    @property
    def text(self) -> str:
        return f"{self.opening}{self.marker}"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook: its messages, posted `at` seconds from the start of the load."""

    at: float
    messages: tuple[Written, ...]


def plan(*, users: int, rate: float, seconds: float, seed: int, opening: str = "") -> list[Delivery]:
    """Plan `rate` messages a second of random users, in order of delivery. The same seed, the same plan.

    Every text begins with `opening`.

    A tenth arrives up to LONGEST_DELAY_SECONDS late, so after what was written later; a tenth of the webhooks
    comes twice; some carry the messages of several users or several of one.
    """
    chance = random.Random(seed)
    deliveries: list[Delivery] = []
    for batch in _batches(list(_written(users, rate, seconds, chance, opening)), chance):
        at = batch[-1].at
        if chance.random() < REORDERED:
            at += chance.uniform(0.5, LONGEST_DELAY_SECONDS)
        deliveries.append(Delivery(at, batch))
        if chance.random() < REPEATED:
            deliveries.append(Delivery(at + chance.uniform(0, LONGEST_DELAY_SECONDS), batch))
    return sorted(deliveries, key=lambda delivery: delivery.at)


def _written(
    users: int, rate: float, seconds: float, chance: random.Random, opening: str
) -> Iterator[Written]:
    numbers = [count(1) for _ in range(users)]
    for position in range(int(rate * seconds)):
        user = chance.randrange(users)
        marker = f"u{user} m{next(numbers[user])} {chance.getrandbits(24):06x}"
        yield Written(user, marker, f"wamid.{chance.getrandbits(96):024X}", position / rate, opening)


def _batches(messages: list[Written], chance: random.Random) -> Iterator[tuple[Written, ...]]:
    position = 0
    while position < len(messages):
        size = chance.randint(2, LARGEST_BATCH) if chance.random() < BATCHED / LARGEST_BATCH else 1
        yield tuple(messages[position : position + size])
        position += size
