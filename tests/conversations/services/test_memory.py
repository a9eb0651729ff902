"""What is remembered of customers: stored once, bounded, and gone when it is erased."""

import threading

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from conversations.models import CustomerMemory, Message, Run, Thread, WhatsAppUser
from conversations.services import memory, summaries, turns
from conversations.services.threads import open_thread
from sessions_app.models import Channel
from tests.conversations.builders import make_channel, receive
from tests.fakes.behaviour import Behaviour
from tests.fakes.openai_compatible import FakeOpenAI


@pytest.fixture
def user(channel: Channel) -> WhatsAppUser:
    return receive(channel, "Hola, me llamo Sol", "soy celíaca y vivo en Cali", "¿abren hoy?")


def inbound_of(user: WhatsAppUser) -> list[Message]:
    return list(Message.objects.filter(user=user, direction="in").order_by("sequence"))


def run_of(user: WhatsAppUser) -> Run:
    return Run.objects.create(thread=open_thread(user), epoch=1, state="completed")


def remember(user: WhatsAppUser, *texts: str) -> int:
    """Let the customer write, and remember all that they ever wrote."""
    receive(user.channel, *texts)
    return memory.remember_turn(user, run_of(user), inbound_of(user))


def test_what_a_customer_states_is_remembered_with_its_source(user: WhatsAppUser) -> None:
    run, messages = run_of(user), inbound_of(user)

    assert memory.remember_turn(user, run, messages) == 3

    assert memory.facts_of(user) == ("vivo en Cali", "soy celíaca", "me llamo Sol")
    fact = CustomerMemory.objects.get(kind="name")
    assert (fact.author, fact.source, fact.run) == ("assistant", messages[0], run)


def test_remembering_the_same_messages_again_changes_nothing(user: WhatsAppUser) -> None:
    remember(user)
    before = list(CustomerMemory.objects.values())

    assert remember(user) == 0

    assert list(CustomerMemory.objects.values()) == before


