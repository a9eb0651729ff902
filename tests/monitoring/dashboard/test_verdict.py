"""The one sentence: the worst thing first, and each thing that can be wrong has its own."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone, translation

from conversations.models import Message, WhatsAppUser
from conversations.services.budget_standing import standings
from monitoring.dashboard.standing import standing
from monitoring.dashboard.verdict import Verdict, verdict_of
from monitoring.models import Alert, HealthCheck
from tests.conversations.builders import make_channel, receive
from tests.conversations.services.budget_builders import make_budget
from tests.monitoring.dashboard.builders import make_alert, make_check

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> WhatsAppUser:
    user = receive(make_channel(), "hola", "¿hay alguien?")
    Message.objects.update(state="answered")
    WhatsAppUser.objects.update(turn_due_at=None)
    make_check("database")
    return user


def verdict() -> Verdict:
    with translation.override("en"):
        return verdict_of(standing(), standings())


def test_all_is_well(user: WhatsAppUser) -> None:
    assert verdict() == Verdict("up", "All is well: every message is answered.", "health")


def test_the_worst_comes_first_and_each_has_its_turn(user: WhatsAppUser) -> None:
    """All that can be wrong at once, taken away one by one."""
    held, parked = Message.objects.filter(direction="in").order_by("pk")
    Message.objects.filter(pk=held.pk).update(state="held")
    Message.objects.filter(pk=parked.pk).update(state="parked")
    WhatsAppUser.objects.update(turn_due_at=timezone.now() - timedelta(minutes=2))
    budget = make_budget(user.channel, daily="1")
    budget.spendings.filter(period="day").update(spent_usd=Decimal(1))
    critical, warning = make_alert("critical"), make_alert("warning")
    make_check("redis", "down")
    make_check("disk", "degraded")

    told = [verdict()]
    for put_right in (
        lambda: HealthCheck.objects.filter(name="redis").delete(),
        lambda: Alert.objects.filter(pk=critical.pk).delete(),
        lambda: WhatsAppUser.objects.update(turn_due_at=None),
        lambda: Message.objects.filter(state="parked").update(state="answered"),
        lambda: budget.delete(),
        lambda: HealthCheck.objects.filter(name="disk").delete(),
        lambda: Alert.objects.filter(pk=warning.pk).delete(),
        lambda: Message.objects.update(state="answered"),
    ):
        put_right()
        told.append(verdict())

    assert [(each.level, each.text) for each in told] == [
        ("down", "Not working: Redis."),
        ("down", "1 critical alert needs somebody now."),
        ("down", "1 customer has waited for over a minute: is a worker running?"),
        ("held", "1 message could not be dealt with and needs a person."),
        ("held", f"The budget is spent, no model is asked: {user.channel}."),
        ("held", "Working, but not as it should: Disk."),
        ("held", "All answers go out; 1 warning is open."),
        ("held", "All is well; 1 question waits for a person."),
        ("up", "All is well: every message is answered."),
    ]


def test_what_somebody_has_seen_or_may_yet_become_is_not_told_first(user: WhatsAppUser) -> None:
    make_alert("critical", acknowledged_at=timezone.now(), acknowledged_by="boss")
    make_alert("critical", state="pending", fired_at=None)

    assert verdict().level == "up"


def test_when_nobody_checks_it_is_not_known_whether_all_is_well(user: WhatsAppUser) -> None:
    HealthCheck.objects.all().delete()
    assert verdict().text == "Nobody is checking: whether all is well is not known."

    make_check("redis", "down", seen=timezone.now() - timedelta(hours=1))
    assert verdict().text == "Nobody is checking: whether all is well is not known."


def test_many_names_are_cut_short(user: WhatsAppUser) -> None:
    for name in ("redis", "broker", "workers", "beat", "disk"):
        make_check(name, "down")

    assert verdict().text.endswith("(+2).")


def test_a_budget_that_is_nearly_spent_is_told(user: WhatsAppUser) -> None:
    budget = make_budget(user.channel, daily="1")
    budget.spendings.filter(period="day").update(spent_usd=Decimal("0.9"))

    assert verdict().text.startswith("The budget is nearly spent")
