"""Conversations that go on now; those of past days are counted in monitoring/analytics."""

from datetime import timedelta

from django.utils import timezone

from conversations.models import WhatsAppUser

PAUSE = timedelta(minutes=30)
"""Who has not written for so long has left."""


def active_conversations() -> int:
    """Count the customers who wrote within the last PAUSE."""
    return WhatsAppUser.objects.filter(last_inbound_at__gte=timezone.now() - PAUSE).count()
