"""`manage.py create_api_key`: make a key; it is printed once, alone on the last line."""

from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from botsite.api.keys import api_key_create
from botsite.api.models import MAX_CALLS_PER_MINUTE, Scope

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
        until = parser.add_mutually_exclusive_group()
        until.add_argument("--expires-days", type=int, help="days until the key stops (default: never)")
        until.add_argument("--expires", help="date (then its beginning) or time at which it stops, ISO 8601")
        parser.add_argument(
            "--limit", type=int, help="calls per minute (default: the site's API_CALLS_PER_MINUTE)"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        limit = options["limit"]
        if limit is not None and not 1 <= limit <= MAX_CALLS_PER_MINUTE:
            raise CommandError(f"--limit must be from 1 to {MAX_CALLS_PER_MINUTE}")
        try:
            key, token = api_key_create(
                name=options["name"],
                scopes=options["scope"],
                channels=options["channel"],
                expires_at=_end(options["expires_days"], options["expires"]),
                calls_per_minute=limit,
            )
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        self.stdout.write(f"API key {key.name} with {', '.join(key.scopes)}; it is not shown again:")
        self.stdout.write(token)


def _end(days: int | None, moment: str | None) -> datetime | None:
    if moment is not None:
        return _future(moment)
    if days is None:
        return None
    if not 1 <= days <= MAX_DAYS:
        raise CommandError(f"--expires-days must be from 1 to {MAX_DAYS}")
    return timezone.now() + timedelta(days=days)


def _future(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if timezone.is_aware(moment) else timezone.make_aware(moment)
    except (ValueError, OverflowError):
        raise CommandError(f"--expires is {text!r}: expected 2027-01-31 or 2027-01-31T12:00") from None
    if moment <= timezone.now():
        raise CommandError(f"--expires is {text!r}, which is past")
    return moment
