"""Every address that programs call, found by walking the URL conf: a new one is in every test by itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from botsite.api.handlers import MACHINE_PATHS
from botsite.api.models import Scope
from botsite.api.views import ApiView


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one address. `view` is None for a plain function."""

    name: str
    method: str
    parameters: tuple[str, ...]
    view: type[ApiView] | None

    @property
    def scope(self) -> Scope | None:
        return self.view.required_scopes.get(self.method) if self.view else None

    def address(self, **samples: Any) -> str:
        """The address with its parameters filled in; what has no sample is `1`."""
        return reverse(self.name, kwargs={name: samples.get(name, "1") for name in self.parameters})

    def __str__(self) -> str:
        return f"{self.method} {self.name}"


def endpoints() -> list[Endpoint]:
    """All methods of all addresses under the paths that programs call."""
    return [endpoint for pattern in _patterns(get_resolver()) for endpoint in _endpoints_of(pattern)]


def guarded() -> list[Endpoint]:
    """Those that an API key opens."""
    return [endpoint for endpoint in endpoints() if endpoint.view and not endpoint.view.is_public]


def _patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern)
        elif pattern.name and _is_machine(pattern):
            yield pattern


def _is_machine(pattern: URLPattern) -> bool:
    address = f"/{pattern.pattern}".replace("^", "")
    return any(address.startswith(path) for path in MACHINE_PATHS)


def _endpoints_of(pattern: URLPattern) -> Iterator[Endpoint]:
    view = getattr(pattern.callback, "cls", None)
    api_view = view if isinstance(view, type) and issubclass(view, ApiView) else None
    methods = set(api_view().allowed_methods) - {"HEAD", "OPTIONS"} if api_view else {"GET"}
    parameters = tuple(pattern.pattern.regex.groupindex)
    for method in sorted(methods):
        yield Endpoint(str(pattern.name), method, parameters, api_view)
