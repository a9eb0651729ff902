"""Leases on database rows: claim, renew and release by compare-and-set, on the database's clock.

Every claim raises the row's epoch. Whoever writes on behalf of a lease makes the write conditional on
that epoch, so that a process stopped past its lease and woken later can change nothing.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any, TypeVar

from django.db import DatabaseError, connection, models
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from botsite.telemetry.logging import get_logger

log = get_logger("leases")


class LeasedRow(models.Model):
    """A row that one process at a time may work on."""

    lease_epoch = models.BigIntegerField(default=0, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True


Row = TypeVar("Row", bound=LeasedRow)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on row `pk` for as long as its epoch is `epoch`."""

    model: type[LeasedRow]
    pk: int
    epoch: int

    def held(self) -> QuerySet[Any]:
        """Return the row as a queryset that is empty once the lease was taken over or raised."""
        return QuerySet(self.model).filter(pk=self.pk, lease_epoch=self.epoch)

    def renew(self, seconds: float, **changes: Any) -> bool:
        """Extend a lease that is still ours, with further `changes` of the row; False when it was lost."""
        return self.held().update(lease_until=Now() + timedelta(seconds=seconds), **changes) == 1

    def release(self) -> bool:
        """Give the row back; False when it was not ours any more."""
        return self.held().update(lease_until=None) == 1


def free() -> Q:
    """Match rows that nobody holds a live lease on."""
    return Q(lease_until=None) | Q(lease_until__lt=Now())


def claim(rows: QuerySet[Row], *, seconds: float) -> Lease | None:
    """Take a lease of `seconds` on the single row that `rows` names, if it matches and is free.

    Compare-and-set: the epoch that was read must still stand when the next one is written.
    """
    candidate = rows.filter(free()).values_list("pk", "lease_epoch").first()
    if candidate is None:
        return None
    pk, epoch = candidate
    claimed = rows.filter(free(), pk=pk, lease_epoch=epoch).update(
        lease_epoch=epoch + 1, lease_until=Now() + timedelta(seconds=seconds)
    )
    return Lease(rows.model, pk, epoch + 1) if claimed else None


class LeaseKeeper:
    """Renews all leases that this process holds, from one thread with one database connection.

    A lease is renewed for `limit` seconds at the most: work that hangs loses its row all the same.
    """

    def __init__(self) -> None:
        self._kept: dict[Lease, tuple[float, float]] = {}
        self._changed = threading.Condition()
        threading.Thread(target=self._renew_for_ever, name="leases", daemon=True).start()

    @contextmanager
    def keeping(self, lease: Lease, *, seconds: float, limit: float) -> Iterator[None]:
        """Renew `lease` to `seconds` at every third of them, until the block ends or `limit` has passed."""
        with self._changed:
            self._kept[lease] = (seconds, time.monotonic() + limit)
            self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._kept.pop(lease, None)

    def _renew_for_ever(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._kept))
                pause = min(seconds for seconds, _ in self._kept.values()) / 3
            time.sleep(pause)
            self._renew()

    def _renew(self) -> None:
        for lease, (seconds, deadline) in list(self._kept.items()):
            try:
                if time.monotonic() > deadline or not lease.renew(seconds):
                    self._kept.pop(lease, None)
            except DatabaseError as error:
                log.warning("LEASE_RENEWAL_FAILED", error=type(error).__name__, pk=lease.pk)
        connection.close()


@lru_cache(maxsize=1)
def keeper() -> LeaseKeeper:
    """Return the process's keeper, started at first use (so never shared over a fork)."""
    return LeaseKeeper()
