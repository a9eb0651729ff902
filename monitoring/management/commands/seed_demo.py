"""`manage.py seed_demo`: load the demonstration; idempotent."""

from typing import Any

from django.core.management.base import BaseCommand

from conversations.demo.seed import SIMULATOR_SLUG, seed
from monitoring.demo.history import seed_history
from monitoring.demo.past import seed_past
from sessions_app.models import Channel


class Command(BaseCommand):
    help = (
        "Load demo conversations, knowledge, products, the simulator's channel and a month of figures; "
        "a second run adds nothing."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        new = {**seed(), "buckets of figures": seed_history()}
        new |= seed_past(Channel.objects.get(slug=SIMULATOR_SLUG))
        self.stdout.write("Demo data: " + ", ".join(f"{count} new {name}" for name, count in new.items()))
