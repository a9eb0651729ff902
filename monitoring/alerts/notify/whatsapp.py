"""Alerts by WhatsApp to staff: through the outbox, as any message that another system wants sent."""

from conversations.services.api_messages import (
    IdempotencyConflict,
    MessageOrder,
    Template,
    Unsendable,
    message_accept,
)
from monitoring.alerts.notify.base import Batch, NotTold
from monitoring.alerts.notify.wording import brief

CLIENT = "alerts"


def tell(batch: Batch) -> None:
    """Put the batch into the outbox, once however often it is tried. Raises NotTold, django.db.Error.

    A template gets two texts, the title and the details; without one the text is sent as it is, which the
    Cloud API delivers only within 24 hours of the last message from that number.
    """
    target = batch.target
    if target.channel is None:
        raise NotTold("no_channel", is_final=True)
    title, details = brief(batch.notices)
    if target.template:
        order = MessageOrder(
            target.address, template=Template(target.template, target.language, (title, details))
        )
    else:
        order = MessageOrder(target.address, text=f"{title}\n{details}")
    try:
        message_accept(target.channel, order, client=CLIENT, idempotency_key=str(batch.id))
    except IdempotencyConflict:
        return  # accepted before, when the alert's words were others
    except Unsendable as error:
        raise NotTold(error.code, is_final=True) from error
