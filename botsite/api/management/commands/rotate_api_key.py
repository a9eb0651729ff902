"""`manage.py rotate_api_key`: a successor for a name's key; both work for a while."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from botsite.api.keys import ROTATION_OVERLAP, api_key_rotate
from botsite.api.models import ApiKey

MAX_DAYS = 365


class Command(BaseCommand):
    help = "Make a successor of a name's only live key; it is printed once, alone on the last line."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", required=True, help="whose key")
        parser.add_argument("--prefix", help="which of several live keys: bsk_ and twelve characters")
        parser.add_argument(
            "--overlap-days",
            type=int,
            default=ROTATION_OVERLAP.days,
            help="how long the old key goes on working (default: %(default)s; 0: not at all)",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        days = options["overlap_days"]
        if not 0 <= days <= MAX_DAYS:
            raise CommandError(f"--overlap-days must be from 0 to {MAX_DAYS}")
        old = _key(options["name"], options["prefix"])
        _, token = api_key_rotate(old, overlap=timedelta(days=days))
        ending = f"works for {days} more day(s) at the most" if days else "is revoked"
        self.stdout.write(f"API key {old.prefix} of {old.name} {ending}; the new one is not shown again:")
        self.stdout.write(token)


def _key(name: str, prefix: str | None) -> ApiKey:
    """Return the one live key that is meant."""
    live = ApiKey.objects.live().filter(name=name)
    keys = list(live.filter(prefix=prefix) if prefix else live)
    if not keys:
        raise CommandError(f"there is no live API key named {name!r}" + (f" with {prefix}" if prefix else ""))
    if len(keys) > 1:
        prefixes = ", ".join(key.prefix for key in keys)
        raise CommandError(f"{name!r} has several live keys: choose with --prefix one of {prefixes}")
    return keys[0]
