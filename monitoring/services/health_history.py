"""What the checks found lately, for strips and lists."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from monitoring.health.strip import HOURS, Part, Stretch, parts_of
from monitoring.models import HealthSpan, Status


def strips(until: datetime) -> Mapping[str, Sequence[Part]]:
    """Return the strip of each check for the HOURS before `until`, in one query. Raises django.db.Error."""
    rows = HealthSpan.objects.filter(ended_at__gte=until - timedelta(hours=HOURS), began_at__lte=until)
    stretches: dict[str, list[Stretch]] = defaultdict(list)
    for name, status, began, ended in rows.values_list("check_name", "status", "began_at", "ended_at"):
        stretches[name].append(Stretch(Status(status), began, ended))
    return {name: parts_of(found, until=until) for name, found in stretches.items()}
