"""Webhooks in each provider's format, and the events they mean: {"body": …, "events": [fields of each]}."""

import json
from pathlib import Path
from typing import Any

PAYLOADS = Path(__file__).resolve().parent


def samples() -> list[Path]:
    return sorted(PAYLOADS.glob("*/*.json"))


def load(sample: Path) -> tuple[Any, list[dict[str, Any]]]:
    """Return a sample's payload and the fields of the events that are expected of it."""
    content = json.loads(sample.read_text())
    return content["body"], content["events"]
