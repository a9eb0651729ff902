"""Leases: one holder, taken over only when they ran out, and worth nothing afterwards."""

import threading
import time

import pytest
from django.db import connection

from botsite.resilience import leases
from botsite.resilience.leases import Lease
from conversations.models import WhatsAppUser
from sessions_app.models import Channel
from tests.conversations.builders import lapse, make_channel, receive

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def user() -> WhatsAppUser:
    return receive(make_channel(), "hola")


def claim(user: WhatsAppUser, *, seconds: float = 20) -> Lease | None:
    return leases.claim(WhatsAppUser.objects.filter(pk=user.pk), seconds=seconds)


def test_only_one_of_many_gets_it(user: WhatsAppUser) -> None:
    start = threading.Barrier(8)
    got: list[Lease | None] = []

    def try_it() -> None:
        start.wait()
        got.append(claim(user))
        connection.close()

    threads = [threading.Thread(target=try_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(lease is not None for lease in got) == 1


def test_a_lease_that_ran_out_is_taken_over_and_the_old_one_is_worthless(user: WhatsAppUser) -> None:
    old = claim(user)
    assert old is not None
    assert claim(user) is None
    lapse(user)

    new = claim(user)

    assert new is not None
    assert new.epoch == old.epoch + 1
    assert not old.held().exists()
    assert not old.renew(20)
    assert not old.release()
    assert new.release()
    assert claim(user) is not None


def test_the_keeper_renews_until_its_limit(user: WhatsAppUser) -> None:
    lease = claim(user, seconds=0.3)
    assert lease is not None
    with leases.LeaseKeeper().keeping(lease, seconds=0.3, limit=0.8):
        time.sleep(0.6)
        assert claim(user) is None
        time.sleep(1.0)
        assert claim(user) is not None


def test_conditions_are_part_of_the_claim(user: WhatsAppUser) -> None:
    other = Channel.objects.create(slug="other", kind="simulator")

    assert leases.claim(WhatsAppUser.objects.filter(pk=user.pk, channel=other), seconds=20) is None
