"""One file per family of checks; `table.py` beside this folder lists them."""

from monitoring.health.live_checks import CheckResult, check_database, check_redis, run_checks

__all__ = ("CheckResult", "check_database", "check_redis", "run_checks")
