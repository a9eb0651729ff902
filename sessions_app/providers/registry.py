"""The providers there are: one line each."""

from collections.abc import Mapping

from sessions_app.providers.base import Provider
from sessions_app.providers.cloud_api import CloudApi
from sessions_app.providers.errors import ConfigurationError
from sessions_app.providers.evolution import Evolution
from sessions_app.providers.gateway import Gateway
from sessions_app.providers.simulator import Simulator
from sessions_app.providers.waha import Waha
from sessions_app.providers.whapi import Whapi

_ALL: tuple[Provider, ...] = (
    CloudApi(),
    Evolution(),
    Gateway(),
    Simulator(),
    Waha(),
    Whapi(),
)
PROVIDERS: Mapping[str, Provider] = {provider.kind: provider for provider in _ALL}


def get_provider(kind: str) -> Provider:
    """Return the provider of a channel's kind; raises ConfigurationError when there is none."""
    try:
        return PROVIDERS[kind]
    except KeyError:
        raise ConfigurationError("unknown_kind", f"no provider is registered for {kind!r}") from None
