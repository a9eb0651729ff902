"""`manage.py logs`: what was logged, by category, user, time and level."""

import json
import re
from argparse import ArgumentTypeError
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from botsite.telemetry.log_files import LOG_FILES
from botsite.telemetry.log_reading import LEVELS, Line, Wanted, follow, latest

_AGO = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_FIRST = ("timestamp", "level", "logger", "event", "exception")


class Command(BaseCommand):
    help = "Shows log lines: of one category, about one user, since a time."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        names = [file.name for file in LOG_FILES]
        parser.add_argument("--file", choices=names, default="combined", help="which log (combined)")
        parser.add_argument("--category", default="", type=str.upper, help="as THREAD_LOCK_BUSY")
        parser.add_argument("--user", default="", help="a user's id, or a number (its masked form is sought)")
        parser.add_argument("--since", type=instant, help="15m, 2h, 3d, or an ISO time (UTC unless it says)")
        parser.add_argument("--level", choices=LEVELS, default="debug", help="this level and above")
        parser.add_argument("--limit", type=int, default=200, help="the last so many lines (200)")
        parser.add_argument("--follow", action="store_true", help="go on with what comes; Ctrl-C ends it")
        parser.add_argument("--json", action="store_true", help="the lines as they are")

    def handle(self, *_args: object, **options: Any) -> None:
        path = settings.LOG_DIR / f"{options['file']}.log"
        wanted = Wanted(
            category=options["category"],
            user=options["user"],
            since=options["since"],
            level=options["level"],
        )
        show = as_json if options["json"] else as_text
        coming = follow(path, wanted) if options["follow"] else None
        try:
            for line in latest(path, wanted, limit=options["limit"]):
                self.stdout.write(show(line))
            for line in coming or ():
                self.stdout.write(show(line))
                self.stdout.flush()
        except KeyboardInterrupt:
            return


def instant(text: str) -> datetime:
    """Read `15m`, `2h`, `3d`, `30s` (ago) or an ISO time; without an offset it is UTC."""
    if ago := _AGO.fullmatch(text):
        return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is neither 15m, 2h, 3d nor an ISO time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def as_json(line: Line) -> str:
    return json.dumps(line, ensure_ascii=False)


def as_text(line: Line) -> str:
    """Return one line for a person, and the traceback, if there is one, below it."""
    facts = " ".join(f"{name}={value}" for name, value in line.items() if name not in _FIRST)
    moment, level = line.get("timestamp", "-"), str(line.get("level", "-")).upper()
    text = f"{moment} {level:<8} {line.get('event', '')} {facts}".rstrip()
    return f"{text}\n{line['exception']}" if line.get("exception") else text
