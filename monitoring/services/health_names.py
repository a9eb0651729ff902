"""What checks are called for people, in which order they are shown, and where their rows are."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, PermissionsMixin
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Family:
    """Checks of one kind: `page` is the admin list behind them, `query` what it is narrowed to.

    A label with %(name)s is that of checks called `<family>:<name>`.
    """

    label: str | Promise
    page: str = ""
    query: Mapping[str, str] | None = None


_MESSAGES = "admin:conversations_message_changelist"
_CIRCUITS = "admin:monitoring_breakerevent_changelist"
_PROCESSES = "admin:monitoring_processheartbeat_changelist"
FAMILIES: Mapping[str, Family] = {
    "database": Family(_("Database")),
    "redis": Family("Redis"),
    "broker": Family(_("Task queue")),
    "workers": Family(_("Workers"), _PROCESSES, {"kind__exact": "worker"}),
    "beat": Family(_("Scheduler"), _PROCESSES, {"kind__exact": "beat"}),
    "inbox": Family(_("Inbox"), _MESSAGES, {"direction__exact": "in", "state": "pending"}),
    "outbox": Family(_("Outbox"), _MESSAGES, {"direction__exact": "out", "state": "pending"}),
    "forwards": Family(
        _("Forwards to Laravel"), "admin:sessions_app_forward_changelist", {"state__exact": "pending"}
    ),
    "channel": Family(_("Channel %(name)s"), "admin:sessions_app_channel_changelist"),
    "llm": Family(_("Model %(name)s"), _CIRCUITS),
    "laravel": Family("Laravel", _CIRCUITS),
    "inventory": Family(_("Inventory service"), _CIRCUITS),
    "memory": Family(_("Memory"), _PROCESSES),
    "disk": Family(_("Disk")),
}
_PLACES = {family: place for place, family in enumerate(FAMILIES)}


def family_of(name: str) -> str:
    """Return the family of the check `name`: "llm" for "llm:openai"."""
    return name.partition(":")[0]


def label_of(name: str) -> str:
    """Return what people call the check, in the language that is active."""
    family = FAMILIES.get(family_of(name))
    return str(family.label).replace("%(name)s", name.partition(":")[2]) if family else name


def url_of(name: str) -> str | None:
    """Return the path of the admin list behind the check, None where there are no rows."""
    family = FAMILIES.get(family_of(name))
    if family is None or not family.page:
        return None
    query = {"slug": name.partition(":")[2]} if family_of(name) == "channel" else family.query
    return f"{reverse(family.page)}{'?' if query else ''}{urlencode(query or {})}"


def may_follow(user: AbstractBaseUser | AnonymousUser, name: str) -> bool:
    """Whether the user may see the page of `url_of`."""
    family = FAMILIES.get(family_of(name))
    if family is None or not family.page:
        return False
    app_and_model = family.page.removeprefix("admin:").removesuffix("_changelist")
    app, _separator, model = app_and_model.rpartition("_")
    return isinstance(user, PermissionsMixin) and user.has_perm(f"{app}.view_{model}")


def place_of(name: str) -> tuple[int, str]:
    """Return what to sort checks by."""
    return _PLACES.get(family_of(name), len(_PLACES)), name
