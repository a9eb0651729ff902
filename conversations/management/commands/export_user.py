"""`manage.py export_user`: all that is stored of a customer, as JSON."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from conversations.services.exporting import user_export
from conversations.services.finding import NotOne, user_meant


class Command(BaseCommand):
    help = "Write all that is stored of a customer as JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="a phone number or other name, or the number in admin")
        parser.add_argument("--channel", default="", help="only at the channel with this slug")
        parser.add_argument("--output", type=Path, help="a new file; else standard output")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            user = user_meant(options["user"], channel=options["channel"])
        except NotOne as refusal:
            raise CommandError(refusal.message) from None
        if options["output"] is None:
            for piece in user_export(user):
                self.stdout.write(piece, ending="")
            return
        try:
            with options["output"].open("x", encoding="utf-8") as file:
                file.writelines(user_export(user))
        except OSError as error:
            raise CommandError(f"{options['output']}: {error.strerror}") from None
