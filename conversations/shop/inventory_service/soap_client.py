"""One call of the inventory service through zeep.

Import it only where the service is asked: zeep and lxml take 8 MB.
"""

import os
from decimal import Decimal
from threading import Lock
from typing import Annotated, Any

import zeep
from pydantic import BaseModel, Field, ValidationError
from zeep.exceptions import Fault
from zeep.helpers import serialize_object

from conversations.shop.inventory_service.errors import (
    InventoryError,
    InventoryFault,
    InventoryUnavailable,
    InventoryUnusable,
)
from conversations.shop.inventory_service.transport import SoapTransport

OPERATION = "GetStock"
_OUR_FAULTS = ("client", "sender")
_WAREHOUSE_CHARACTERS = 80

_clients: dict[tuple[int, str, float], zeep.Client] = {}
_building = Lock()


class ServiceStock(BaseModel):
    """How many there are by the service; None: it knows the product and does not say."""

    quantity: Annotated[int, Field(ge=0, le=1_000_000_000)] | None = None
    warehouse: Annotated[str, Field(max_length=_WAREHOUSE_CHARACTERS)] | None = None


def is_described(url: str, *, seconds: float) -> bool:
    """Whether this process has read the service's description already."""
    return (os.getpid(), url, seconds) in _clients


def describe(url: str, *, seconds: float) -> zeep.Client:
    """Return the client for the WSDL at `url`, read once per process. Raises InventoryError."""
    key = (os.getpid(), url, seconds)  # connections must not outlive a fork
    if client := _clients.get(key):
        return client
    if not _building.acquire(timeout=seconds):
        raise InventoryUnavailable("the description takes long")
    try:
        if key not in _clients:
            _clients[key] = _built(url, seconds)
        return _clients[key]
    finally:
        _building.release()


def forget(url: str, *, seconds: float) -> None:
    """Let the description be read anew: the service may have changed."""
    _clients.pop((os.getpid(), url, seconds), None)


def get_stock(client: zeep.Client, sku: str) -> ServiceStock:
    """Return what the service says of `sku`. Raises InventoryError."""
    try:
        return _read(client.service[OPERATION](sku=sku))
    except InventoryError:
        raise
    except Fault as fault:
        raise _classified(fault) from None
    except Exception as error:  # zeep raises whatever strange XML makes of it
        raise InventoryUnusable(type(error).__name__) from None


def _built(url: str, seconds: float) -> zeep.Client:
    settings = zeep.Settings(strict=True, forbid_dtd=True, forbid_entities=True, xml_huge_tree=False)
    try:
        transport = SoapTransport(url, seconds=seconds)
        client = zeep.Client(url, transport=transport, settings=settings)  # type: ignore[no-untyped-call]
        client.service[OPERATION]  # a page in well-formed HTML comes as far as this
        return client
    except InventoryError:
        raise
    except Exception as error:  # as above
        raise InventoryUnusable(type(error).__name__) from None


def _read(answer: Any) -> ServiceStock:
    """Read the answer, or the bare number that zeep makes of one with nothing else in it."""
    plain = serialize_object(answer, target_cls=dict)  # type: ignore[no-untyped-call]
    try:
        return ServiceStock.model_validate({"quantity": plain} if isinstance(plain, int | Decimal) else plain)
    except ValidationError:
        raise InventoryUnusable("no quantity") from None


def _classified(fault: Fault) -> InventoryFault:
    """Tell a wrong question from a failed service: `soap:Client` in SOAP 1.1, `Sender` in 1.2."""
    kind = str(fault.code or "").rpartition(":")[2].lower()
    is_ours = kind.startswith(_OUR_FAULTS)
    return InventoryFault("our request" if is_ours else "the service", is_ours=is_ours)
