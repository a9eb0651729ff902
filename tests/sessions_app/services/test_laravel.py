"""What Laravel's answers mean, the strange ones too."""

import json
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from sessions_app.services.laravel import Answer, Verdict, batch_post, laravel_breaker
from tests.fakes.base import FakeRequest
from tests.fakes.behaviour import Behaviour, Reply
from tests.fakes.laravel import FakeLaravel
from tests.sessions_app.services.fixtures import forget_laravel, told

__all__ = ("told",)

ITEMS = [{"sessionId": f"s{number}", "status": "active", "version": 1} for number in range(3)]


class ScriptedLaravel(FakeLaravel):
    """Answers every batch with one body."""

    body: object = None
    status = 200

    def accept(self, operation: str, request: FakeRequest) -> Reply:
        return Reply(self.status, json.dumps(self.body).encode())


@pytest.fixture
def scripted(settings: Settings) -> Iterator[ScriptedLaravel]:
    with ScriptedLaravel() as server:
        settings.LARAVEL_API_URL = server.api_url
        yield server
    forget_laravel()


def post() -> Answer:
    return batch_post("status", "b1", ITEMS, laravel_breaker().admit())


@pytest.mark.parametrize(
    ("rejected", "indexes"),
    [
        ([{"index": 0}, {"index": 2}], [0, 2]),
        ([{"index": 3}, {"index": -1}, {"index": "1"}, {"index": True}, {}, None, 7], []),
        ([{"index": 1, "code": 5, "message": None}], [1]),
        ({"index": 1}, []),
        ("all", []),
    ],
)
def test_only_well_formed_rejections_name_items(
    scripted: ScriptedLaravel, rejected: object, indexes: list[int]
) -> None:
    scripted.body = {"rejected": rejected}

    answer = post()
    assert (answer.verdict, sorted(answer.rejected)) == (Verdict.ACCEPTED, indexes)


def test_what_laravel_says_is_cut_and_made_printable(scripted: ScriptedLaravel) -> None:
    scripted.body = {"rejected": [{"index": 0, "message": "\0a\nb" + " x" * 250}]}

    said = post().rejected[0]
    assert said.startswith("rejected:  a b")
    assert len(said) == 200


def test_a_code_that_laravel_quotes_is_left_out(scripted: ScriptedLaravel) -> None:
    code = "2@" + "aB3+/" * 40 + "=,abc"
    scripted.body, scripted.status = {"message": f"the qr {code} is too long"}, 422

    assert post().error == "HTTP 422: the qr … is too long"


@pytest.mark.parametrize("body", [None, [], "text", 7, {"message": 5}])
def test_a_refusal_without_a_message_has_its_status(scripted: ScriptedLaravel, body: object) -> None:
    scripted.body, scripted.status = body, 422
    assert post() == Answer(Verdict.REFUSED, "HTTP 422")


@pytest.mark.parametrize(
    ("behaviour", "verdict", "wait"),
    [
        (Behaviour(status=429), Verdict.THROTTLED, None),
        (Behaviour(status=429, retry_after=7), Verdict.THROTTLED, 7.0),
        (Behaviour(status=503, retry_after=9), Verdict.THROTTLED, 9.0),
        (Behaviour(status=503), Verdict.UNAVAILABLE, None),
        (Behaviour(status=502), Verdict.UNAVAILABLE, None),
        (Behaviour(status=425), Verdict.UNAVAILABLE, None),
        (Behaviour(drop="after"), Verdict.UNAVAILABLE, None),
        (Behaviour(distort="truncated"), Verdict.UNAVAILABLE, None),
        (Behaviour(status=419), Verdict.CONFIGURATION, None),
        (Behaviour(status=301), Verdict.CONFIGURATION, None),
        (Behaviour(status=413), Verdict.REFUSED, None),
        (Behaviour(status=418), Verdict.REFUSED, None),
    ],
)
def test_every_answer_has_one_meaning(
    told: FakeLaravel, behaviour: Behaviour, verdict: Verdict, wait: float | None
) -> None:
    told.behave(behaviour)

    answer = post()
    assert (answer.verdict, answer.wait_seconds) == (verdict, wait)


def test_nobody_listening_is_an_outage(settings: Settings) -> None:
    settings.LARAVEL_API_URL = "http://127.0.0.1:1/api"
    answer = post()
    forget_laravel()
    assert (answer.verdict, answer.error) == (Verdict.UNAVAILABLE, "NotSent: ConnectError")
