"""Each outage of a running site is told of by the right alert, which ends with it; with shortened clocks.

In real time: `python -m tests.faults alerts`; docs/monitoring.md has its figures.
"""

import os
from pathlib import Path

import pytest

from tests.faults.alerting import watch_outages
from tests.faults.outages import OUTAGES
from tests.faults.short_clocks import shorten_clocks

pytestmark = pytest.mark.stack


def test_the_right_alert_fires_for_each_outage_and_ends_with_it(tmp_path: Path) -> None:
    shorten_clocks(tmp_path / "tree")
    timings = list(
        watch_outages(
            OUTAGES,
            server_url=os.environ["DATABASE_URL"],
            folder=tmp_path,
            seed=11,
            tree=tmp_path / "tree",
            hold_seconds=1,
        )
    )

    assert [timing.line() for timing in timings if not timing.is_in_time] == []
    assert [timing.outage for timing in timings] == list(OUTAGES)
