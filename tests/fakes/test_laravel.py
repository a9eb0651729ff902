"""The fake of Laravel is itself what the tests of forwarding take it for."""

from botsite.resilience.http import HttpClient
from tests.fakes.laravel import FakeLaravel


def post(laravel: FakeLaravel, *items: dict[str, object], kind: str = "whatsapp/status") -> int:
    client = HttpClient()
    reply = client.request("POST", f"{laravel.api_url}/{kind}/batch", json={"batchId": "b", "items": items})
    client.close()
    return reply.status


def item(version: int, word: str = "active", session: str = "s1") -> dict[str, object]:
    return {"sessionId": session, "status": word, "version": version}


def test_it_keeps_the_newest_and_notices_what_comes_too_late(laravel: FakeLaravel) -> None:
    assert post(laravel, item(2, "inactive")) == 200
    assert post(laravel, item(1)) == 200

    assert laravel.statuses() == {"s1": "inactive"}
    assert laravel.overtaken == 1


def test_it_notices_what_is_under_way_twice(laravel: FakeLaravel) -> None:
    assert post(laravel, item(1), item(2)) == 200
    assert laravel.concurrent == {"s1": 1}


def test_it_refuses_a_batch_with_a_certain_session(laravel: FakeLaravel) -> None:
    laravel.configure(refuses={"bad": 422})

    assert post(laravel, item(1), item(1, session="bad")) == 422
    assert laravel.statuses() == {}


def test_it_asks_for_its_token(laravel: FakeLaravel) -> None:
    laravel.configure(token="secret")
    assert post(laravel, item(1)) == 401


def test_it_knows_no_other_address(laravel: FakeLaravel) -> None:
    assert post(laravel, item(1), kind="elsewhere") == 404
