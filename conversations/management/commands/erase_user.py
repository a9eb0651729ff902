"""`manage.py erase_user`: a customer is erased in every store, for good."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from conversations.models import Erasure
from conversations.services.erasing import AlreadyErased, user_erase
from conversations.services.finding import NotOne, user_meant
from conversations.services.tombstones import erasure_of


class Command(BaseCommand):
    help = "Erase a customer in every store, with a tombstone; prints what there was."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="a phone number or other name, or the number in admin")
        parser.add_argument("--channel", default="", help="only at the channel with this slug")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            erasure = user_erase(user_meant(options["user"], channel=options["channel"]).pk)
        except NotOne as refusal:
            before = erasure_of(options["user"])
            if refusal.code != "no_such_user" or before is None:
                raise CommandError(refusal.message) from None
            self._tell_again(before)
        except AlreadyErased as error:
            if error.erasure is None:
                raise CommandError("There is no such user.") from None
            self._tell_again(error.erasure)
        else:
            for label, rows in erasure.counts.items():
                self.stdout.write(f"{label}: {rows}")
            self.stdout.write(f"erased: user #{erasure.user_pk}")

    def _tell_again(self, erasure: Erasure) -> None:
        self.stdout.write(f"erased before, at {erasure.erased_at:%Y-%m-%d %H:%M} UTC: nothing is left")
