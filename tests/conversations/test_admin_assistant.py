"""Staff keep prices and routes: what they change counts at once, and nonsense is refused."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from conversations.llm.base import Usage
from conversations.llm.complexity import Tier
from conversations.llm.router import Choice
from conversations.models import ModelPrice, RouteChoice
from conversations.services import prices
from tests.staff import administrator, signed_in

# What is remembered is forgotten when the writer commits.
pytestmark = pytest.mark.django_db(transaction=True)
PRICE = {
    "provider": "openai",
    "model": "m",
    "valid_from": "2026-01-01",
    "input": "1.5",
    "cached": "",
    "output": "2",
    "from_input_tokens": "0",
    "weekdays": "",
    "starts_at": "",
    "ends_at": "",
}


@pytest.fixture(autouse=True)
def _empty_tables(transactional_db: None) -> None:
    ModelPrice.objects.all().delete()
    RouteChoice.objects.all().delete()


@pytest.fixture
def client() -> Client:
    return administrator()


def _cost() -> Decimal | None:
    return prices.cost_usd(provider="openai", model="m", usage=Usage(1_000_000, 0, 0))


def _add(client: Client, **values: str) -> str:
    response = client.post(reverse("admin:conversations_modelprice_add"), PRICE | values)
    return "" if response.status_code == 302 else response.content.decode()


def test_a_new_price_counts_at_once(client: Client) -> None:
    assert _cost() is None

    assert _add(client) == ""

    assert _cost() == Decimal("1.5")


def test_a_changed_and_a_deleted_price_count_at_once(client: Client) -> None:
    _add(client)
    row = ModelPrice.objects.get()
    assert _cost() == Decimal("1.5")

    client.post(reverse("admin:conversations_modelprice_change", args=[row.pk]), PRICE | {"input": "3"})
    assert _cost() == 3

    client.post(reverse("admin:conversations_modelprice_delete", args=[row.pk]), {"post": "yes"})
    assert _cost() is None


def test_several_prices_deleted_together_are_forgotten(client: Client) -> None:
    _add(client)
    assert _cost() is not None

    client.post(
        reverse("admin:conversations_modelprice_changelist"),
        {"action": "delete_selected", "_selected_action": ModelPrice.objects.get().pk, "post": "yes"},
    )

    assert _cost() is None


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"input": "-1"}, "greater than or equal to 0"),
        ({"input": "free"}, "Enter a number"),
        ({"weekdays": "monday"}, "1 is Monday"),
        ({"starts_at": "01:00"}, "Peak hours have a beginning and another end"),
        ({"valid_from": "soon"}, "Enter a valid date"),
    ],
)
def test_a_wrong_price_is_refused_with_a_reason(client: Client, values: dict[str, str], message: str) -> None:
    assert message in _add(client, **values)
    assert not ModelPrice.objects.exists()


def test_the_same_price_twice_is_refused_with_a_reason(client: Client) -> None:
    _add(client)

    assert "There is a price of this model from this day on already" in _add(client)
    assert ModelPrice.objects.count() == 1


def test_a_route_can_be_switched_off_in_the_list(client: Client) -> None:
    kept = RouteChoice.objects.create(tier="simple", provider="openai", model="m")
    dropped = RouteChoice.objects.create(tier="simple", provider="gemini", position=2)
    assert len(prices.current_routes()) == 2

    client.post(
        reverse("admin:conversations_routechoice_changelist"),
        {
            "form-TOTAL_FORMS": "2",
            "form-INITIAL_FORMS": "2",
            "form-0-id": kept.pk,
            "form-0-position": "7",
            "form-0-is_active": "on",
            "form-1-id": dropped.pk,
            "form-1-position": "2",
            "_save": "Save",
        },
    )

    assert prices.current_routes() == (Choice(Tier.SIMPLE, 7, "openai", "m"),)


def test_only_those_with_permission_change_prices() -> None:
    client = signed_in("conversations.view_modelprice")

    assert client.get(reverse("admin:conversations_modelprice_changelist")).status_code == 200
    assert client.post(reverse("admin:conversations_modelprice_add"), PRICE).status_code == 403
    assert client.get(reverse("admin:conversations_routechoice_changelist")).status_code == 403
