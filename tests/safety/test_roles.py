"""Every address × every role: what the table of roles does not give is shut."""

from fnmatch import fnmatchcase

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from botsite import roles
from tests.safety.pages import Address, addresses, demo_objects, member_of
from tests.staff import administrator

AWAY = {"/admin/", "/admin/login/"}
SHUT = {401, 403, 404, 405}
API = "an API key"
ANYBODY, STAFF = "anybody", "any member of staff"
# The permission (or kind of caller) behind each address that is not an admin page of a model by itself.
RULES = {
    "admin:index": STAFF,
    "admin:login": ANYBODY,
    "admin:logout": ANYBODY,
    "admin:password_change": STAFF,
    "admin:password_change_done": STAFF,
    "admin:autocomplete": STAFF,
    "admin:jsi18n": STAFF,
    "admin:view_on_site": STAFF,
    "admin:app_list": STAFF,  # each sees what the role lets it
    "admin:auth_user_password_change": "auth.change_user",
    "admin:assistantprofile_*": "conversations.change_assistantprofile",
    "admin:whatsappuser_erase_everywhere": "conversations.erase_whatsappuser",
    "admin:whatsappuser_export*": "conversations.export_whatsappuser",
    "admin:whatsappuser_*": "conversations.change_whatsappuser",
    "admin:conversations_cachedanswers": "conversations.view_pinnedanswer",
    "admin:conversations_cachedanswer_drop*": "conversations.drop_cachedanswer",
    "admin:costs*": "conversations.view_budget",
    "admin:sessions_app_device_live": "sessions_app.view_device",
    "admin:sessions_app_device_order": "sessions_app.change_device",
    "admin:shop_order_step": "shop.change_order",
    "admin:shop_product_import": "shop.add_product",
    "admin:monitoring_breaker_force": "monitoring.operate_breaker",
    "admin:monitoring_alert_answer": "monitoring.acknowledge_alert",
    "dashboard-acknowledge": "monitoring.acknowledge_alert",
    "dashboard*": "monitoring.view_dashboard",
    "simulator*": "conversations.view_whatsappuser",
    "metrics*": STAFF,
    "set_language": ANYBODY,
    "webhook": ANYBODY,  # its signature decides
    "health-*": ANYBODY,
    "api-schema": ANYBODY,
    "api-docs": ANYBODY,
    "api-*": API,
    "start": API,
    "update-user": API,
}
OF_A_MODEL = {"changelist": "view", "change": "view", "history": "view", "add": "add", "delete": "delete"}


def rule_of(address: Address) -> str:
    """Return who may call an address; a new one needs a line in RULES."""
    for pattern, rule in RULES.items():
        if fnmatchcase(address.name, pattern):
            return rule
    app_and_model, _, kind = address.name.removeprefix("admin:").rpartition("_")
    for app in ("sessions_app", *app_and_model.split("_")[:1]):
        if app_and_model.startswith(f"{app}_") and kind in OF_A_MODEL:
            return f"{app}.{OF_A_MODEL[kind]}_{app_and_model.removeprefix(f'{app}_')}"
    raise AssertionError(f"{address.name} needs a line in RULES")


@pytest.fixture
def objects(db: None) -> dict[str, int]:
    return demo_objects()


def is_shut(client: Client, path: str) -> bool:
    """Whether neither reading nor writing gets anybody anywhere.

    Admin sends away to its start page whoever asks for a row that is not there.
    """
    for answer in (client.get(path), client.post(path)):
        sent_away = answer.status_code == 302 and answer["Location"].partition("?")[0] in AWAY
        if not sent_away and answer.status_code not in SHUT:
            return False
    return True


def test_nobody_gets_in_without_logging_in(objects: dict[str, int], client: Client) -> None:
    closed = [each for each in addresses() if rule_of(each) != ANYBODY]

    assert len(closed) > 100
    assert [each.name for each in closed if not is_shut(client, each.path(objects))] == []


