"""The whole site in processes of its own, with fakes of all around it, to be searched for canaries."""

import os
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from tests.botsite.telemetry.canaries import (
    ACCESS_TOKEN,
    APP_SECRET,
    CUSTOMER,
    LARAVEL_TOKEN,
    NAME,
    PASSWORD,
    PATH_SECRET,
    SEARCH,
    TEXT,
)
from tests.fakes import webhooks
from tests.fakes.evolution import FakeEvolution
from tests.fakes.graph import FakeGraph
from tests.fakes.laravel import FakeLaravel
from tests.fakes.openai_compatible import FakeOpenAI
from tests.fakes.soap_inventory import FakeInventory
from tests.fakes.waha import FakeWaha
from tests.fakes.whapi import FakeWhapi
from tests.faults.stack import PROJECT, Addresses, Stack, running
from tests.faults.stores import database, redis_server

PRODUCT = """
from conversations.shop.models import Product
Product.objects.create(sku="PAN", name="Pan", price=2, currency="USD", stock=5)
"""
QUOTE = f"{NAME} ({CUSTOMER}, +57 311 987 6501): {TEXT}"
SCOPES = ("messages:write", "messages:read", "users:read", "users:write", "sessions:write", "sessions:read")


@dataclass(frozen=True)
class Fakes:
    """Everything around the site."""

    graph: FakeGraph
    whapi: FakeWhapi
    evolution: FakeEvolution
    waha: FakeWaha
    model: FakeOpenAI
    laravel: FakeLaravel
    inventory: FakeInventory


@dataclass
class Site:
    """The running site with a number, linked phones of three kinds, and everything around it."""

    stack: Stack
    fakes: Fakes
    folder: Path
    key: str
    web: httpx2.Client

    def cloud(self, body: bytes, *, secret: str = APP_SECRET) -> int:
        headers = webhooks.signed_headers(body, secret)
        return self.web.post("/webhook/number", content=body, headers=headers).status_code

    def text(self, text: str, *, sender: str = CUSTOMER, wamid: str = "") -> int:
        message = webhooks.text_message(text, sender=sender, wamid=wamid)
        change = webhooks.cloud_api_change(phone_number_id="1002", messages=[message], profile_name=NAME)
        return self.cloud(webhooks.cloud_api_envelope(change))

    def phone(self, body: object, *, secret: str = PATH_SECRET) -> int:
        return self.web.post(f"/webhook/phone/{secret}?hint={SEARCH}", json=body).status_code

    def gateway(self, slug: str, body: object, *, secret: str = PATH_SECRET) -> int:
        """A webhook of the channel `evolution` or `waha`, with the secret in its address."""
        return self.web.post(f"/webhook/{slug}/{secret}", json=body).status_code

    def api(self, method: str, path: str, body: object = None, *, key: str = "") -> int:
        headers = {"X-Api-Key": key or self.key, "Idempotency-Key": uuid.uuid4().hex}
        return self.web.request(method, path, json=body, headers=headers).status_code

    def logged(self, event: str, *, times: int = 1) -> bool:
        return (self.folder / "logs" / "application.log").read_text().count(event) >= times


@contextmanager
def running_site(folder: Path, fakes: Fakes) -> Iterator[Site]:
    """Start the site on stores of its own, all that it writes below `folder`."""
    with ExitStack() as opened:
        store = opened.enter_context(database(os.environ["DATABASE_URL"], f"canary_{uuid.uuid4().hex[:8]}"))
        redis = opened.enter_context(redis_server(folder))
        addresses = Addresses(
            database=store.url,
            redis=f"redis://127.0.0.1:{redis.port}/0",
            model=fakes.model.base_url,
            graph=fakes.graph.url,
        )
        environment = {
            "BUFFER_SECONDS": "0",
            "WORKER_THREADS": "4",
            "LOG_TO": "both",
            "BATCH_INTERVAL_SECONDS": "1",
            "LARAVEL_API_URL": fakes.laravel.api_url,
            "LARAVEL_API_TOKEN": LARAVEL_TOKEN,
            "INVENTORY_WSDL_URL": fakes.inventory.wsdl_url,
        }
        stack = opened.enter_context(
            running(Stack(PROJECT, folder, addresses, workers=1, environment=environment))
        )
        _make_channels(stack, fakes)
        stack.manage("shell", "-c", PRODUCT)
        scopes = [word for scope in SCOPES for word in ("--scope", scope)]
        key = stack.manage("create_api_key", "--name", "shop", *scopes).split()[-1]
        login = {"DJANGO_SUPERUSER_PASSWORD": PASSWORD, "DJANGO_SUPERUSER_EMAIL": "canaria@example.org"}
        stack.manage("createsuperuser", "--noinput", "--username", "boss", **login)
        base = f"http://127.0.0.1:{stack.port}"
        web = opened.enter_context(httpx2.Client(base_url=base, timeout=30))
        yield Site(stack, fakes, folder, key, web)


def _make_channels(stack: Stack, fakes: Fakes) -> None:
    secrets = ("--access-token", ACCESS_TOKEN, "--app-secret")
    number = ("--phone-number-id", "1002", "--base-url", fakes.graph.url)
    stack.manage("create_channel", "--slug", "number", "--kind", "cloud_api", *secrets, APP_SECRET, *number)
    phone = ("--base-url", fakes.whapi.url)
    stack.manage("create_channel", "--slug", "phone", "--kind", "whapi", *secrets, PATH_SECRET, *phone)
    for kind, url in (("evolution", fakes.evolution.url), ("waha", fakes.waha.url)):
        own = ("--base-url", url, "--instance", "shop")
        stack.manage("create_channel", "--slug", kind, "--kind", kind, *secrets, PATH_SECRET, *own)
