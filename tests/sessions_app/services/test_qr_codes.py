"""The end of QR codes."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from sessions_app.models import Channel, QrCode
from sessions_app.services.qr_codes import expired_codes_wipe
from tests.sessions_app.services.builders import apply, code, gateway


@pytest.fixture
def channel(transactional_db: None) -> Channel:
    return gateway()


def test_an_expired_code_leaves_nothing_to_be_read(channel: Channel) -> None:
    apply(channel, code("old", "s1"), code("new", "s2"))
    QrCode.objects.filter(device__session_id="s1").update(expires_at=timezone.now() - timedelta(seconds=1))

    assert expired_codes_wipe() == 1
    assert expired_codes_wipe() == 0

    with connection.cursor() as cursor:
        cursor.execute("SELECT length(payload) FROM sessions_app_qrcode ORDER BY device_id")
        assert cursor.fetchone() == (0,)
    assert dict(QrCode.objects.values_list("device__session_id", "payload"))["s2"] == "new"


def test_a_repeat_does_not_bring_it_back(channel: Channel) -> None:
    apply(channel, code("old"), code("old"))
    QrCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    expired_codes_wipe()

    assert apply(channel, code("old"), code("old")) == (0, 2)
    assert QrCode.objects.get().payload == ""
