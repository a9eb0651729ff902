"""Every address of the site, found by walking its URL conf: a new one is in by itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from conversations.demo.seed import seed

ARGUMENTS = {
    "slug": "shop",
    "path_secret": "x",
    "message_id": "1",
    "number": "1",
    "name": "573000000001",
    "app_label": "conversations",
}


@dataclass(frozen=True, slots=True)
class Address:
    """One pattern: its full name ("admin:auth_user_add"; empty without one) and its parameters' names."""

    name: str
    parameters: tuple[str, ...]
    view: Any

    def path(self, objects: dict[str, int]) -> str:
        """Return a path of it, with the keys of `objects` ("app_model": pk) where it asks for an object."""
        if self.name == "admin:view_on_site":
            return reverse(self.name, args=[1, 1])
        arguments: list[Any] = []
        for parameter in self.parameters:
            arguments.append(ARGUMENTS.get(parameter) or self._object(objects))
        return reverse(self.name, args=arguments)

    def _object(self, objects: dict[str, int]) -> int:
        label = self.name.removeprefix("admin:")
        models = [
            model for model in objects if f"_{label}".rpartition("_")[0].endswith(model.partition("_")[2])
        ]
        return objects[models[0]] if models else 1


def addresses(resolver: URLResolver | None = None, namespace: str = "") -> Iterator[Address]:
    """Every pattern of the site."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from addresses(entry, inner)
        elif isinstance(entry, URLPattern) and entry.name:
            yield Address(f"{namespace}{entry.name}", tuple(entry.pattern.regex.groupindex), entry.callback)


def demo_objects() -> dict[str, int]:
    """Load the demonstration; returns the key of one row of every model in admin that has any."""
    seed()
    found = {}
    for model in admin.site._registry:
        row = model._default_manager.first()
        if row is not None:
            found[f"{model._meta.app_label}_{model._meta.model_name}"] = row.pk
    return found


def member_of(role: str) -> Client:
    """A client signed in as somebody of staff in this group alone."""
    user = User.objects.create_user(f"of {role}", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client
