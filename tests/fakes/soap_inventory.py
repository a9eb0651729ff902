"""A fake of an inventory service that is asked over SOAP 1.1: its WSDL, and GetStock.

GET  /inventory        the WSDL (also as /inventory?wsdl)
GET  /inventory/more.xsd   an empty schema, for WSDLs that import one
POST /inventory        GetStock

Run alone: `python -m tests.fakes.soap_inventory --port N --settings '{"stock": {"PAN": 12}}'`.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fakes.base import FakeRequest, FakeServer, run
from tests.fakes.behaviour import Reply

_WSDL = Path(__file__).with_name("inventory.wsdl").read_text()
_SKU = re.compile(r"<(?:\w+:)?sku>([^<]*)</")
_PATHS = {
    ("GET", "/inventory"): "wsdl",
    ("GET", "/inventory/more.xsd"): "schema",
    ("POST", "/inventory"): "get_stock",
}


@dataclass(frozen=True, kw_only=True)
class InventorySettings:
    """`stock` by SKU: a number, or whatever is to stand in its place; others are a fault of the caller's.

    `reply` is answered as it is instead, as XML; `imports` stands in the WSDL's schema; calls go to `address`
    (empty: this server).
    """

    stock: Mapping[str, int | str | None] = field(default_factory=dict)
    warehouse: str = ""
    reply: str = ""
    wsdl: str = ""
    imports: str = ""
    address: str = ""


class FakeInventory(FakeServer[InventorySettings]):
    operations = ("get_stock", "wsdl", "schema")

    def __init__(self, settings: InventorySettings | None = None, *, port: int = 0) -> None:
        super().__init__(settings or InventorySettings(), port=port)
        self.asked: list[str] = []

    @property
    def wsdl_url(self) -> str:
        return f"{self.url}/inventory?wsdl"

    def count(self, operation: str) -> int:
        """How often an operation was asked for."""
        return sum(record.operation == operation for record in self.requests)

    def operation(self, request: FakeRequest) -> str:
        return _PATHS.get((request.method, request.path), "")

    def refuse(self, status: int, code: str | int, message: str) -> Reply:
        return _xml(_fault(str(code or "soap:Server"), message), status)

    def accept(self, operation: str, request: FakeRequest) -> Reply:
        match operation:
            case "wsdl":
                address = self.settings.address or f"{self.url}/inventory"
                text = self.settings.wsdl or _WSDL.replace("{address}", address)
                return _xml(text.replace("<!-- imports -->", self.settings.imports))
            case "schema":
                return _xml('<schema xmlns="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:more"/>')
            case _:
                return self._stock(request.body.decode())

    def _stock(self, body: str) -> Reply:
        found = _SKU.search(body)
        sku = html.unescape(found[1]) if found else ""
        with self.changed:
            self.asked.append(sku)
        if self.settings.reply:
            return _xml(self.settings.reply)
        if sku not in self.settings.stock:
            return _xml(_fault("soap:Client", f"no item {sku}"), 500)
        return _xml(stock_reply(self.settings.stock[sku], self.settings.warehouse))


def stock_reply(quantity: Any, warehouse: str = "") -> str:
    """The answer that says `quantity`; None: that it is not said."""
    nil = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"'
    said = f"<quantity{nil}/>" if quantity is None else f"<quantity>{quantity}</quantity>"
    place = f"<warehouse>{html.escape(warehouse)}</warehouse>" if warehouse else ""
    answer = f'<GetStockResponse xmlns="urn:botsite:inventory">{said}{place}</GetStockResponse>'
    return _envelope(answer)


def _fault(code: str, message: str) -> str:
    said = f"<faultcode>{code}</faultcode><faultstring>{html.escape(message)}</faultstring>"
    return _envelope(f"<soap:Fault>{said}</soap:Fault>")


def _envelope(body: str) -> str:
    name = "http://schemas.xmlsoap.org/soap/envelope/"
    return f'<soap:Envelope xmlns:soap="{name}"><soap:Body>{body}</soap:Body></soap:Envelope>'


def _xml(text: str, status: int = 200) -> Reply:
    return Reply(status, text.encode(), content_type="text/xml; charset=utf-8")


if __name__ == "__main__":
    run(lambda port: FakeInventory(port=port))
