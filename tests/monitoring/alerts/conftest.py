"""The made-up site as a fixture."""

import pytest
import time_machine

from botsite.telemetry.meter import Meter
from tests.monitoring.alerts.world import World
from tests.monitoring.series.conftest import clock, meter, store

__all__ = ("clock", "meter", "store", "world")


@pytest.fixture
def world(db: None, clock: time_machine.Traveller, meter: Meter) -> World:
    return World(clock, meter)
