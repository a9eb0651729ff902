"""Telling of those who ask for more than their quota: a line and a security event, once a minute for each."""

from botsite.resilience.quotas import Quota
from botsite.resilience.ratelimit_local import LocalWindows
from botsite.telemetry.logging import get_logger
from botsite.telemetry.reports import report_security_event

REPORT_SECONDS = 60

log = get_logger("limits")
_reports = LocalWindows()


def report_violation(quota: Quota, key: str, **facts: object) -> None:
    """Report that `key` is over `quota`; `facts` say who that is and hold no secret.

    A flood must not become one of log lines and rows: what is left out is counted in rate_limited_total.
    """
    if _reports.admit(f"{quota.name}:{key}", limit=1, seconds=REPORT_SECONDS)[0]:
        log.warning("RATE_LIMITED", scope=quota.name, **facts)
        report_security_event("rate_limited", scope=quota.name, **facts)
