"""`manage.py replay`: parked messages (the dead letter) are tried again."""

from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from conversations.models import InboundState, Message
from conversations.services.replay import messages_replay


class Command(BaseCommand):
    help = "Try parked messages again: the given ones, or all (of a channel)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", nargs="*", type=int, help="ids of parked messages")
        parser.add_argument("--all", action="store_true", help="every parked message")
        parser.add_argument("--channel", help="with --all: only those of the channel with this slug")

    def handle(self, *_args: Any, **options: Any) -> None:
        if bool(options["id"]) == options["all"]:
            raise CommandError("give either ids or --all")
        if options["channel"] and not options["all"]:
            raise CommandError("--channel goes with --all")
        report = messages_replay(options["id"] or _parked(options["channel"]))
        self.stdout.write(f"{report.replayed} message(s) replayed")
        if report.refused:
            raise CommandError("; ".join(f"{pk}: {reason}" for pk, reason in report.refused.items()))


def _parked(channel_slug: str | None) -> Iterable[int]:
    parked = Message.objects.filter(state=InboundState.PARKED)  # the state of both directions
    if channel_slug:
        parked = parked.filter(channel__slug=channel_slug)
    return parked.order_by("pk").values_list("pk", flat=True)
