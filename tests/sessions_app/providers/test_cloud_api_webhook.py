import hashlib
import hmac

import pytest

from sessions_app.providers.base import Account, WebhookRequest
from sessions_app.providers.errors import SignatureError
from sessions_app.providers.registry import get_provider
from tests.fakes.webhooks import cloud_api_change, cloud_api_envelope, sign, text_message

provider = get_provider("cloud_api")
account = Account(slug="shop", kind="cloud_api", verify_token="tökén", app_secrets=("new", "old"))
ITEM = text_message("hola", sender="57300", wamid="wamid.1", at=1767225600)
BODY = cloud_api_envelope(cloud_api_change(phone_number_id="1", messages=[ITEM]))


def verify(signature: str | None, body: bytes = BODY) -> None:
    headers = {} if signature is None else {"x-hub-signature-256": signature}
    provider.verify(account, WebhookRequest(body, headers))


def test_signature_of_either_live_secret_is_accepted() -> None:
    verify("sha256=" + hmac.new(b"new", BODY, hashlib.sha256).hexdigest())
    verify(sign(BODY, "old"))


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "sha256=",
        sign(BODY, "other"),
        sign(BODY, "new")[:-1],
        sign(BODY, "new")[7:],
        "sha256=ñ\udcff",
    ],
)
def test_other_signatures_are_refused(signature: str | None) -> None:
    with pytest.raises(SignatureError):
        verify(signature)


def test_signature_is_of_the_raw_bytes() -> None:
    with pytest.raises(SignatureError):
        verify(sign(BODY, "new"), BODY + b" ")


def handshake(**query: str) -> str | None:
    return provider.handshake(account, {f"hub.{name}": value for name, value in query.items()})


def test_handshake_returns_the_challenge() -> None:
    assert handshake(mode="subscribe", verify_token="tökén", challenge="1158201444") == "1158201444"


def test_handshake_with_another_token_or_mode_is_refused() -> None:
    assert handshake(mode="subscribe", verify_token="token", challenge="1") is None
    assert handshake(mode="unsubscribe", verify_token="tökén", challenge="1") is None
    assert handshake(mode="subscribe", verify_token="tökén") is None


def test_handshake_of_a_channel_without_token_is_refused() -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": "", "hub.challenge": "1"}
    assert provider.handshake(Account(slug="shop", kind="cloud_api"), query) is None


def test_built_webhook_is_understood() -> None:
    (event,) = provider.parse(BODY)
    assert event.route == "1"
