"""Who calls: the API key in `Authorization: Api-Key …` or `X-Api-Key`."""

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from botsite.api.keys import api_key_find, api_key_touch
from botsite.api.models import ApiKey
from botsite.client_address import client_address
from botsite.telemetry.reports import report_security_event

SCHEME = "Api-Key"


class ApiKeyAuthentication(BaseAuthentication):
    """Sets `request.auth` to the ApiKey. A wrong, revoked or expired key is refused without saying which."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, ApiKey] | None:
        if not has_key(request):
            return None
        key = key_of(request)
        if key is None:
            address = client_address(request)
            report_security_event("api_key", address=address, error="unknown, revoked or expired")
            raise AuthenticationFailed("The API key is not valid.")
        api_key_touch(key)
        return AnonymousUser(), key

    def authenticate_header(self, request: Request) -> str:
        return f'{SCHEME} realm="api"'


def has_key(request: HttpRequest | Request) -> bool:
    """Say whether the request brings something in the place of an API key."""
    return bool(_token(request))


def key_of(request: HttpRequest | Request) -> ApiKey | None:
    """Return the live key that the request brings, if it does. One query for what looks like a key."""
    return api_key_find(_token(request))


def _token(request: HttpRequest | Request) -> str:
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == SCHEME.lower():
        return credentials.strip()
    return request.headers.get("X-Api-Key", "").strip()
