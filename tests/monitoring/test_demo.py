"""The demonstration's month of figures."""

from datetime import timedelta

import pytest
from django.utils import timezone

from monitoring.demo.history import seed_history
from monitoring.models import Granularity, MetricBucket


@pytest.mark.django_db
def test_a_month_is_made_around_what_the_site_has_counted_already() -> None:
    """The site is at work while its demonstration is made."""
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    counted = {"webhook_messages_total|channel=1,result=stored": 7.0}
    for start in (hour - timedelta(hours=1), hour):  # the hour may end before the seeding begins
        MetricBucket.objects.create(
            granularity=Granularity.HOUR,
            start=start,
            source=MetricBucket.COUNTS,
            known_until=start + timedelta(minutes=1),
            data=counted,
        )

    new = seed_history()

    assert new > 30 * 24
    assert (
        MetricBucket.objects.get(granularity="hour", start=hour, source=MetricBucket.COUNTS).data == counted
    )
    assert seed_history() == 0
