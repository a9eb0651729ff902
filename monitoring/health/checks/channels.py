"""The WhatsApp channels: token, number and link, as their providers tell them for free."""

import time
from collections.abc import Mapping

from django.utils.translation import gettext_noop as _

from botsite.resilience.breaker import get_breaker
from monitoring.health.checks.circuits import of_circuit
from monitoring.health.findings import Finding
from monitoring.health.sparing import ask_sparingly
from monitoring.models import Status
from sessions_app.providers.base import Account
from sessions_app.providers.registry import get_provider

# What the adapters say in so many words is translated; the providers' own words are shown as they came.
_KNOWN_DETAILS: Mapping[str, str] = {
    "the channel needs a phone number id and an access token": _(
        "the channel needs a phone number id and an access token"
    ),
    "it reports its sessions by itself": _("it reports its sessions by itself"),
    "the answer is unreadable": _("the answer is unreadable"),
    "quality GREEN": _("quality GREEN"),
    "quality YELLOW": _("quality YELLOW"),
    "quality RED": _("quality RED"),
    "quality UNKNOWN": _("quality UNKNOWN"),
}
_NO_ANSWER = "no answer: "


def look(account: Account) -> Finding:
    """Whether the channel can send and receive; not while its circuit is open, and every 5 minutes."""
    if found := of_circuit(get_breaker(f"{account.kind}:{account.slug}")):
        return found
    return ask_sparingly(account, lambda: _asked(account))


def _asked(account: Account) -> Finding:
    started = time.perf_counter()
    health = get_provider(account.kind).check(account)
    latency = round((time.perf_counter() - started) * 1000, 1)
    status = Status(health.state.value)
    if health.detail.startswith(_NO_ANSWER):
        values = {"error": health.detail.removeprefix(_NO_ANSWER)}
        return Finding(status, _("no answer (%(error)s)"), values, latency_ms=latency)
    return Finding(status, _KNOWN_DETAILS.get(health.detail, health.detail), latency_ms=latency)
