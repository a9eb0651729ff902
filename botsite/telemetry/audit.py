"""The audit trail of what was changed by API and command; admin's changes are in Django's own log."""

from botsite.telemetry.events import audit_event
from botsite.telemetry.logging import get_logger

log = get_logger("audit")


def report_audit(action: str, *, actor: str, subject: str, address: object = None) -> None:
    """Log AUDIT and tell the monitoring, which stores it in the transaction of the change itself.

    `action` is one machine word (`user_paused`); `actor` is who did it (`key:bsk_…`, `site` when only the
    log of admin or of the shell knows); `subject` is `app.model:primary key`.
    """
    log.info("AUDIT", operation=action, actor=actor, subject=subject)
    audit_event.send(
        sender=report_audit, action=action, actor=actor, subject=subject, address=str(address or "")
    )
