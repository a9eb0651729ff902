"""One free GET of a service, timed, and what its answer says of the service."""

import time
from collections.abc import Mapping

from django.utils.translation import gettext_noop as _

from botsite.resilience.http import HttpClient, HttpFailure
from monitoring.health.findings import Finding
from monitoring.models import Status

SECONDS = 5.0
_REFUSED = (401, 402, 403)

_http = HttpClient(body_limit=4 * 1024 * 1024)  # some lists of models are long


def asked(url: str, headers: Mapping[str, str]) -> Finding:
    """Ask `url`, an address from the settings; takes SECONDS at the most and never raises."""
    started = time.perf_counter()
    try:
        reply = _http.request("GET", url, headers=headers, total_seconds=SECONDS)
    except HttpFailure as error:
        return Finding(Status.DOWN, _("no answer (%(error)s)"), {"error": str(error)})
    latency = round((time.perf_counter() - started) * 1000, 1)
    if reply.status < 300:
        return Finding(Status.UP, _("asked lately, it answered"), latency_ms=latency)
    values = {"code": reply.status}
    if reply.status in _REFUSED:
        return Finding(Status.DOWN, _("our key is refused (HTTP %(code)s)"), values, latency_ms=latency)
    if reply.status == 429:
        return Finding(
            Status.DEGRADED, _("it is asked too often (HTTP %(code)s)"), values, latency_ms=latency
        )
    return Finding(Status.DOWN, _("it answers with an error (HTTP %(code)s)"), values, latency_ms=latency)
