"""Who changed what, in admin and by API."""

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from botsite.api.keys import api_keys_revoke
from botsite.api.models import ApiKey
from botsite.telemetry.audit import report_audit
from conversations.models import Message, WhatsAppUser
from monitoring.models import AuditEvent
from tests.botsite.api.client import Api, make_key
from tests.conversations.builders import make_channel, receive
from tests.safety.pages import member_of
from tests.staff import administrator, signed_in

pytestmark = pytest.mark.django_db
ANA = "573000000001"


@pytest.fixture
def user() -> WhatsAppUser:
    return receive(make_channel(), "hola", sender=ANA)


def trail() -> list[tuple[str, str, str]]:
    rows = AuditEvent.objects.order_by("id").exclude(action="api_key_created")
    return list(rows.values_list("action", "actor", "subject"))


def test_what_a_key_changes_is_noted_with_its_prefix(user: WhatsAppUser) -> None:
    token = make_key()
    actor = f"key:{token.rpartition('_')[0]}"
    Message.objects.update(state="parked")
    message = Message.objects.get()

    for action in ("pause", "resume"):
        assert Api(token).post(f"/api/users/{ANA}/{action}").status_code == 200
    assert Api(token).post(f"/api/messages/{message.pk}/replay").status_code == 202

    assert trail() == [
        ("user_paused", actor, f"conversations.whatsappuser:{user.pk}"),
        ("user_resumed", actor, f"conversations.whatsappuser:{user.pk}"),
        ("message_replayed", actor, f"conversations.message:{message.pk}"),
    ]
    assert set(AuditEvent.objects.exclude(actor="site").values_list("address", flat=True)) == {"127.0.0.1"}


def test_what_was_refused_is_no_change(user: WhatsAppUser) -> None:
    Api(make_key("users:read")).post(f"/api/users/{ANA}/pause")
    Api(make_key()).post(f"/api/messages/{Message.objects.get().pk}/replay")  # it is not parked

    assert trail() == []


def test_keys_are_noted_when_they_are_made_and_revoked() -> None:
    call_command("create_api_key", name="n8n", scope=["users:read"], verbosity=0)
    key = ApiKey.objects.get()
    call_command("revoke_api_key", name="n8n", verbosity=0)
    api_keys_revoke(ApiKey.objects.all())  # for a second time: nothing to note

    noted = list(AuditEvent.objects.order_by("id").values_list("action", "subject"))
    assert noted == [("api_key_created", f"api.apikey:{key.pk}"), ("api_key_revoked", f"api.apikey:{key.pk}")]


def test_who_revoked_a_key_in_admin_is_in_its_log() -> None:
    make_key()
    client = administrator()

    client.post("/admin/api/apikey/", {"action": "revoke", "_selected_action": [ApiKey.objects.get().pk]})

    entry = LogEntry.objects.get()
    assert (entry.user.get_username(), "revoked" in entry.change_message) == ("administrator", True)


def test_a_change_that_is_rolled_back_leaves_no_note(user: WhatsAppUser) -> None:
    with transaction.atomic():
        report_audit("user_paused", actor="site", subject="conversations.whatsappuser:1")
        assert len(trail()) == 1
        transaction.set_rollback(True)

    assert trail() == []


def test_the_admin_role_reads_both_lists_with_links(user: WhatsAppUser) -> None:
    Api(make_key()).post(f"/api/users/{ANA}/pause")
    administrator().post("/admin/auth/group/add/", {"name": "evenings"})
    client = member_of("admin")

    changes = client.get("/admin/monitoring/auditevent/").content.decode()
    entries = client.get("/admin/admin/logentry/").content.decode()

    assert "user_paused" in changes
    assert f"/admin/conversations/whatsappuser/{user.pk}/change/" in changes
    assert "evenings" in entries
    assert "/admin/auth/group/" in entries


@pytest.mark.parametrize("path", ["/admin/monitoring/auditevent/", "/admin/admin/logentry/"])
def test_nobody_changes_the_trail(path: str) -> None:
    report_audit("user_paused", actor="site", subject="nothing.such:1")
    client = administrator()

    assert client.get(path).status_code == 200
    assert client.get(f"{path}add/").status_code == 403
    assert client.post(path, {"action": "delete_selected", "_selected_action": [1]}).status_code in {200, 302}
    assert AuditEvent.objects.count() == 1
    assert signed_in("conversations.view_message").get(path).status_code == 403


def test_a_page_of_the_log_costs_no_query_per_row() -> None:
    client = administrator()

    def queries() -> int:
        client.post("/admin/auth/group/add/", {"name": f"group {LogEntry.objects.count()}"})
        client.get("/admin/admin/logentry/")
        with CaptureQueriesContext(connection) as captured:
            client.get("/admin/admin/logentry/")
        return len(captured)

    assert queries() == queries()
