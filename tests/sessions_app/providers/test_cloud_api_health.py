"""Whether a Cloud API number works, as staff are told."""

import pytest

from sessions_app.providers.base import Account, HealthState
from sessions_app.providers.registry import get_provider
from tests.fakes.behaviour import Behaviour
from tests.fakes.graph import FakeGraph

provider = get_provider("cloud_api")


@pytest.fixture
def account(graph: FakeGraph) -> Account:
    graph.configure(token="secret-token")
    return Account(
        slug="shop", kind="cloud_api", base_url=graph.url, phone_number_id="42", access_token="secret-token"
    )


@pytest.mark.parametrize(("quality", "state"), [("GREEN", "up"), ("YELLOW", "up"), ("RED", "degraded")])
def test_the_quality_of_the_number_decides(
    graph: FakeGraph, account: Account, quality: str, state: str
) -> None:
    graph.configure(quality=quality)

    health = provider.check(account)

    assert (health.state, health.detail) == (state, f"quality {quality}")
    assert graph.requests[0].path == "/v25.0/42"


def test_a_refusal_says_why_and_keeps_the_token_to_itself(graph: FakeGraph, account: Account) -> None:
    graph.behave(Behaviour(on="check", status=401, code=190, message="bad token secret-token"))

    health = provider.check(account)

    assert health.state == HealthState.DOWN
    assert "bad token" in health.detail
    assert "secret-token" not in health.detail


def test_no_answer_is_down_and_an_unreadable_one_unknown(graph: FakeGraph, account: Account) -> None:
    graph.behave(Behaviour(on="check", drop="before"))
    graph.behave(Behaviour(on="check", distort="html"))

    assert [provider.check(account).state for _ in range(2)] == [HealthState.DOWN, HealthState.UNKNOWN]
