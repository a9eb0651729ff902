"""What gateways, sessions, Laravel and functions of the model bring through the site, good and bad."""

import uuid
from collections.abc import Callable
from typing import Any

from tests.botsite.telemetry.canaries import (
    ACCESS_TOKEN,
    CUSTOMER,
    LARAVEL_TOKEN,
    NAME,
    PATH_SECRET,
    QR_CODE,
    STRANGER,
    TEXT,
)
from tests.botsite.telemetry.canary_site import QUOTE, Site
from tests.fakes import evolution, waha
from tests.fakes.behaviour import Behaviour
from tests.fakes.evolution import FakeEvolution
from tests.fakes.openai_compatible import tool_calls
from tests.fakes.waha import FakeWaha
from tests.processes import wait_until

SENT_WORDS = f"{QUOTE} {ACCESS_TOKEN} {PATH_SECRET} {QR_CODE}"


def messages(site: Site) -> None:
    """Texts in and out over Evolution and WAHA; sends that fail and quote what they were sent."""
    _exchange(site, "evolution", site.fakes.evolution, evolution.text_webhook)
    _exchange(site, "waha", site.fakes.waha, waha.text_webhook)
    site.gateway(
        "evolution", evolution.webhook("messages.upsert", {"key": QUOTE, "message": {"mystery": TEXT}})
    )
    site.gateway("evolution", evolution.webhook("call", {"from": CUSTOMER, "text": QUOTE}))
    site.gateway("waha", waha.webhook("message", {"id": QUOTE, "from": f"{STRANGER}@c.us", "mystery": TEXT}))
    site.gateway("waha", waha.webhook("call.received", {"from": f"{CUSTOMER}@c.us", "text": QUOTE}))


def sessions(site: Site) -> None:
    """QR codes by webhook, one at a time and in batches; a Laravel that fails and quotes what it was sent."""
    code = {"qrcode": {"code": QR_CODE, "base64": f"data:image/png;base64,{QR_CODE}"}}
    assert site.gateway("evolution", evolution.webhook("qrcode.updated", code)) == 200
    site.gateway(
        "evolution", evolution.webhook("qrcode.updated", {"qrcode": [QR_CODE], "apikey": ACCESS_TOKEN})
    )
    site.fakes.waha.set_status("shop", "SCAN_QR_CODE")
    site.fakes.waha.behave(Behaviour(on="qr", status=500, message=SENT_WORDS))
    assert site.gateway("waha", waha.webhook("session.status", {"status": "SCAN_QR_CODE"})) == 200

    site.fakes.laravel.behave(Behaviour(on="qr", status=500, message=f"{SENT_WORDS} {LARAVEL_TOKEN}"))
    site.fakes.laravel.behave(Behaviour(on="qr", status=422, message=f"{SENT_WORDS} {LARAVEL_TOKEN}"))
    one = {"sessionId": "s1", "qr": QR_CODE}
    assert site.api("POST", "/api/qr", one) == 200
    assert site.api("POST", "/api/qr", {**one, "timestamp": QR_CODE}) == 422
    assert site.api("POST", "/api/qr", [QR_CODE, TEXT]) in (400, 422)
    items = [{"sessionId": f"s{number}", "qr": f"{QR_CODE}{number}"} for number in range(5)]
    bad = [{"sessionId": [QR_CODE], "qr": QR_CODE}, {"qr": {"code": QR_CODE}}, QR_CODE]
    assert site.api("POST", "/api/qr/batch", {"items": [*items, *bad]}) == 200
    assert site.api("POST", "/api/qr/batch", {"items": QR_CODE}) == 422
    told = [{"sessionId": "s1", "status": "inactive"}, {"sessionId": "s2", "status": QUOTE * 3}]
    assert site.api("POST", "/api/whatsapp/status/batch", {"items": told}) == 200
    for path in ("/api/sessions/s1", f"/api/sessions/{CUSTOMER}"):
        assert site.api("GET", path) == 200
    wait_until(lambda: any(batch.kind == "qr" for batch in site.fakes.laravel.batches), seconds=40)
    wait_until(lambda: site.logged("FORWARD_FAILED") and site.logged("QR_CODE_NOT_FETCHED"), seconds=40)


def functions(site: Site) -> None:
    """Functions that the model calls with the customer's words, and an inventory that quotes them back."""
    inventory = site.fakes.inventory
    inventory.configure(stock={"PAN": 7})
    for refusal in (None, Behaviour(status=500, message=SENT_WORDS), Behaviour(distort="garbage")):
        if refusal:
            inventory.behave(refusal)
        _ask_for_functions(site)
    assert inventory.count("get_stock") >= 1


def _exchange(
    site: Site, slug: str, fake: FakeEvolution | FakeWaha, write: Callable[..., dict[str, Any]]
) -> None:
    assert site.gateway(slug, write(TEXT, sender=CUSTOMER, name=NAME)) == 200
    assert fake.wait_for(lambda: bool(fake.sent), seconds=30)
    assert site.gateway(slug, write(TEXT, sender=CUSTOMER), secret=PATH_SECRET + "x") == 401
    assert site.gateway(slug, [QUOTE]) == 400
    fake.behave(Behaviour(status=400, message=SENT_WORDS))
    assert site.gateway(slug, write(f"{TEXT} otra vez", sender=STRANGER, name=NAME)) == 200
    assert fake.wait_for(lambda: any(record.status == 400 for record in fake.requests), seconds=30)


def _ask_for_functions(site: Site) -> None:
    graph, model = site.fakes.graph, site.fakes.model
    calls = tool_calls(
        ("product_stock", {"sku": "PAN"}),
        ("search_products", {"text": f"{TEXT} {uuid.uuid4().hex}"}),
        ("mystery", {"text": QUOTE}),
        ("search_products", f"{{{QUOTE}"),
    )
    model.configure(replies=(calls, TEXT))
    seen = len(graph.sent)
    site.text(f"¿{TEXT} {uuid.uuid4().hex}?", sender=CUSTOMER)
    assert graph.wait_for(lambda: len(graph.sent) > seen, seconds=40)
