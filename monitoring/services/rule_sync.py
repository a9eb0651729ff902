"""Rows for the shipped rules, the watch and the first to be told, made at every `migrate`."""

from typing import Any

from django.conf import settings

from monitoring.alerts.rules import RULES
from monitoring.models import AlertRule, NotificationTarget, TargetKind, Watch

WATCH = "monitor"
"""The name of the watch's one row."""


def rules_sync(**_values: Any) -> None:
    """Make the rows that are missing (a receiver of post_migrate); what staff changed stays.

    Rows of rules that this version does not have stay for their alerts' sake, and are left out elsewhere.
    """
    AlertRule.objects.bulk_create((AlertRule(slug=slug) for slug in RULES), ignore_conflicts=True)
    Watch.objects.bulk_create([Watch(name=WATCH)], ignore_conflicts=True)
    if not NotificationTarget.objects.exists():
        NotificationTarget.objects.bulk_create(map(_first_target, settings.ALERT_EMAILS))


def _first_target(address: str) -> NotificationTarget:
    language = settings.LANGUAGE_CODE[:2]
    return NotificationTarget(name=address, kind=TargetKind.EMAIL, address=address, language=language)
