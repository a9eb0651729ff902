"""The units share one folder for the host's counts, and it outlives each of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from botsite.telemetry.host_metrics import FOLDER_VARIABLE

UNITS = sorted((Path(__file__).resolve().parents[2] / "deploy" / "systemd").glob("*.service"))


def settings_of(unit: Path) -> Iterator[tuple[str, str]]:
    for line in unit.read_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            yield name, value


def test_there_are_units() -> None:
    assert {unit.stem for unit in UNITS} == {"botsite-web", "botsite-worker", "botsite-beat"}


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_the_folder_is_made_for_every_unit_and_left_when_one_stops(unit: Path) -> None:
    settings = set(settings_of(unit))

    assert ("Environment", f"{FOLDER_VARIABLE}=/run/botsite/prometheus") in settings
    assert ("RuntimeDirectory", "botsite/prometheus") in settings
    assert ("RuntimeDirectoryPreserve", "yes") in settings
