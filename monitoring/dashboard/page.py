"""The page put together: how things stand now, and the figures of a range, as one reader may see them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.utils import timezone
from django.utils.translation import get_language

from monitoring.dashboard.figures import Figures, figures, figures_mark
from monitoring.dashboard.links import Links
from monitoring.dashboard.ranges import RANGES, Range
from monitoring.dashboard.sections import (
    ai,
    cache,
    calls,
    devices,
    hands,
    health,
    messages,
    system,
    technical,
)
from monitoring.dashboard.standing import Standing, standing
from monitoring.dashboard.verdict import verdict_of

OLD_AFTER = timedelta(minutes=3)
"""Figures whose newest is older than this are shown as old: nobody rolls up, or Redis is away."""

Reader = User | AnonymousUser


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found: enough to say whether a page is still right, and to make a new one."""

    chosen: Range
    now: Standing
    mark: str

    def etag(self, reader: Reader) -> str:
        """Return the name of the page that this reader would get."""
        parts = (self.chosen.key, self.now.digest(), self.mark, get_language(), reader.pk)
        return f'"{sha256(repr(parts).encode()).hexdigest()[:32]}"'


def look(chosen: Range) -> Look:
    """Look without reading the figures: four queries at the most."""
    return Look(chosen, standing(), figures_mark())


def page_context(seen: Look, reader: Reader) -> dict[str, Any]:
    """Return what the template of the page's changing part shows."""
    found = figures(seen.chosen, seen.mark)
    links = Links(reader)
    may_acknowledge = reader.has_perm(hands.ACKNOWLEDGE)
    return {
        "range": seen.chosen,
        "ranges": RANGES.values(),
        "read_at": timezone.now(),
        "first_day": timezone.localdate(found.since, timezone.get_default_timezone()),
        "old_since": _old_since(found),
        "verdict": verdict_of(seen.now, found.budgets),
        "checks": health.health_tiles(seen.now.checks, links),
        "alerts": hands.alert_rows(seen.now.alerts, links, may_acknowledge=may_acknowledge),
        "hands": hands.hand_tiles(seen.now.waiting, links),
        **_figures_context(found, seen, links),
    }


def _figures_context(found: Figures, seen: Look, links: Links) -> dict[str, Any]:
    step, frame = seen.chosen.step, found.frame
    return {
        "message_tiles": messages.message_tiles(found, step, links),
        "message_panels": messages.message_panels(found, step),
        "cost_tiles": ai.cost_tiles(found, links),
        "assistant_tiles": ai.assistant_tiles(found, links),
        "models": ai.model_rows(found.stored.runs),
        "models_note": ai.latest_only(found.stored.runs),
        "answered_by": ai.answered_by(frame),
        "providers": ai.provider_rows(frame),
        "ai_panel": ai.ai_panel(found, step),
        "budgets": ai.budget_rows(found),
        "layers": cache.layer_rows(frame),
        "shop_tiles": cache.shop_tiles(found, links),
        "session_panel": cache.session_panel(found, step),
        "device_tiles": devices.device_tiles(found, seen.now.waiting, links),
        "technical_tiles": technical.technical_tiles(found, links),
        "technical_panels": technical.technical_panels(found, step),
        "request_tiles": calls.request_tiles(frame),
        "function_tiles": calls.function_tiles(frame),
        "endpoints": calls.endpoint_rows(frame),
        "functions": calls.function_rows(frame),
        "processes": system.process_rows(found),
        "security": technical.security_rows(found, links),
    }


def _old_since(found: Figures) -> datetime | str | None:
    """Return the newest moment known when that is long ago, "" when there is none, None when all is new."""
    as_of = found.frame.as_of
    if as_of is None:
        return ""
    return as_of if found.window.until - as_of > OLD_AFTER else None
