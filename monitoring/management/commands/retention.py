"""`manage.py retention`: what is older than its period is deleted, now."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from monitoring.retention.sweep import KINDS, Busy, retention_count, retention_run


class Command(BaseCommand):
    help = "Delete what is older than its period, in small steps; prints how much of each kind."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count only")
        parser.add_argument("--only", action="append", default=[], choices=KINDS, metavar="KIND")

    def handle(self, *_args: Any, **options: Any) -> None:
        work = retention_count if options["dry_run"] else retention_run
        try:
            counts = work(options["only"])
        except Busy:
            raise CommandError("Another process is at it; try again later.") from None
        for kind, rows in counts.items():
            self.stdout.write(f"{kind}: {rows}")
