"""System checks: a misconfiguration is told at the start, with a hint."""

from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Warning, register

_THRESHOLDS = (
    ("MEMORY_WARN_PERCENT", "MEMORY_CRITICAL_PERCENT"),
    ("DISK_WARN_PERCENT", "DISK_CRITICAL_PERCENT"),
    ("QUEUE_WARN_SECONDS", "QUEUE_CRITICAL_SECONDS"),
)
_MODEL_KEYS = ("OPENAI_API_KEY", "DEEPSEEK_API_KEY", "GEMINI_API_KEY", "OPENROUTER_API_KEY")


@register
def check_thresholds(app_configs: Any, **_kwargs: Any) -> Sequence[CheckMessage]:
    """What is critical before it is worth a warning would never be warned of."""
    return [
        Error(
            f"{warn} is above {critical}.",
            hint=f"Set {warn} to less than {critical}: first comes the warning.",
            id="botsite.E001",
        )
        for warn, critical in _THRESHOLDS
        if getattr(settings, warn) > getattr(settings, critical)
    ]


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


@register(deploy=True)
def check_laravel(app_configs: Any, **_kwargs: Any) -> Sequence[CheckMessage]:
    """QR codes open sessions: they and the token that goes with them are not for others to read."""
    return list(_laravel())


@register(deploy=True)
def check_networks(app_configs: Any, **_kwargs: Any) -> Sequence[CheckMessage]:
    """A network that holds every address lets in everybody."""
    found: list[CheckMessage] = []
    for name, code, consequence in (
        ("METRICS_ALLOWED_NETWORKS", "W004", "everybody may read /metrics"),
        ("TRUSTED_PROXIES", "W005", "every caller may claim to have any address"),
    ):
        if any(network.prefixlen == 0 for network in getattr(settings, name)):
            hint = f"Name the networks that are meant: now {consequence}."
            found.append(Warning(f"{name} holds every address there is.", hint=hint, id=f"botsite.{code}"))
    return found


@register(deploy=True)
def check_language_model(app_configs: Any, **_kwargs: Any) -> Sequence[CheckMessage]:
    """Without a model the knowledge base answers: right for a demonstration, rarely meant in production."""
    if any(getattr(settings, name) for name in _MODEL_KEYS):
        return []
    hint = f"Set one of {', '.join(_MODEL_KEYS)}; until then the knowledge base alone answers."
    return [Info("No language model is configured.", hint=hint, id="botsite.I001")]


def _laravel() -> Iterator[CheckMessage]:
    if not settings.LARAVEL_API_URL:
        return
    if not settings.LARAVEL_API_TOKEN:
        yield Warning(
            "LARAVEL_API_URL is set, LARAVEL_API_TOKEN is not.",
            hint="Set the token that Laravel expects: without one anybody may send it QR codes.",
            id="botsite.W002",
        )
    parts = urlsplit(settings.LARAVEL_API_URL)
    if parts.scheme == "http" and not _is_near(parts.hostname or ""):
        yield Warning(
            "LARAVEL_API_URL begins with http://.",
            hint="Use https://: QR codes and the token travel in the clear.",
            id="botsite.W003",
        )


def _is_near(host: str) -> bool:
    """Whether the host is this machine or in a private network."""
    try:
        return ip_address(host).is_private
    except ValueError:
        return host == "localhost" or "." not in host
