"""`manage.py create_api_key`: make a key; it is printed once, alone on the last line."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from botsite.api.keys import api_key_create
from botsite.api.models import Scope

MAX_DAYS = 36_500


class Command(BaseCommand):
    help = (
        "Create an API key and print it, once, alone on the last line. A second key of a name is a rotation."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", required=True, help="who uses the key")
        parser.add_argument(
            "--scope", action="append", required=True, choices=Scope.values, help="may be given several times"
        )
        parser.add_argument(
            "--channel",
            action="append",
            default=[],
            help="slug of a channel the key is limited to; repeatable",
        )
        parser.add_argument(
            "--expires-days", type=int, help="days until the key stops working (default: never)"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        days = options["expires_days"]
        if days is not None and not 1 <= days <= MAX_DAYS:
            raise CommandError(f"--expires-days must be from 1 to {MAX_DAYS}")
        try:
            key, token = api_key_create(
                name=options["name"],
                scopes=options["scope"],
                channels=options["channel"],
                expires_at=timezone.now() + timedelta(days=days) if days else None,
            )
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        self.stdout.write(f"API key {key.name} with {', '.join(key.scopes)}; it is not shown again:")
        self.stdout.write(token)
