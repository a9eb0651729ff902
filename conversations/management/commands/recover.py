"""`manage.py recover`: orphaned runs, expired leases and the due outbox, now."""

from typing import Any

from django.core.management.base import BaseCommand

from conversations.services.catch_up import catch_up


class Command(BaseCommand):
    help = "Recover orphaned runs, answer what is due and send what waits; prints how much of each."

    def handle(self, *_args: Any, **_options: Any) -> None:
        for name, count in catch_up().items():
            self.stdout.write(f"{name}: {count}")
