"""`manage.py revoke_api_key`: every key of a name stops working at once."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from botsite.api.keys import api_keys_revoke
from botsite.api.models import ApiKey


class Command(BaseCommand):
    help = "Revoke every API key of a name, at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", required=True)

    def handle(self, *_args: Any, **options: Any) -> None:
        name = options["name"]
        keys = ApiKey.objects.filter(name=name)
        if not keys.exists():
            raise CommandError(f"there is no API key named {name!r}")
        revoked = api_keys_revoke(keys)
        if revoked:
            self.stdout.write(f"{revoked} API key(s) named {name!r} revoked")
        else:
            self.stdout.write(f"every API key named {name!r} was revoked before")
