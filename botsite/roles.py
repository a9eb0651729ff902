"""Who may do what: the three groups that every installation has, kept as written here.

Whoever is in `admin` may do everything, with models that are added later; the other two may do what stands
in the table and nothing new by itself. A group that staff make is theirs and left alone; these three are put
right at every `migrate`.
"""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

ADMIN = "admin"
PERMISSIONS: Mapping[str, tuple[str, ...]] = {
    # The figures, no customer's words.
    "manager": (
        "monitoring.view_dashboard",
        "monitoring.view_alert",
        "monitoring.acknowledge_alert",
        "monitoring.view_healthspan",
        "monitoring.view_processheartbeat",
        "conversations.view_budget",
        "conversations.view_budgetalert",
    ),
    # Conversations: see, reply, pause, hold, try again; and what one has to look up for that.
    "agent": (
        "conversations.view_whatsappuser",
        "conversations.change_whatsappuser",
        "conversations.view_message",
        "conversations.change_message",
        "conversations.view_thread",
        "conversations.view_run",
        "conversations.view_usermerge",
        "conversations.view_knowledgeentry",
        "conversations.view_pinnedanswer",
        # Whoever answers customers is who finds the phone unlinked; to unlink it is the admin's.
        "sessions_app.view_device",
        "sessions_app.view_qrcode",
        "shop.view_category",
        "shop.view_product",
        "shop.view_order",
        "shop.view_customersession",
    ),
}


def roles_sync(**_values: Any) -> None:
    """Make the groups and give each just its permissions (a receiver of post_migrate).

    Raises ValueError for a name in the table that no model has.
    """
    _give(ADMIN, list(Permission.objects.all()))
    for role, names in PERMISSIONS.items():
        _give(role, _permissions(names))


def _give(role: str, permissions: list[Permission]) -> None:
    group, _ = Group.objects.get_or_create(name=role)
    group.permissions.set(permissions)


def _permissions(names: tuple[str, ...]) -> list[Permission]:
    wanted = Q()
    for name in names:
        app, codename = name.split(".")
        wanted |= Q(content_type__app_label=app, codename=codename)
    found = list(Permission.objects.filter(wanted).select_related("content_type"))
    known = {f"{each.content_type.app_label}.{each.codename}" for each in found}
    if missing := set(names) - known:
        raise ValueError(f"no model has the permission {', '.join(sorted(missing))}")
    return found
