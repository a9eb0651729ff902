"""Databases of a run's own on the configured servers, or on private ones where none is configured."""

import logging
import os
import tempfile
from collections.abc import Iterator, MutableMapping
from contextlib import closing, contextmanager
from pathlib import Path

import django
from django.core.management import call_command
from django.db import connections

from benchmarks.bench import House
from botsite import embedded
from botsite.postgres.bound import bound
from tests.faults.stores import database
from tests.redis_database import ClaimedDatabase

PROJECT = Path(__file__).resolve().parent.parent
INHERITED = ("PATH", "HOME", "LANG")


@contextmanager
def open_house() -> Iterator[House]:
    """Make the run's stores, point the environment and Django at them, and migrate; remove all at the end.

    The rest of the environment is dropped, so that a developer's settings change no figure.
    """
    with (
        tempfile.TemporaryDirectory(prefix="botsite-bench-") as folder,
        _servers() as servers,
        _claimed(servers.redis) as redis,
        database(servers.database, f"bench_botsite_{os.getpid()}") as store,
    ):
        house = House(database_url=store.url, redis_url=redis.url, folder=Path(folder))
        _enter(house, os.environ)
        django.setup()
        call_command("migrate", verbosity=0)
        try:
            yield house
        finally:
            connections.close_all()
            bound.drop_idle()
            logging.disable()  # threads that listen to Redis would say that it is gone


@contextmanager
def _claimed(url: str) -> Iterator[ClaimedDatabase]:
    claimed = ClaimedDatabase(url)
    try:
        yield claimed
    finally:
        claimed.release()


@contextmanager
def _servers() -> Iterator[embedded.ServiceUrls]:
    """The configured servers, and in place of a missing one a private one, kept for the next run."""
    folder = Path(os.environ.get("VAR_DIR") or PROJECT / "var").absolute() / "bench"
    with closing(embedded.ensure_running(folder)):
        private = embedded.service_urls(folder)
        yield embedded.ServiceUrls(
            database=os.environ.get("DATABASE_URL") or private.database,
            redis=os.environ.get("REDIS_URL") or private.redis,
        )


def _enter(house: House, environ: MutableMapping[str, str]) -> None:
    kept = {name: environ[name] for name in INHERITED if name in environ}
    environ.clear()
    environ.update(
        kept,
        BOTSITE_LOCAL="1",
        DATABASE_URL=house.database_url,
        REDIS_URL=house.redis_url,
        VAR_DIR=str(house.folder),
        LOG_DIR=str(house.folder / "logs"),
        LOG_TO="files",
        DJANGO_SETTINGS_MODULE="botsite.settings",
    )