def test_where_nothing_is_stated_nothing_is_asked_of_the_database(
    channel: Channel, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    user = receive(channel, "hola", "¿abren hoy?")
    run, messages = run_of(user), inbound_of(user)

    with django_assert_num_queries(0):
        assert memory.remember_turn(user, run, messages) == 0


@pytest.mark.parametrize(
    "values", [{"author": "staff"}, {"kind": "image"}, {"direction": "out", "state": "read"}]
)
def test_only_a_customers_own_texts_are_read(channel: Channel, values: dict[str, str]) -> None:
    user = receive(channel, "me llamo Sol")
    Message.objects.update(**values)

    assert memory.remember_turn(user, run_of(user), Message.objects.all()) == 0


def test_an_erased_fact_does_not_come_back_from_its_message(user: WhatsAppUser) -> None:
    remember(user)
    fact = CustomerMemory.objects.get(kind="diet")

    assert memory.fact_erase(user, fact.pk)
    assert not memory.fact_erase(user, fact.pk)
    assert remember(user) == 0

    assert memory.facts_of(user) == ("vivo en Cali", "me llamo Sol")
    fact.refresh_from_db()
    assert fact.text == ""


def test_an_erased_fact_may_be_stated_anew(user: WhatsAppUser) -> None:
    remember(user)
    memory.fact_erase(user, CustomerMemory.objects.get(kind="diet").pk)

    assert remember(user, "soy celíaca") == 1

    assert "soy celíaca" in memory.facts_of(user)


def test_another_customers_fact_is_not_erased(user: WhatsAppUser) -> None:
    other = receive(make_channel("other", phone_number_id="2"), "hola")
    remember(user)

    assert not memory.fact_erase(other, CustomerMemory.objects.get(kind="name").pk)
    assert memory.facts_of(other) == ()
    assert len(memory.facts_of(user)) == 3


def test_a_new_home_takes_the_place_of_the_old_one(user: WhatsAppUser) -> None:
    remember(user)

    assert remember(user, "ahora vivo en Bogotá", "Vivo en Pasto") == 2
    assert remember(user) == 0

    assert memory.facts_of(user) == ("Vivo en Pasto", "soy celíaca", "me llamo Sol")


def test_the_same_fact_in_other_letters_is_the_same(user: WhatsAppUser) -> None:
    remember(user)

    assert remember(user, "SOY CELÍACA", "me llamo SOL") == 0
    assert len(memory.facts_of(user)) == 3


def test_the_oldest_facts_of_the_assistant_make_room(user: WhatsAppUser) -> None:
    remember(user)
    for number in range(memory.MOST_FACTS):
        assert memory.fact_note(user, f"Nota {number}")

    facts = memory.facts_of(user)

    assert len(facts) == memory.MOST_FACTS
    assert facts[-1] == "Nota 0"
    assert CustomerMemory.objects.filter(erased_at=None).count() == memory.MOST_FACTS
    with pytest.raises(memory.MemoryFull):
        memory.fact_note(user, "Una más")
    assert remember(user, "tengo un perro") == 1
    assert "tengo un perro" not in memory.facts_of(user)


def test_a_note_is_one_line_and_stands_once(user: WhatsAppUser) -> None:
    fact = memory.fact_note(user, "  Paga con\ntarjeta\x00 <b> ")

    assert fact is not None
    assert (fact.text, fact.author) == ("Paga con tarjeta ‹b›", "staff")
    assert memory.fact_note(user, "PAGA CON TARJETA <b>") is None


def test_the_model_is_shown_what_is_remembered(live_channel: Channel, model: FakeOpenAI) -> None:
    user = receive(live_channel, "¿dónde está mi pedido?")
    WhatsAppUser.objects.update(name="Sol", labels=["VIP"])
    memory.fact_note(user, "Paga con tarjeta")
    memory.fact_note(user, "Prefiere la mañana")

    turns.run_turn(user.pk)

    system = model.requests[-1].body["messages"][0]["content"]
    assert "<customer>\nName: Sol\nLabels: VIP\n</customer>" in system
    assert "<memory>\n- Prefiere la mañana\n- Paga con tarjeta\n</memory>" in system


def test_one_customers_memory_is_not_shown_to_another(live_channel: Channel, model: FakeOpenAI) -> None:
    memory.fact_note(receive(live_channel, "hola"), "Paga con tarjeta")
    other = receive(live_channel, "hola", sender="573000000002")

    turns.run_turn(other.pk)

    assert "tarjeta" not in str(model.requests[-1].body)


def test_an_erased_summary_is_gone_from_all_threads(user: WhatsAppUser) -> None:
    Thread.objects.create(user=user, summary="Vive en Cali.", closed_at="2026-01-01T00:00Z")
    Thread.objects.create(user=user, summary="Vive en Cali.")

    assert memory.summary_erase(user)
    assert not memory.summary_erase(user)

    assert set(Thread.objects.values_list("summary", flat=True)) == {""}


def test_a_summary_erased_while_it_is_brought_up_to_date_does_not_come_back(
    live_channel: Channel, model: FakeOpenAI
) -> None:
    user = receive(live_channel, "hola", "¿abren hoy?")
    thread = Thread.objects.create(user=user, summary="Vive en Cali.", token_count=9_000)
    user.messages.update(thread=thread, state="answered")
    model.behave(Behaviour(delay=0.5))
    results: list[int] = []
    cleaning = threading.Thread(target=_clean_and_close, args=(results,))
    cleaning.start()
    assert model.wait_for(lambda: len(model.requests) == 1)

    memory.summary_erase(user)
    cleaning.join()

    assert results == [1]
    assert list(Thread.objects.values_list("summary", flat=True)) == [""]


def _clean_and_close(skipped: list[int]) -> None:
    skipped.append(summaries.clean_threads()["skipped"])
    connection.close()
