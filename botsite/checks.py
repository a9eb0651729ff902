"""System checks: a misconfiguration is told at the start, with a hint."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register


@register(deploy=True)
def check_hosts(app_configs: Any, **_kwargs: Any) -> Sequence[CheckMessage]:
    """A site that anybody may name lets strangers choose the links it prints."""
    if "*" in settings.ALLOWED_HOSTS:
        return [
            Warning(
                "ALLOWED_HOSTS holds '*'.",
                hint="Name the site's own host names, separated by commas.",
                id="botsite.W001",
            )
        ]
    return []
