"""The pages of costs and budgets: for those who may see runs, in both languages, exact to the CSV."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import translation
from pytest_django import DjangoAssertNumQueries

from conversations.admin.costs_chart import bars
from conversations.models import Budget, BudgetAlert, RunState, WhatsAppUser
from conversations.services import budgets, costs
from conversations.services.costs import Span
from conversations.templatetags.money import usd, whole
from sessions_app.models import Channel
from tests.conversations.builders import make_channel
from tests.conversations.services.budget_builders import make_budget, make_run, make_thread
from tests.staff import administrator, signed_in

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
VIEW = "conversations.view_budget"


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def books(channel: Channel) -> Channel:
    """Ana's run of today, Luis's of the fifth, one of October, and one of which nobody knows."""
    for name, usd_cost, days in (("Ana", "1.25", 0), ("=Luis", "0.0021", 15), ("Eva", "7", 40)):
        make_run(
            channel,
            thread=make_thread(channel, name=name),
            at=NOON - timedelta(days=days),
            state=RunState.COMPLETED,
            provider="openai",
            cost_usd=Decimal(usd_cost),
            baseline_usd=Decimal(usd_cost) * 4,
            input_tokens=100,
        )
    make_run(channel, at=NOON, state=RunState.CRASHED, usage_unknown=True)
    return channel


def page(client: Client, **days: str) -> str:
    response = client.get(reverse("admin:costs"), days)
    assert response.status_code == 200
    return response.content.decode()


def table(client: Client, **days: str) -> list[dict[str, str]]:
    response = client.get(reverse("admin:costs_csv"), days)
    assert response.status_code == 200
    text = response.getvalue().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_the_page_shows_this_month_and_what_was_saved(books: Channel) -> None:
    text = page(signed_in(VIEW))

    assert "US$1.2521" not in text  # two decimals from a dollar on
    assert "US$1.25" in text
    assert "US$5.01" in text  # the baseline of November
    assert "75 %" in text
    assert "usage unknown: 1, no price: 0" in text
    assert "Ana" in text
    assert "Eva" not in text  # October


def test_other_days_can_be_asked_for(books: Channel) -> None:
    text = page(signed_in(VIEW), since="2026-10-01", until="2026-10-31")

    assert "Eva" in text
    assert "Ana" not in text
    assert 'value="2026-10-01"' in text


@pytest.mark.parametrize(
    ("since", "until", "message"),
    [
        ("2026-11-02", "2026-11-01", "The last day is before the first."),
        ("2020-01-01", "2026-11-01", "At most 366 days are shown at once."),
        ("soon", "", "Enter a valid date."),
    ],
)
def test_days_that_make_no_sense_are_refused_with_a_reason(
    books: Channel, since: str, until: str, message: str
) -> None:
    client = signed_in(VIEW)

    text = page(client, since=since, until=until)
    assert message in text
    assert "Ana" in text  # this month instead

    refused = client.get(reverse("admin:costs_csv"), {"since": since, "until": until})
    assert (refused.status_code, refused.content.decode()) == (400, message)


def test_a_page_without_any_run_says_so(db: None) -> None:
    text = page(signed_in(VIEW))

    assert "There was nothing in these days." in text
    assert "<svg viewBox" not in text


@pytest.mark.parametrize("name", ["costs", "costs_csv"])
def test_only_those_who_may_see_runs_see_costs(books: Channel, name: str) -> None:
    url = reverse(f"admin:{name}")

    assert Client().get(url).status_code == 302
    assert signed_in("conversations.view_message").get(url).status_code == 403
    assert signed_in(VIEW, name="other").get(url).status_code == 200


def test_customers_are_linked_for_those_who_may_open_them(books: Channel) -> None:
    customer = WhatsAppUser.objects.get(name="Ana")
    link = reverse("admin:conversations_whatsappuser_change", args=[customer.pk])

    assert link not in page(signed_in(VIEW))
    assert link in page(signed_in(VIEW, "conversations.view_whatsappuser", name="other"))


def test_the_page_speaks_of_amounts_as_its_readers_do(books: Channel) -> None:
    assert "US$1,25" in page(signed_in(VIEW, language="es"))


def test_the_page_takes_few_queries_however_long_the_month(
    books: Channel, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for day in range(10):
        make_run(books, at=NOON - timedelta(days=day), state=RunState.COMPLETED, cost_usd=Decimal(1))
    make_budget(books, daily="1")
    make_budget(None, monthly="9")
    client = signed_in(VIEW)

    with django_assert_max_num_queries(20):
        page(client)


def test_the_csv_is_exact_and_a_name_is_no_formula(books: Channel) -> None:
    rows = {row["name"]: row for row in table(signed_in(VIEW), by="user")}

    assert set(rows) >= {"Ana", "'=Luis"}
    assert "Eva" not in rows
    ana = rows["Ana"]
    assert (ana["runs"], ana["input_tokens"]) == ("1", "100")
    assert (ana["cost_usd"], ana["baseline_usd"], ana["saved_usd"]) == (
        "1.250000000",
        "5.000000000",
        "3.750000000",
    )
    unknown = next(row for row in rows.values() if row["runs_with_unknown_usage"] == "1")
    assert (unknown["cost_usd"], unknown["baseline_usd"]) == ("0.000000000", "")


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("provider", ["openai", ""]),
        ("day", ["2026-11-05", "2026-11-20"]),
        ("month", ["2026-11-01"]),
        ("channel", ["shop"]),
        ("", ["openai", ""]),
    ],
)
def test_each_listing_can_be_downloaded(books: Channel, by: str, names: list[str]) -> None:
    assert [row["name"] for row in table(signed_in(VIEW), by=by)] == names


def test_an_unknown_listing_is_refused(books: Channel) -> None:
    assert signed_in(VIEW).get(reverse("admin:costs_csv"), {"by": "weather"}).status_code == 400


def test_the_chart_has_every_day_and_shows_the_least_amount(books: Channel) -> None:
    span = costs.this_month()

    found = bars(span, costs.by_day(span))

    assert found is not None
    assert len(found.bars) == 20
    assert (found.highest, found.bars[-1].baseline_height, found.bars[-1].cost_height) == (
        Decimal(5),
        100,
        25,
    )
    assert (found.bars[4].cost_height, found.bars[5].cost_height) == (1, 0)
    assert bars(Span(span.first, span.first), []) is None


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (None, "–"),
        ("0", "US$0.00"),
        ("1234.5", "US$1,234.50"),
        ("0.25", "US$0.2500"),
        ("0.0000214", "US$0.000021"),
        ("-3", "-US$3.00"),
    ],
)
def test_an_amount_has_as_many_decimals_as_tell_something(amount: str | None, text: str) -> None:
    with translation.override("en"):
        assert usd(None if amount is None else Decimal(amount)) == text


def test_counts_are_grouped_as_its_readers_do() -> None:
    with translation.override("en"):
        assert whole(1234567) == "1,234,567"
    with translation.override("es"):
        assert whole(1234567).replace("\xa0", ".") == "1.234.567"


def test_a_budget_is_kept_in_admin_with_what_is_spent_beside_it(books: Channel) -> None:
    client = administrator()

    made = client.post(
        reverse("admin:conversations_budget_add"),
        {"channel": books.pk, "daily_usd": "1.5", "monthly_usd": "", "warn_percent": "80"},
    )
    assert made.status_code == 302
    budget = Budget.objects.get()

    listed = client.get(reverse("admin:conversations_budget_changelist")).content.decode()
    assert "US$1.25" in listed  # Ana's run of today counts though the budget is younger
    assert "83 %" in listed
    assert "cheaper models answer" in listed
    changed = client.get(reverse("admin:conversations_budget_change", args=[budget.pk])).content.decode()
    assert "83 %" in changed
    assert 'name="channel"' not in changed


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"daily_usd": "-1"}, "greater than or equal to 0"),
        ({"warn_percent": "0"}, "greater than or equal to 1"),
        ({"warn_percent": "101"}, "less than or equal to 100"),
        ({"monthly_usd": "much"}, "Enter a number"),
    ],
)
def test_a_budget_that_makes_no_sense_is_refused(
    channel: Channel, values: dict[str, str], message: str
) -> None:
    data = {"channel": channel.pk, "daily_usd": "1", "monthly_usd": "", "warn_percent": "80"} | values

    answer = administrator().post(reverse("admin:conversations_budget_add"), data)

    assert message in answer.content.decode()
    assert not Budget.objects.exists()


@pytest.mark.parametrize("is_common", [True, False])
def test_there_is_one_budget_of_a_kind(channel: Channel, is_common: bool) -> None:
    make_budget(None if is_common else channel)
    data = {"channel": "" if is_common else channel.pk, "warn_percent": "80"}

    administrator().post(reverse("admin:conversations_budget_add"), data)

    assert Budget.objects.count() == 1


def test_the_list_of_budgets_takes_no_query_a_budget(
    channel: Channel, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make_budget(None, daily="1")
    for number in range(6):
        make_budget(make_channel(f"c{number}", phone_number_id=str(number)), daily="1")
    client = administrator()

    with django_assert_max_num_queries(12):
        client.get(reverse("admin:conversations_budget_changelist"))


@pytest.mark.parametrize(
    ("spent", "said"),
    [
        ("0.5", "all models answer"),
        ("0.8", "cheaper models answer"),
        ("1", "spent: answers without a model"),
    ],
)
def test_the_page_of_costs_says_how_budgets_stand(channel: Channel, spent: str, said: str) -> None:
    make_budget(None, daily="1")
    budgets.settle(make_run(channel).pk, Decimal(spent), channel_id=channel.pk)

    text = page(signed_in(VIEW))

    assert "all channels" in text
    assert said in text


def test_what_is_reserved_is_shown(channel: Channel) -> None:
    make_budget(channel, daily="1")
    budgets.reserve(channel.pk, run_id=make_run(channel).pk, estimate_usd=Decimal("0.9"))

    text = administrator().get(reverse("admin:conversations_budget_changelist")).content.decode()

    assert "90 % · US$0.9000 reserved" in text


def test_alerts_are_listed_and_cannot_be_changed(channel: Channel) -> None:
    make_budget(channel, daily="1")
    budgets.settle(make_run(channel).pk, Decimal(2), channel_id=channel.pk)
    client = administrator()

    listed = client.get(reverse("admin:conversations_budgetalert_changelist")).content.decode()
    assert "nearly spent" in listed
    assert listed.count("US$2.00") == 2
    alert = BudgetAlert.objects.first()
    assert alert is not None
    assert client.get(reverse("admin:conversations_budgetalert_change", args=[alert.pk])).status_code == 200
    assert client.get(reverse("admin:conversations_budgetalert_add")).status_code == 403
    assert client.post(reverse("admin:conversations_budgetalert_delete", args=[alert.pk])).status_code == 403


def test_costs_are_reached_from_the_start_page_and_from_the_runs() -> None:
    client, link = signed_in(VIEW, "conversations.view_run"), reverse("admin:costs")

    assert link in client.get(reverse("admin:index")).content.decode()
    assert link in client.get(reverse("admin:conversations_run_changelist")).content.decode()
    without = signed_in("conversations.view_message", name="other")
    assert link not in without.get(reverse("admin:index")).content.decode()
