"""One customer is one user, by whichever of their names and in whichever form they come."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from conversations.models import Message, UserIdentity, UserMerge, WhatsAppUser
from conversations.services import inbox
from conversations.services.api_messages import MessageOrder, message_accept
from conversations.services.identities import preferred, user_locked, users_locked
from conversations.services.user_lookup import address_at, users_named
from sessions_app.models import Channel
from sessions_app.providers.base import Identity, IdentityKind, InboundMessage, NumberChange
from tests.conversations.builders import START, bsuid, inbound, make_channel, receive, wa_id

LONG, SHORT = "5215512345678", "525512345678"
FORMS = [
    (LONG, SHORT),
    ("5491122334455", "541122334455"),
    ("5511987654321", "551187654321"),
]
OLD, NEW = "573000000001", "573000000002"


def current(user: WhatsAppUser) -> list[str]:
    names = user.identities.filter(replaced_at=None)
    return sorted(names.values_list("value", flat=True))


def replaced(user: WhatsAppUser) -> list[str]:
    return list(user.identities.exclude(replaced_at=None).values_list("value", flat=True))


def number_change(old: str, new: str, **values: object) -> NumberChange:
    message = inbound("Ana cambió de número", sender=old, kind="system", ignore_reason="number_changed")
    fields = {name: getattr(message, name) for name in InboundMessage.__dataclass_fields__}
    return NumberChange(**(fields | {"new_identities": (wa_id(new),)} | values))


@pytest.mark.parametrize(("first", "then"), FORMS + [(b, a) for a, b in FORMS])
def test_both_forms_of_a_number_are_one_user_who_is_answered_at_the_last(
    channel: Channel, first: str, then: str
) -> None:
    user = receive(channel, "hola", sender=first)
    assert receive(channel, "¿sigues ahí?", sender=then) == user

    assert current(user) == [then]
    assert Message.objects.filter(user=user).count() == 2


def test_both_forms_in_one_webhook_are_one_user(channel: Channel) -> None:
    inbox.receive(channel, [inbound(sender=LONG), inbound(sender=SHORT)])

    user = WhatsAppUser.objects.get()
    assert current(user) == [SHORT]
    assert list(user.messages.order_by("sequence").values_list("sequence", flat=True)) == [1, 2]


def test_a_jid_of_a_known_number_is_no_second_name(channel: Channel) -> None:
    jid = Identity(IdentityKind.JID, "5491122334455:7@s.whatsapp.net")
    user = receive(channel, "hola", sender="541122334455")
    inbox.receive(channel, [inbound(identities=(jid, wa_id("5491122334455")))])

    assert WhatsAppUser.objects.get() == user
    assert current(user) == ["5491122334455"]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_names_that_overlap_within_a_batch_are_one_user(channel: Channel, order: tuple[int, ...]) -> None:
    chain = [(wa_id(OLD), bsuid("CO.1")), (bsuid("CO.1"), bsuid("CO.2")), (bsuid("CO.2"),)]

    inbox.receive(channel, [inbound(identities=chain[place]) for place in order])

    assert WhatsAppUser.objects.count() == 1
    assert UserIdentity.objects.count() == 3
    assert not UserMerge.objects.exists()


def test_strangers_in_a_batch_stay_apart(channel: Channel) -> None:
    people = [(wa_id(f"57300000{n:04}"), bsuid(f"CO.{n}")) for n in range(40)]

    users = users_locked(channel, people)

    assert len({user.pk for user in users.values()}) == 40


def test_the_same_name_at_another_channel_is_somebody_else(channel: Channel) -> None:
    other = make_channel("other", phone_number_id="2002")
    here, there = receive(channel, "hola", sender=LONG), receive(other, "hola", sender=LONG)

    inbox.receive(channel, [inbound(identities=(wa_id(SHORT), bsuid("MX.1")))])

    assert here != there
    assert current(there) == [LONG]
    assert current(here) == sorted([SHORT, "MX.1"])


def test_a_new_number_along_with_a_known_name_takes_the_old_ones_place(channel: Channel) -> None:
    inbox.receive(channel, [inbound(identities=(wa_id(OLD), bsuid("CO.1")))])
    inbox.receive(channel, [inbound(identities=(wa_id(NEW), bsuid("CO.1")))])

    user = WhatsAppUser.objects.get()
    assert (current(user), replaced(user)) == (sorted([NEW, "CO.1"]), [OLD])


def test_a_reported_new_number_is_the_same_user_and_the_one_to_write_to(channel: Channel) -> None:
    user = receive(channel, "hola", sender=OLD)

    receipt = inbox.receive(channel, [number_change(OLD, NEW)])

    assert (receipt.accepted, receipt.ignored) == (0, 1)
    assert receive(channel, "soy yo", sender=NEW) == user
    assert (current(user), replaced(user)) == ([NEW], [OLD])
    assert not UserMerge.objects.exists()


def test_a_new_number_of_nobody_known_is_kept_for_later(channel: Channel) -> None:
    inbox.receive(channel, [number_change(OLD, NEW)])

    user = WhatsAppUser.objects.get()
    assert (current(user), replaced(user)) == ([NEW], [OLD])
    assert Message.objects.get().state == "ignored"


def test_a_number_that_changed_into_its_other_form_has_not_changed(channel: Channel) -> None:
    user = receive(channel, "hola", sender=SHORT)

    inbox.receive(channel, [number_change(SHORT, LONG)])

    assert user.identities.count() == 1
    assert replaced(user) == []


def test_a_message_sent_before_the_change_brings_the_old_number_not_back(channel: Channel) -> None:
    late = inbound("escrito antes", sender=OLD)
    user = receive(channel, "hola", sender=OLD)
    inbox.receive(channel, [number_change(OLD, NEW)])

    inbox.receive(channel, [late])

    assert current(user) == [NEW]
    assert user.messages.filter(text="escrito antes").exists()


def test_whoever_writes_from_the_old_number_again_is_answered_there(channel: Channel) -> None:
    user = receive(channel, "hola", sender=OLD)
    inbox.receive(channel, [number_change(OLD, NEW)])

    receive(channel, "volví", sender=OLD)

    assert (current(user), replaced(user)) == ([OLD], [NEW])


def test_to_write_to_the_old_number_brings_it_not_back(channel: Channel) -> None:
    user = receive(channel, "hola", sender=OLD)
    inbox.receive(channel, [number_change(OLD, NEW)])

    order = MessageOrder(to=OLD, text="¿Sigue interesada?")
    message = message_accept(channel, order, client="shop")

    assert message.user == user
    assert current(user) == [NEW]


def test_a_late_repeat_of_the_notice_undoes_nothing(channel: Channel) -> None:
    notice = number_change(OLD, NEW)
    user = receive(channel, "hola", sender=OLD)
    inbox.receive(channel, [notice])
    receive(channel, "volví", sender=OLD)

    receipt = inbox.receive(channel, [notice])

    assert receipt.duplicates == 1
    assert current(user) == [OLD]


@pytest.mark.parametrize(
    "written",
    [LONG, SHORT, f"+{LONG}", "+52 1 55 1234 5678", "+52 55 1234 5678", "52-55-1234-5678", f"{LONG}@c.us"],
)
def test_a_number_in_any_writing_finds_the_user_and_whatsapps_form(channel: Channel, written: str) -> None:
    user = receive(channel, "hola", sender=LONG)

    assert users_named(written, within=Q()) == [user]
    assert address_at(channel, written) == wa_id(LONG)


@pytest.mark.parametrize("written", ["", " ", "\x00", "777", "5215512345679", "CO.1\x00"])
def test_what_is_nobodys_name_finds_nobody(channel: Channel, written: str) -> None:
    inbox.receive(
        channel, [inbound(identities=(wa_id(LONG), bsuid("CO.1"), Identity(IdentityKind.LID, "777@lid")))]
    )

    assert users_named(written, within=Q()) == []
    assert len(users_named("777@lid", within=Q())) == 1


def test_a_lid_is_preferred_to_a_bsuid_and_a_number_to_both() -> None:
    lid, jid = Identity(IdentityKind.LID, "7@lid"), Identity(IdentityKind.JID, "8@c.us")

    assert preferred([bsuid("CO.1"), lid]) == lid
    assert preferred([lid, jid, wa_id(OLD)]) == wa_id(OLD)
    assert preferred([]) is None


def queries(channel: Channel, message: InboundMessage) -> int:
    with CaptureQueriesContext(connection) as captured:
        users_locked(channel, [message.identities], as_of=message.sent_at)
    return len(captured)


def test_a_known_user_costs_one_query_however_many_names_come(channel: Channel) -> None:
    both = inbound(identities=(wa_id(OLD), bsuid("CO.1")))
    inbox.receive(channel, [both])

    assert queries(channel, inbound(sender=OLD)) == 1
    assert queries(channel, both) == 1
    user = user_locked(channel, (wa_id(OLD),))
    later = START + timedelta(days=9)
    UserIdentity.objects.create(user=user, channel=channel, kind="wa_id", value=NEW, replaced_at=later)
    assert queries(channel, inbound(sender=NEW)) == 1


def test_a_new_user_costs_five_queries_and_another_form_two_more(channel: Channel) -> None:
    assert queries(channel, inbound(sender=LONG)) == 5
    assert queries(channel, inbound(sender=SHORT)) == 3
    assert queries(channel, inbound(sender=SHORT)) == 1
