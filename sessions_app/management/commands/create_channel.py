"""`manage.py create_channel`: create or update a channel; secrets are stored encrypted."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from sessions_app.models import ChannelKind
from sessions_app.services.channels import channel_save

TEXT_OPTIONS = (
    "name",
    "phone-number-id",
    "app-secret",
    "access-token",
    "verify-token",
    "base-url",
    "api-version",
    "instance",
)


class Command(BaseCommand):
    help = "Create a channel, or update the given values of an existing one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--slug", required=True, help="the last part of its webhook address")
        parser.add_argument("--kind", required=True, choices=ChannelKind.values)
        parser.add_argument("--language", choices=["es", "en"])
        for option in TEXT_OPTIONS:
            parser.add_argument(f"--{option}")

    def handle(self, *_args: Any, **options: Any) -> None:
        names = [option.replace("-", "_") for option in TEXT_OPTIONS] + ["language"]
        values = {name: options[name] for name in names}
        try:
            channel, created = channel_save(slug=options["slug"], kind=options["kind"], **values)
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        except ValueError as error:
            raise CommandError(str(error)) from error
        done = "created" if created else "updated"
        self.stdout.write(f"Channel {channel.slug} ({channel.kind}) {done}; webhook: /webhook/{channel.slug}")
