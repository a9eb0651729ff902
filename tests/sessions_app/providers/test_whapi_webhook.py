"""Who may bring webhooks to a Whapi channel."""

import pytest

from sessions_app.providers.base import Account, WebhookRequest
from sessions_app.providers.errors import SignatureError
from sessions_app.providers.registry import get_provider

provider = get_provider("whapi")
account = Account(slug="whapi", kind="whapi", app_secrets=("nuevo-ñ", "old"))


def verify(header: str | None = None, *, path_secret: str = "") -> None:
    headers = {} if header is None else {"x-webhook-secret": header}
    provider.verify(account, WebhookRequest(b"{}", headers, path_secret))


def test_either_live_secret_opens_by_header_or_by_address() -> None:
    for secret in account.app_secrets:
        verify(secret)
        verify(path_secret=secret)
        verify("", path_secret=secret)


@pytest.mark.parametrize("wrong", ["", "ol", "old ", "older", "OLD", "nuevo-n", "\udcff"])
def test_anything_else_does_not(wrong: str) -> None:
    with pytest.raises(SignatureError):
        verify(wrong)
    with pytest.raises(SignatureError):
        verify(path_secret=wrong)


def test_a_wrong_header_is_not_made_good_by_the_address() -> None:
    with pytest.raises(SignatureError):
        verify("wrong", path_secret="old")
