"""Celery tasks of device sessions."""

from celery import shared_task

from sessions_app.services import gateway_orders, qr_codes


@shared_task(name=gateway_orders.CARRY_OUT)
def carry_out_order(device_id: int) -> None:
    """Ask the gateway for what staff or an API client ordered."""
    gateway_orders.order_carry_out(device_id)


@shared_task(name="sessions.look_after_orders")
def look_after_orders() -> dict[str, int]:
    """Carry out orders whose hint was lost, or whose worker died."""
    return gateway_orders.orders_look_after()


@shared_task(name="sessions.wipe_expired_codes")
def wipe_expired_codes() -> dict[str, int]:
    """Empty QR codes that can no more be scanned."""
    return {"wiped": qr_codes.expired_codes_wipe()}
