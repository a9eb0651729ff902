"""The state of a channel's knowledge and pins: another one, at once, with every change of a row."""

from collections.abc import Callable

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from botsite.caching import ANSWER_STATE, get
from conversations.models import KnowledgeEntry, PinnedAnswer
from conversations.services.answer_state import answer_state, pin_of
from sessions_app.models import Channel
from tests.conversations.builders import make_channel
from tests.staff import administrator

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("heard")]
LIST = "/admin/conversations/knowledgeentry/"


def knowledge(channel: Channel) -> str:
    return answer_state(channel.pk)["knowledge"]


@pytest.fixture
def entry(channel: Channel) -> KnowledgeEntry:
    return KnowledgeEntry.objects.create(channel=channel, question="¿Wifi?", answer="Sí")


def _save(entry: KnowledgeEntry) -> None:
    entry.answer = "No"
    entry.save()


def _switch_off(entry: KnowledgeEntry) -> None:
    KnowledgeEntry.objects.filter(pk=entry.pk).update(is_active=False)


def _change_many(entry: KnowledgeEntry) -> None:
    entry.answer = "No"
    KnowledgeEntry.objects.bulk_update([entry], ["answer"])


def _add_many(entry: KnowledgeEntry) -> None:
    KnowledgeEntry.objects.bulk_create([KnowledgeEntry(question="¿Mascotas?", answer="No")])


def _delete(entry: KnowledgeEntry) -> None:
    entry.delete()


def _delete_many(entry: KnowledgeEntry) -> None:
    KnowledgeEntry.objects.filter(pk=entry.pk).delete()


def _add_for_all(entry: KnowledgeEntry) -> None:
    KnowledgeEntry.objects.create(question="¿Mascotas?", answer="No")


def _move_away(entry: KnowledgeEntry) -> None:
    entry.channel = make_channel("third", phone_number_id="3")
    entry.save()


def _edit_in_the_list(entry: KnowledgeEntry) -> None:
    form = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": entry.pk, "_save": "Save"}
    assert administrator().post(LIST, form).status_code == 302


def _delete_in_the_list(entry: KnowledgeEntry) -> None:
    form = {"action": "delete_selected", "_selected_action": [entry.pk], "post": "yes"}
    assert administrator().post(LIST, form).status_code == 302


@pytest.mark.parametrize(
    "change",
    [
        _save,
        _switch_off,
        _change_many,
        _add_many,
        _delete,
        _delete_many,
        _add_for_all,
        _move_away,
        _edit_in_the_list,
        _delete_in_the_list,
    ],
)
def test_every_change_of_the_knowledge_makes_another_state_at_once(
    channel: Channel, entry: KnowledgeEntry, change: Callable[[KnowledgeEntry], None]
) -> None:
    before = knowledge(channel)

    change(entry)

    assert knowledge(channel) != before


def test_knowledge_that_is_changed_back_is_in_another_state(channel: Channel, entry: KnowledgeEntry) -> None:
    states = [knowledge(channel)]
    for answer in ("No", "Sí"):
        entry.answer = answer
        entry.save()
        states.append(knowledge(channel))

    assert len(set(states)) == 3


def test_other_channels_knowledge_and_what_is_switched_off_is_no_part_of_it(
    channel: Channel, entry: KnowledgeEntry
) -> None:
    before = knowledge(channel)

    other = make_channel("other", phone_number_id="2")
    KnowledgeEntry.objects.create(channel=other, question="¿Wifi?", answer="No")
    KnowledgeEntry.objects.create(channel=channel, question="¿Piscina?", answer="No", is_active=False)

    assert knowledge(channel) == before


def test_what_is_not_committed_changes_nothing(channel: Channel, entry: KnowledgeEntry) -> None:
    before = knowledge(channel)

    with transaction.atomic():
        _save(entry)
        assert get(ANSWER_STATE, channel=channel.pk)["knowledge"] == before
        transaction.set_rollback(True)

    assert knowledge(channel) == before


def test_an_entry_that_was_being_changed_longer_than_another_changes_the_state_too(
    channel: Channel, entry: KnowledgeEntry
) -> None:
    """The newest time of all rows would not show it."""
    newer = KnowledgeEntry.objects.create(channel=channel, question="¿Mascotas?", answer="No")
    before = knowledge(channel)

    KnowledgeEntry.objects.filter(pk=entry.pk).update(answer="No", updated_at=entry.updated_at)

    assert newer.updated_at > entry.updated_at
    assert knowledge(channel) != before


def test_the_state_is_read_by_one_query_and_then_not_at_all(
    channel: Channel, entry: KnowledgeEntry, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    PinnedAnswer.objects.create(question="menú", answer="Pan.")

    with django_assert_num_queries(1):
        first = answer_state(channel.pk)
    with django_assert_num_queries(0):
        assert answer_state(channel.pk) == first


def test_a_channel_that_is_not_there_has_an_empty_state(db: None) -> None:
    assert answer_state(4711)["pins"] == {}


def test_a_pin_is_found_as_soon_as_it_is_there_and_not_when_it_is_gone(channel: Channel) -> None:
    def pinned() -> str | None:
        pin = pin_of(answer_state(channel.pk)["pins"], normalized="menu", language="es")
        return pin["answer"] if pin else None

    assert pinned() is None
    pin = PinnedAnswer.objects.create(question="¡Menú!", answer="Pan.")
    assert pinned() == "Pan."
    pin.answer = "Queso."
    pin.save()
    assert pinned() == "Queso."
    PinnedAnswer.objects.update(answer="Leche.")
    assert pinned() == "Leche."
    PinnedAnswer.objects.all().delete()
    assert pinned() is None
