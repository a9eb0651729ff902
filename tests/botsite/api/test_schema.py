"""The API's description: complete, valid, and a page without anything from elsewhere."""

import re
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from botsite.api.schema import ERRORS, openapi
from tests.botsite.api.client import Api, error_code, make_key
from tests.endpoints import Endpoint, endpoints

PAGES_FOR_PEOPLE = {"api-docs"}
DESCRIBED = [endpoint for endpoint in endpoints() if endpoint.name not in PAGES_FOR_PEOPLE]


def operation(endpoint: Endpoint) -> dict[str, Any]:
    address = endpoint.address(
        **{name: f"{{{name}}}" for name in endpoint.parameters if name != "message_id"}
    )
    address = address.replace("%7B", "{").replace("%7D", "}").replace("/1/replay", "/{message_id}/replay")
    path = re.sub(r"\{path_secret\}", "{secret}", address)
    found: dict[str, Any] = openapi()["paths"][path][endpoint.method.lower()]
    return found


@pytest.mark.parametrize("endpoint", DESCRIBED, ids=str)
def test_every_endpoint_is_described(endpoint: Endpoint) -> None:
    described = operation(endpoint)

    assert described["description"]
    assert [status for status in described["responses"] if status.startswith("2")]
    if endpoint.view and not endpoint.view.is_public:
        assert {"400", "401", "403", "429", "503"} <= set(described["responses"])
        assert {"apiKey": []} in described["security"]
        assert {"authorization": []} in described["security"]
        assert f"Scope: `{endpoint.scope}`" in described["description"]
    if "requestBody" in described and endpoint.view:
        assert {"413", "415", "422"} <= set(described["responses"])


def test_every_error_answer_has_the_envelope() -> None:
    operations = [operation for path in openapi()["paths"].values() for operation in path.values()]
    for described in operations:
        for status, answer in described["responses"].items():
            if int(status) in ERRORS and "ready" not in described["operationId"]:
                [content] = answer["content"].values()
                assert content["schema"] == {"$ref": "#/components/schemas/ErrorAnswer"}


def test_operations_have_names_of_their_own() -> None:
    names = [operation["operationId"] for path in openapi()["paths"].values() for operation in path.values()]

    assert len(names) == len(set(names))


@pytest.mark.django_db
def test_anybody_may_read_it_but_no_wrong_key(client: Client) -> None:
    answer = client.get("/api/schema")

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.json() == openapi()
    assert answer.json()["openapi"].startswith("3.")
    assert client.get("/api/schema/", headers={"Accept": "text/html"}).status_code == 200
    assert error_code(Api("garbage").get("/api/schema")) == "authentication_failed"
    assert Api(make_key("users:read")).get("/api/schema").status_code == 200


def test_the_page_needs_nothing_from_elsewhere(client: Client) -> None:
    answer = client.get("/api/docs")

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    sources = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(sources) == 4
    for source in sources:
        assert source.startswith("/static/")
        assert finders.find(source.removeprefix("/static/"))
    assert "<script>" not in page
    assert "style=" not in page
