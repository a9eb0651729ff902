import socket
import time
from dataclasses import replace

import pytest

from sessions_app.providers.base import Account, Identity, IdentityKind, OutboundMessage
from sessions_app.providers.cloud_api import client
from sessions_app.providers.errors import (
    AmbiguousError,
    ConfigurationError,
    PermanentError,
    ProviderError,
    RetryableError,
    ThrottledError,
    WindowClosedError,
)
from sessions_app.providers.registry import get_provider
from tests.fakes.behaviour import Behaviour
from tests.fakes.graph import FakeGraph

provider = get_provider("cloud_api")
MESSAGE = OutboundMessage(Identity(IdentityKind.WA_ID, "5491122334455"), "¡Hola! 👋", callback_data="c-1")


@pytest.fixture
def account(graph: FakeGraph) -> Account:
    graph.configure(token="secret-token")
    return Account(
        slug="shop", kind="cloud_api", base_url=graph.url, phone_number_id="42", access_token="secret-token"
    )


def failure(account: Account, message: OutboundMessage = MESSAGE) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        provider.send(account, message)
    return caught.value


def test_text_is_sent_and_its_id_returned(graph: FakeGraph, account: Account) -> None:
    external_id = provider.send(account, MESSAGE)
    (sent,) = graph.sent
    assert external_id == sent.wamid
    assert graph.requests[0].path == "/v25.0/42/messages"
    assert sent.body == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "5491122334455",
        "type": "text",
        "text": {"body": "¡Hola! 👋", "preview_url": False},
        "biz_opaque_callback_data": "c-1",
    }


def test_reply_version_and_business_scoped_recipient(graph: FakeGraph, account: Account) -> None:
    message = replace(
        MESSAGE, recipient=Identity(IdentityKind.BSUID, "MX.1"), reply_to="wamid.Q", callback_data=""
    )
    provider.send(replace(account, api_version="v24.0", base_url=graph.url + "/"), message)
    (sent,) = graph.sent
    assert graph.requests[0].path == "/v24.0/42/messages"
    assert sent.body["recipient"] == "MX.1"
    assert sent.body["context"] == {"message_id": "wamid.Q"}
    assert not {"to", "biz_opaque_callback_data"} & sent.body.keys()


def test_template(graph: FakeGraph, account: Account) -> None:
    template = replace(
        MESSAGE, template_name="welcome", template_language="es", template_parameters=("Ana", "3")
    )
    provider.send(account, template)
    provider.send(account, replace(template, template_parameters=()))
    with_parameters, without = graph.sent
    assert with_parameters.body["template"] == {
        "name": "welcome",
        "language": {"code": "es"},
        "components": [
            {"type": "body", "parameters": [{"type": "text", "text": "Ana"}, {"type": "text", "text": "3"}]}
        ],
    }
    assert without.body["template"] == {"name": "welcome", "language": {"code": "es"}}
    assert "text" not in with_parameters.body


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, 4, ThrottledError),
        (400, 80007, ThrottledError),
        (429, 130429, ThrottledError),
        (400, 131056, ThrottledError),
        (429, 999999, ThrottledError),
        (500, 131000, RetryableError),
        (500, 2, RetryableError),
        (503, 999999, RetryableError),
        (400, 131047, WindowClosedError),
        (400, 131026, PermanentError),
        (400, 130472, PermanentError),
        (400, 999999, PermanentError),
        (404, 132001, ConfigurationError),
        (401, 190, ConfigurationError),
        (403, 200, ConfigurationError),
        (403, 299, ConfigurationError),
        (403, 131031, ConfigurationError),
        (403, 999999, ConfigurationError),
    ],
)
def test_graph_errors_are_told_apart_by_code(
    graph: FakeGraph, account: Account, status: int, code: int, kind: type[ProviderError]
) -> None:
    graph.behave(Behaviour(status=status, code=code))
    error = failure(account)
    assert type(error) is kind
    assert (error.code, error.detail) == (str(code), "as it was told to")
    assert graph.sent == []


def test_throttling_says_how_long_to_wait(graph: FakeGraph, account: Account) -> None:
    graph.behave(Behaviour(status=429, code=130429, retry_after=7))
    graph.behave(Behaviour(status=429, code=130429, distort="html", retry_after=8))
    graph.behave(Behaviour(status=503, distort="html", retry_after=9))
    graph.behave(Behaviour(status=429, code=130429))
    waits = [error.retry_after for _ in range(4) if isinstance(error := failure(account), ThrottledError)]
    assert waits == [7, 8, 9, None]


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(Behaviour(drop="before"), id="hung up before accepting"),
        pytest.param(Behaviour(drop="after"), id="hung up after accepting"),
        pytest.param(Behaviour(distort="garbage"), id="accepted, garbage"),
        pytest.param(Behaviour(distort="html"), id="accepted, html"),
        pytest.param(Behaviour(distort="empty"), id="accepted, no message in the answer"),
        pytest.param(Behaviour(distort="truncated"), id="accepted, answer cut short"),
        pytest.param(Behaviour(distort="huge"), id="accepted, answer too large"),
        *(pytest.param(Behaviour(status=s, distort="html"), id=f"gateway {s}") for s in (500, 502, 503, 504)),
    ],
)
def test_undecidable_outcomes_are_ambiguous(graph: FakeGraph, account: Account, behaviour: Behaviour) -> None:
    graph.behave(behaviour)
    assert type(failure(account)) is AmbiguousError


def test_late_answer_is_ambiguous(
    graph: FakeGraph, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "SEND_SECONDS", 0.2)
    graph.behave(Behaviour(delay=1))
    assert type(failure(account)) is AmbiguousError
    assert graph.texts_to("5491122334455") == ["¡Hola! 👋"]


def test_refused_connection_may_be_tried_again(account: Account) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert type(failure(replace(account, base_url=f"http://127.0.0.1:{port}"))) is RetryableError


def test_wrong_base_url_is_a_matter_of_configuration(graph: FakeGraph, account: Account) -> None:
    for status in (302, 404):
        graph.behave(Behaviour(status=status, distort="html"))
        assert failure(account).code == f"http_{status}"
        graph.behave(Behaviour(status=status, distort="html"))
        assert type(failure(account)) is ConfigurationError


def test_what_the_channel_lacks_is_said_without_a_call(graph: FakeGraph, account: Account) -> None:
    for incomplete in (replace(account, access_token=""), replace(account, phone_number_id="")):
        assert type(failure(incomplete)) is ConfigurationError
    assert (
        type(failure(account, replace(MESSAGE, recipient=Identity(IdentityKind.LID, "1@lid"))))
        is PermanentError
    )
    assert graph.requests == []


def test_a_token_that_graph_quotes_is_blotted_out(graph: FakeGraph, account: Account) -> None:
    graph.behave(Behaviour(status=401, code=190, message="Malformed access token secret-token"))
    assert failure(account).detail == "Malformed access token ***"


def test_typing_marks_the_message_as_read(graph: FakeGraph, account: Account) -> None:
    provider.show_typing(account, "wamid.X")
    assert graph.typing == ["wamid.X"]
    assert graph.requests[0].body["typing_indicator"] == {"type": "text"}


def test_typing_never_fails_and_never_waits_long(graph: FakeGraph, account: Account) -> None:
    for behaviour in (Behaviour(on="typing", status=400, code=100), Behaviour(on="typing", drop="before")):
        graph.behave(behaviour)
        provider.show_typing(account, "wamid.X")
    graph.behave(Behaviour(on="typing", drop="before", delay=5))
    started = time.monotonic()
    provider.show_typing(account, "wamid.X")
    assert time.monotonic() - started < 3.5
