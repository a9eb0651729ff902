"""`manage.py seed_demo` can be run again and again."""

import pytest
from django.core.management import call_command

from conversations.models import KnowledgeEntry, Message, ProfileVersion, Run, WhatsAppUser
from conversations.shop.models import Product
from monitoring.models import Alert, HealthSpan, MetricBucket
from sessions_app.models import Channel, Device

CONVERSATIONS = (Channel, Device, KnowledgeEntry, Message, Product, ProfileVersion, WhatsAppUser)
MODELS = (*CONVERSATIONS, Alert, HealthSpan, MetricBucket, Run)


@pytest.mark.django_db
def test_seeding_twice_adds_nothing() -> None:
    def counts() -> list[int]:
        return [model.objects.count() for model in MODELS]

    call_command("seed_demo")
    first = counts()
    call_command("seed_demo")

    assert counts() == first
    assert min(first) > 0
    assert Message.objects.filter(state="held").exists()
