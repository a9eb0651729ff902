"""Which process does what one does for all: who holds the lease of the watch's row."""

import os
import socket

from botsite.resilience.leases import Lease, claim
from monitoring.models import Watch
from monitoring.services.rule_sync import WATCH

LEASE_SECONDS = 12.0
"""A process that vanished is replaced after this and the next look, a third of it later."""


class Election:
    """This process's part in it. Every method raises django.db.Error when Postgres is away."""

    def __init__(self, *, seconds: float = LEASE_SECONDS) -> None:
        self._seconds = seconds
        self._lease: Lease | None = None
        self._holder = f"{socket.gethostname()}:{os.getpid()}"[:100]

    @property
    def every(self) -> float:
        """Return how often `stand` is to be called, in seconds."""
        return self._seconds / 3

    def stand(self) -> bool:
        """Stay elected, or become so if nobody is; returns whether this process is."""
        if self._lease and self._lease.renew(self._seconds):
            return True
        self._lease = claim(Watch.objects.filter(name=WATCH), seconds=self._seconds)
        if self._lease:
            self._lease.held().update(holder=self._holder)
        return self._lease is not None

    def step_down(self) -> None:
        """Let another process be elected at once."""
        if self._lease:
            self._lease.release()
            self._lease = None
