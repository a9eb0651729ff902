from sessions_app.providers.base import Account, Identity, IdentityKind, OutboundMessage
from sessions_app.providers.registry import get_provider


def test_every_message_is_accepted_under_an_id_of_its_own() -> None:
    account = Account(slug="demo", kind="simulator")
    message = OutboundMessage(Identity(IdentityKind.WA_ID, "1"), "hola", callback_data="c")
    first, second = (get_provider("simulator").send(account, message) for _ in range(2))
    assert first != second
    assert first.startswith("sim-")
    get_provider("simulator").show_typing(account, first)
