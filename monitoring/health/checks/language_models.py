"""The providers of language models: by their calls, and where there are none by a question that is free."""

import threading
import time
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Max
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from conversations.llm.providers import OpenAICompatible
from conversations.models import Run, RunState
from conversations.services.circuits import circuit
from monitoring.health.asking import asked
from monitoring.health.checks.circuits import of_circuit
from monitoring.health.findings import Finding
from monitoring.health.sparing import ask_sparingly
from monitoring.models import Status

IDLE = timedelta(minutes=5)
_LONGEST_RUN = timedelta(minutes=10)
_READ_SECONDS = 20.0


class _Successes:
    """When each provider last answered, read once for all of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._found: Mapping[str, datetime] = {}

    def forget(self) -> None:
        self._read_at = float("-inf")

    def of(self, provider: str) -> datetime | None:
        """Raises django.db.Error."""
        with self._lock:
            if time.monotonic() - self._read_at > _READ_SECONDS:
                self._found = last_successes()
                self._read_at = time.monotonic()
            return self._found.get(provider)


_successes = _Successes()


def look(provider: OpenAICompatible) -> Finding:
    """Whether the provider answers. Raises django.db.Error."""
    if found := of_circuit(circuit(provider.name)):
        return found
    last = _successes.of(provider.name)
    age = timezone.now() - last if last else None
    if age is not None and age < IDLE:
        seconds = max(round(age.total_seconds()), 0)
        return Finding(Status.UP, _("answered %(seconds)s s ago"), {"seconds": seconds})
    connection.close()  # none is held while somebody else thinks
    return ask_sparingly(provider, lambda: _asked(provider))


def forget() -> None:
    """Read the last successes at the next look."""
    _successes.forget()


def last_successes() -> dict[str, datetime]:
    """Return when each provider's last run of the past minutes ended well. Raises django.db.Error."""
    ended_well = Run.objects.filter(
        started_at__gt=Now() - IDLE - _LONGEST_RUN, state=RunState.COMPLETED, finished_at__isnull=False
    )
    return dict(ended_well.values_list("provider").annotate(Max("finished_at")))


def _asked(provider: OpenAICompatible) -> Finding:
    headers = {"Authorization": f"Bearer {provider.api_key}"}
    return asked(f"{provider.base_url.rstrip('/')}/models", headers)
