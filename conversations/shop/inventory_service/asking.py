"""Asking the inventory service, with its breaker, time and outcome noted. All calls of it go through here."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from django.conf import settings
from django.db import connection

from botsite.resilience.breaker import BreakerOpen, Permit, get_breaker
from botsite.resilience.quotas import INVENTORY
from botsite.resilience.ratelimit import configured, wait_turn
from botsite.telemetry import metrics
from botsite.telemetry.reports import report_soap_request
from conversations.shop.inventory_service.errors import InventoryError, InventoryFault, InventoryUnavailable

if TYPE_CHECKING:
    from conversations.shop.inventory_service.soap_client import ServiceStock

BREAKER = "inventory"
Value = TypeVar("Value")


def is_configured() -> bool:
    """Whether there is an inventory service."""
    return bool(settings.INVENTORY_WSDL_URL)


def stock_at_service(sku: str) -> "ServiceStock":
    """Return what the service says of `sku`. Raises InventoryError.

    Not within a transaction: no database connection is held while the service is asked.
    """
    # zeep and lxml take 8 MB, and most processes never ask.
    from conversations.shop.inventory_service import soap_client

    connection.close()
    url, seconds = settings.INVENTORY_WSDL_URL, settings.INVENTORY_TIMEOUT_SECONDS
    if wait_turn(configured(INVENTORY), url, seconds=seconds):
        _note("any", 0.0, "limited", "")
        raise InventoryUnavailable("quota")
    with _admitted() as permit:
        try:
            if not soap_client.is_described(url, seconds=seconds):
                _noted("WSDL", lambda: soap_client.describe(url, seconds=seconds))
            client = soap_client.describe(url, seconds=seconds)
            return _noted(soap_client.OPERATION, lambda: soap_client.get_stock(client, sku))
        except InventoryFault as fault:
            if fault.is_ours:
                permit.ignored()
            raise
        except InventoryError:
            soap_client.forget(url, seconds=seconds)
            raise


@contextmanager
def _admitted() -> Iterator[Permit]:
    try:
        with get_breaker(BREAKER).call() as permit:
            yield permit
    except BreakerOpen:
        _note("any", 0.0, "open", "")
        raise InventoryUnavailable("circuit open") from None


def _noted(operation: str, call: Callable[[], Value]) -> Value:
    started = time.monotonic()
    try:
        value = call()
    except InventoryError as error:
        _note(operation, time.monotonic() - started, error.outcome, error.code)
        raise
    _note(operation, time.monotonic() - started, "ok", "")
    return value


def _note(operation: str, seconds: float, outcome: str, error: str) -> None:
    metrics.count("soap_requests_total", operation=operation, result=outcome)
    metrics.observe("soap_request_seconds", seconds, operation=operation)
    report_soap_request(operation, seconds=seconds, outcome=outcome, error=error)
