"""Beat with a sign of life: who looks at the health of the site sees when it hangs or is gone."""

import time
from typing import Any

from celery.beat import PersistentScheduler
from django.db import connection

from monitoring.models import ProcessKind
from monitoring.services.heartbeats import INTERVAL_SECONDS, heartbeat, heartbeat_end


class WatchedScheduler(PersistentScheduler):
    """Says that it is alive from its own loop: a loop that hangs says nothing."""

    _next_at = 0.0

    def tick(self, *arguments: Any, **options: Any) -> float:
        """Start what is due; returns the seconds until the next call."""
        if time.monotonic() >= self._next_at:
            self._next_at = time.monotonic() + INTERVAL_SECONDS / 2
            heartbeat(ProcessKind.BEAT)
            connection.close()
        seconds: float = super().tick(*arguments, **options)
        return seconds

    def close(self) -> None:
        """Take leave: nobody has to look for this beat."""
        heartbeat_end()
        connection.close()
        super().close()
