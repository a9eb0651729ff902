"""The dashboard over a month of a busy site, beside what was promised of it."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpResponseBase
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks.bench import BenchError, Contender, Figure, House, Sample, Target
from benchmarks.month import fill
from benchmarks.summaries import percentile
from botsite import caching

MESSAGES, QUICK_MESSAGES = 1_000_000, 2_000
LOOKS, QUICK_LOOKS = 20, 2
OURS, PROMISED = "botsite", "promised"
HOST = "localhost"

DAY = Figure("page of 24 h, cold, p50", "ms")
MONTH = Figure("page of 30 d, cold, p50", "ms")
AGAIN = Figure("look when nothing changed, p50", "ms")
DAY_CPU = Figure("its time on the processor, p50", "ms")
QUERIES = Figure("queries of a cold page, at the most", "queries")


@dataclass(frozen=True, slots=True)
class PageContender:
    """Whole requests, all middleware included, in this process; nothing of the page is in the cache."""

    client: Client
    looks: int
    name: str = OURS

    def measure(self) -> Sample:
        queries: list[int] = []
        return {
            DAY: self._median(lambda: self._page("24h", queries)),
            DAY_CPU: self._median(lambda: self._page("24h", queries), time.process_time),
            MONTH: self._median(lambda: self._page("30d", queries)),
            AGAIN: self._again(),
            QUERIES: float(max(queries)),
        }

    def _page(self, chosen: str, queries: list[int]) -> HttpResponseBase:
        caching.invalidate_matching(caching.DASHBOARD)
        with CaptureQueriesContext(connection) as captured:
            response = self.client.get("/dashboard/", {"range": chosen})
        queries.append(len(captured))
        return response

    def _again(self) -> float:
        live = "/dashboard/live?range=24h"
        etag = self.client.get(live).headers["ETag"]
        return self._median(lambda: self.client.get(live, headers={"If-None-Match": etag}))

    def _median(
        self, look: Callable[[], HttpResponseBase], clock: Callable[[], float] = time.perf_counter
    ) -> float:
        taken = []
        for _ in range(self.looks):
            began = clock()
            response = look()
            taken.append((clock() - began) * 1000)
            if response.status_code not in {200, 304}:
                raise BenchError(f"the page answered {response.status_code}")
        return percentile(taken, 50)


@dataclass(frozen=True, slots=True)
class Promise:
    """What the page was promised to take."""

    name: str = PROMISED

    def measure(self) -> Sample:
        return {DAY: 200.0, DAY_CPU: 200.0, MONTH: 200.0, AGAIN: 50.0, QUERIES: 15.0}


class DashboardBench:
    about = "the managers' dashboard with a million messages and 30 days of figures, beside what is promised"
    targets = (
        Target(figure=DAY, against=PROMISED, at_most=1.0),
        Target(figure=QUERIES, against=PROMISED, at_most=1.0),
    )

    @contextmanager
    def contenders(self, house: House, *, quick: bool) -> Iterator[Sequence[Contender]]:
        settings.ALLOWED_HOSTS = [HOST]
        fill(QUICK_MESSAGES if quick else MESSAGES)
        client = Client(SERVER_NAME=HOST)
        client.force_login(User.objects.create_superuser("bench"))
        yield [PageContender(client, QUICK_LOOKS if quick else LOOKS), Promise()]


BENCH = DashboardBench()