@pytest.mark.parametrize("role", sorted(roles.PERMISSIONS))
def test_a_role_gets_where_the_table_lets_it_and_nowhere_else(objects: dict[str, int], role: str) -> None:
    client = member_of(role)
    allowed = {ANYBODY, STAFF, *roles.PERMISSIONS[role]}
    wrong = []
    for address in addresses():
        rule, path = rule_of(address), address.path(objects)
        if rule in allowed:
            if rule not in {ANYBODY, STAFF} and client.get(path).status_code not in {200, 302, 400, 405}:
                wrong.append(f"{address.name} is shut")
        elif not is_shut(client, path):
            wrong.append(f"{address.name} is open")

    assert wrong == []


def test_the_admin_role_sees_every_page(objects: dict[str, int]) -> None:
    client = member_of(roles.ADMIN)
    pages = [each for each in addresses() if each.name.endswith("_changelist") or each.name == "dashboard"]

    assert len(pages) > 15
    assert {client.get(page.path(objects)).status_code for page in pages} == {200}


def test_a_visitor_without_a_role_is_told_where_to_ask(objects: dict[str, int]) -> None:
    client = Client(headers={"accept-language": "en"})
    client.force_login(User.objects.create_user("new", is_staff=True))

    assert "Your account may not see this page" in client.get("/dashboard/").content.decode()
    page = client.get("/admin/").content.decode()
    assert '"/dashboard"' not in page
    assert 'href="/simulator"' not in page


def test_pages_show_only_links_that_open(objects: dict[str, int]) -> None:
    manager, agent = member_of("manager"), member_of("agent")

    page = manager.get("/dashboard/").content.decode().replace(reverse("admin:costs"), "")
    assert "/admin/conversations/" not in page
    assert "/admin/sessions_app/" not in manager.get("/dashboard/").content.decode()
    assert "/simulator" not in manager.get("/admin/").content.decode()
    assert 'href="/dashboard"' not in agent.get("/admin/").content.decode()
    assert "/simulator" in agent.get("/admin/").content.decode()


@pytest.mark.django_db
def test_a_migration_puts_the_groups_right_and_leaves_others_alone() -> None:
    own = Group.objects.create(name="evenings")
    own.permissions.set(Permission.objects.filter(codename="view_message"))
    Group.objects.get(name="agent").permissions.set(Permission.objects.filter(codename="delete_user"))
    Group.objects.get(name="manager").delete()

    roles.roles_sync()

    names = {
        group.name: {f"{p.content_type.app_label}.{p.codename}" for p in group.permissions.all()}
        for group in Group.objects.all()
    }
    assert names["agent"] == set(roles.PERMISSIONS["agent"])
    assert names["manager"] == set(roles.PERMISSIONS["manager"])
    assert len(names["admin"]) == Permission.objects.count()
    assert names["evenings"] == {"conversations.view_message"}


@pytest.mark.django_db
def test_a_name_that_no_model_has_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roles, "PERMISSIONS", {"agent": ("shop.view_nothing",)})

    with pytest.raises(ValueError, match=r"shop\.view_nothing"):
        roles.roles_sync()


@pytest.mark.django_db
def test_permissions_of_a_new_model_reach_the_admin_role_with_migrate() -> None:
    message = Permission.objects.get(codename="view_message")
    Permission.objects.create(
        content_type=message.content_type, codename="of_a_new_model", name="of a new model"
    )

    call_command("migrate", verbosity=0)

    assert Group.objects.get(name="admin").permissions.filter(codename="of_a_new_model").exists()
    assert not Group.objects.get(name="agent").permissions.filter(codename="of_a_new_model").exists()


def test_an_agent_answers_pauses_and_hands_back(objects: dict[str, int]) -> None:
    agent, pk = member_of("agent"), objects["conversations_whatsappuser"]
    base = f"/admin/conversations/whatsappuser/{pk}/"

    assert agent.post(f"{base}pause/").status_code in {200, 302}
    assert agent.post(f"{base}resume/").status_code in {200, 302}
    assert agent.get(f"{base}change/").status_code == 200
    assert agent.post(f"{base}delete/").status_code == 403
    assert administrator().get(f"{base}change/").status_code == 200
