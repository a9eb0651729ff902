"""Storing the audit trail."""

from typing import Any

from django.db.models.signals import post_save

from botsite.api.models import ApiKey
from botsite.telemetry.audit import report_audit
from botsite.telemetry.events import audit_event
from monitoring.models import AuditEvent


def record_audit() -> None:
    """Store every change that this process makes by API or command from now on."""
    audit_event.connect(_store, dispatch_uid="audit")
    post_save.connect(_note_new_key, sender=ApiKey, dispatch_uid="audit_keys")


def _store(*, action: str, actor: str, subject: str, address: str, **_values: Any) -> None:
    # At once and in the caller's transaction: what was done and what is told of it stand or fall together.
    AuditEvent.objects.create(action=action, actor=actor[:100], subject=subject[:100], address=address[:50])


def _note_new_key(*, instance: ApiKey, created: bool, **_values: Any) -> None:
    if created:
        report_audit("api_key_created", actor="site", subject=f"api.apikey:{instance.pk}")
