"""The inventory service: by its circuit, and by whether it gives its description (WSDL)."""

from base64 import b64encode
from urllib.parse import unquote, urlsplit

from django.conf import settings

from botsite.resilience.breaker import get_breaker
from conversations.shop.inventory_service.asking import BREAKER
from monitoring.health.asking import asked
from monitoring.health.checks.circuits import of_circuit
from monitoring.health.findings import Finding
from monitoring.health.sparing import ask_sparingly


def look() -> Finding:
    """Whether the service can be asked."""
    url = settings.INVENTORY_WSDL_URL
    return of_circuit(get_breaker(BREAKER)) or ask_sparingly(url, lambda: _asked(url))


def _asked(url: str) -> Finding:
    """A name and password in the address go along in a header, as with the calls themselves."""
    parts = urlsplit(url)
    headers = {}
    if parts.username:
        words = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = f"Basic {b64encode(words.encode()).decode()}"
    return asked(parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl(), headers)
