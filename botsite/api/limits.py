"""The quotas of those who call: API clients by calls or items, and by address whoever proves nothing."""

import math
from ipaddress import IPv6Address, ip_network

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from rest_framework.request import Request

from botsite.api.errors import envelope
from botsite.api.models import ApiKey
from botsite.client_address import Address, client_address
from botsite.resilience.quotas import ADDRESS, API_CLIENT, SESSION_ITEMS, Quota
from botsite.resilience.ratelimit import Admission, admit, configured
from botsite.resilience.violations import report_violation

IPV6_NETWORK = 64
"""Bits of an IPv6 address that one customer of a provider gets: the rest is his to choose."""


def key_call(key: ApiKey) -> Admission:
    """Count a call of the key's client: both keys of a rotation draw on one quota."""
    limit = settings.API_CALLS_PER_MINUTE if key.calls_per_minute is None else key.calls_per_minute
    return _admitted(API_CLIENT.at(limit), key.name, client=key.name)


def key_items(key: ApiKey, items: int) -> Admission:
    """Count `items` QR codes or statuses of the key's client, all of them or none."""
    quota = configured(SESSION_ITEMS)
    return _admitted(quota, key.name, client=key.name, units=min(items, quota.limit or items))


def unproven_call(request: HttpRequest | Request) -> Admission:
    """Count a request that came without a valid key or signature against the address that it came from."""
    address = _network_of(request)
    return _admitted(configured(ADDRESS), address, address=address)


def unproven_answer(request: HttpRequest) -> JsonResponse | None:
    """Count such a request; returns the answer to give when its address has used its quota up."""
    admission = unproven_call(request)
    if not admission.wait:
        return None
    message = f"Too many requests that prove nothing; try again in {math.ceil(admission.wait)} seconds."
    headers = limit_headers(admission) | {"Retry-After": str(math.ceil(admission.wait))}
    return JsonResponse(envelope("throttled", message), status=429, headers=headers)


def limit_headers(admission: Admission) -> dict[str, str]:
    """Say what is left; Reset is in seconds from now. Nothing where there is no limit."""
    if not admission.limit:
        return {}
    return {
        "X-RateLimit-Limit": str(admission.limit),
        "X-RateLimit-Remaining": str(admission.remaining),
        "X-RateLimit-Reset": str(math.ceil(admission.reset)),
    }


def _admitted(quota: Quota, key: str, *, units: int = 1, client: str = "", address: str = "") -> Admission:
    admission = admit(quota, key, units=units)
    if admission.wait:
        report_violation(quota, key, client=client, address=address)
    return admission


def _network_of(request: HttpRequest | Request) -> str:
    """Return the sender's address, or of IPv6 its network.

    Where the address cannot be believed, it is that of the nearest machine: all behind it share a quota.
    """
    address = client_address(request)
    if address is None:
        return f"behind {request.META.get('REMOTE_ADDR', '')[:64]}"
    return _network(address)


def _network(address: Address) -> str:
    if isinstance(address, IPv6Address):
        return str(ip_network((address, IPV6_NETWORK), strict=False))
    return str(address)
