"""Celery tasks of device sessions, and the forwarder that runs beside them in every worker."""

from celery import shared_task
from celery.signals import worker_init, worker_shutdown
from django.conf import settings

from sessions_app.services import code_fetching, gateway_orders, qr_codes
from sessions_app.services.forward_batches import batches_clean
from sessions_app.services.forwarder import Forwarder


@shared_task(name=gateway_orders.CARRY_OUT)
def carry_out_order(device_id: int) -> None:
    """Ask the gateway for what staff or an API client ordered."""
    gateway_orders.order_carry_out(device_id)


@shared_task(name="sessions.look_after_orders")
def look_after_orders() -> dict[str, int]:
    """Carry out orders whose hint was lost, or whose worker died."""
    return gateway_orders.orders_look_after()


@shared_task(name=code_fetching.FETCH)
def fetch_code(device_id: int) -> None:
    """Ask the gateway for the QR code that waits, or that somebody waits for."""
    code_fetching.code_fetch(device_id)


@shared_task(name="sessions.wipe_expired_codes")
def wipe_expired_codes() -> dict[str, int]:
    """Empty QR codes that can no more be scanned."""
    return {"wiped": qr_codes.expired_codes_wipe()}


@shared_task(name="sessions.clean_forward_batches")
def clean_forward_batches() -> dict[str, int]:
    """Delete the record of batches that are days old."""
    return batches_clean()


@worker_init.connect
def start_forwarder(sender: object, **_kwargs: object) -> None:
    """Start the forwarder before the worker connects to the broker, so that it needs none."""
    if settings.LARAVEL_API_URL:
        forwarder = Forwarder()
        forwarder.start()
        worker_shutdown.connect(lambda **_kwargs: forwarder.stop(), weak=False)
