"""Unrecognised items of webhooks that name a customer; nothing but their text refers to them."""

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from conversations.models import WebhookItem, WhatsAppUser


def items_naming(user: WhatsAppUser) -> QuerySet[WebhookItem]:
    """Return the items that name the customer, whichever channel they came to."""
    named = Q(pk=None)
    for value in user.identities.values_list("value", flat=True):
        named |= Q(text__contains=value)
    items = WebhookItem.objects.annotate(text=Cast("payload", TextField())).filter(named)
    return WebhookItem.objects.filter(pk__in=items.values("pk"))
