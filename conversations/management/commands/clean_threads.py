"""`manage.py clean_threads`: threads that have grown too long are summarised, now."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from conversations.services.language_models import language_models
from conversations.services.summaries import clean_threads


class Command(BaseCommand):
    help = "Summarise the threads over THREAD_TOKEN_THRESHOLD and begin them anew; prints how many."

    def handle(self, *_args: Any, **_options: Any) -> None:
        if not language_models():
            raise CommandError("no model is configured: set OPENAI_API_KEY")
        for name, count in clean_threads().items():
            self.stdout.write(f"{name}: {count}")
