"""A private PostgreSQL and Valkey for a machine that has none configured.

Imports nothing but the standard library, and nothing from outside this folder: the settings and the guard
use it before anything else is there.
"""

from .addresses import ServiceUrls, broker_url, service_urls
from .errors import EmbeddedError
from .keys import LocalKeys, local_keys
from .running import RunningServices, ensure_running, is_permitted, missing_services

__all__ = (
    "EmbeddedError",
    "LocalKeys",
    "RunningServices",
    "ServiceUrls",
    "broker_url",
    "ensure_running",
    "is_permitted",
    "local_keys",
    "missing_services",
    "service_urls",
)
