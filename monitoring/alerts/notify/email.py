"""Alerts by e-mail."""

import smtplib

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from monitoring.alerts.notify.base import SECONDS, Batch, NotTold
from monitoring.alerts.notify.wording import body, subject

NO_SERVER = "django.core.mail.backends.dummy.EmailBackend"
"""What stands in the settings without EMAIL_URL."""


def tell(batch: Batch) -> None:
    """Send the batch. Raises NotTold."""
    email_send([batch.target.address], subject(batch.notices), body(batch.notices), message_id=str(batch.id))


def email_send(addresses: list[str], title: str, text: str, *, message_id: str) -> None:
    """Send one e-mail; the same `message_id` again tells a repetition. Raises NotTold."""
    if settings.EMAIL_BACKEND == NO_SERVER:
        raise NotTold("no_mail_server", is_final=True)
    sender = settings.DEFAULT_FROM_EMAIL
    headers = {
        "Message-ID": f"<{message_id}@{sender.rpartition('@')[2].strip('>')}>",
        "Auto-Submitted": "auto-generated",
    }
    message = EmailMessage(
        " ".join(title.split()),
        text,
        sender,
        addresses,
        headers=headers,
        connection=get_connection(timeout=SECONDS),
    )
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as error:
        raise NotTold("recipient_refused") from error
    except (smtplib.SMTPException, OSError) as error:
        raise NotTold(type(error).__name__) from error
