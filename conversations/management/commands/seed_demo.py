"""`manage.py seed_demo`: load the demonstration; idempotent."""

from typing import Any

from django.core.management.base import BaseCommand

from conversations.demo.seed import seed


class Command(BaseCommand):
    help = (
        "Load demo conversations, knowledge, products and the simulator's channel; a second run adds nothing."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        new = seed()
        self.stdout.write("Demo data: " + ", ".join(f"{count} new {name}" for name, count in new.items()))
