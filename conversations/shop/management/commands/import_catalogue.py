"""`manage.py import_catalogue`: products from a CSV file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from conversations.shop.services.csv_import import catalogue_import
from conversations.shop.services.csv_reading import UnreadableTable
from sessions_app.models import Channel


class Command(BaseCommand):
    help = "Import a catalogue from CSV; a bad line keeps all others out, unless --skip-bad-lines."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--channel", help="the channel's slug; without it, products of all channels")
        parser.add_argument("--currency", default="USD", help="of new products, where the file has none")
        parser.add_argument("--skip-bad-lines", action="store_true", help="take the good lines")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            report = catalogue_import(
                options["file"].read_bytes(),
                channel=_channel(options["channel"]),
                currency=options["currency"],
                all_or_nothing=not options["skip_bad_lines"],
            )
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}") from None
        except UnreadableTable as error:
            raise CommandError(str(error)) from None
        for mistake in report.errors:
            self.stderr.write(f"line {mistake.line}: {mistake.message}")
        for column in report.ignored_columns:
            self.stderr.write(f"column not used: {column}")
        if not report.is_applied:
            raise CommandError("nothing was imported: correct the lines above, or use --skip-bad-lines")
        self.stdout.write(f"{report.created} created, {report.updated} updated, {report.unchanged} unchanged")


def _channel(slug: str | None) -> Channel | None:
    if not slug:
        return None
    channel = Channel.objects.filter(slug=slug).first()
    if channel is None:
        raise CommandError(f"there is no channel {slug!r}")
    return channel
