"""A turn with everything in it: kept answers, functions, and what the budget allows."""

import json
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import Settings

from conversations.llm.tokens import estimated_tokens
from conversations.models import Budget, Direction, Message, Run
from conversations.services import turns
from conversations.services.turns import TurnResult
from conversations.shop.models import CartItem, Order
from sessions_app.models import Channel
from tests.conversations.builders import inbound_states, outbound_texts, receive
from tests.conversations.shop.builders import make_product
from tests.fakes.behaviour import Behaviour
from tests.fakes.graph import FakeGraph
from tests.fakes.openai_compatible import FakeOpenAI
from tests.processes import wait_until

ANA, BEA = "573000000001", "573000000002"
OPENING = "¿A qué hora abren?"
PERSONAL = "¿dónde está mi pedido?"


def calling(name: str, arguments: str = "{}") -> dict[str, Any]:
    """A model's message that asks for a function."""
    function = {"name": name, "arguments": arguments}
    return {"content": None, "tool_calls": [{"id": f"call_{name}", "type": "function", "function": function}]}


@pytest.fixture
def bread(live_channel: Channel) -> None:
    make_product(live_channel, "Pan", sku="PAN", stock=9)


def test_two_customers_with_the_same_question_cost_one_call(live_channel: Channel, model: FakeOpenAI) -> None:
    users = [receive(live_channel, OPENING, sender=sender) for sender in (ANA, BEA)]

    for user in users:
        assert turns.run_turn(user.pk) == TurnResult.ANSWERED

    assert len(model.requests) == 1
    assert outbound_texts(users[0]) == outbound_texts(users[1]) == [f"re: {OPENING}"]
    made, kept = Run.objects.order_by("pk")
    assert (made.provider, made.cache_key, made.saved_usd) == ("openai", "", None)
    assert (kept.provider, kept.input_tokens, kept.cost_usd) == ("cache", 0, None)
    assert kept.cache_key
    assert kept.saved_usd == made.cost_usd
    assert kept.route == "response cache: cached"


def test_what_quotes_another_message_is_nobody_elses(live_channel: Channel, model: FakeOpenAI) -> None:
    users = [receive(live_channel, OPENING, sender=sender) for sender in (ANA, BEA)]
    Message.objects.update(reply_to="wamid.earlier")

    for user in users:
        turns.run_turn(user.pk)

    assert len(model.requests) == 2


def test_an_answer_that_took_a_function_is_not_kept(
    live_channel: Channel, model: FakeOpenAI, bread: None
) -> None:
    model.configure(replies=[calling("search_products", '{"text": "pan"}'), "Sí, hay pan."])
    first = receive(live_channel, "¿Tienen pan?", sender=ANA)
    turns.run_turn(first.pk)
    second = receive(live_channel, "¿Tienen pan?", sender=BEA)
    turns.run_turn(second.pk)

    assert outbound_texts(first) == ["Sí, hay pan."]
    assert outbound_texts(second) == ["re: ¿Tienen pan?"]
    run = Run.objects.earliest("pk")
    assert run.input_tokens > 0
    assert not run.usage_unknown


def test_a_customer_orders_in_one_conversation(live_channel: Channel, model: FakeOpenAI, bread: None) -> None:
    model.configure(
        replies=[
            calling("cart_add", '{"sku": "PAN", "quantity": 2}'),
            calling("place_order"),
            "¡Pedido hecho!",
        ]
    )
    user = receive(live_channel, "quiero dos panes, haz el pedido")

    assert turns.run_turn(user.pk) == TurnResult.ANSWERED

    assert outbound_texts(user) == ["¡Pedido hecho!"]
    assert Order.objects.get().items.get().quantity == 2
    assert not CartItem.objects.exists()


def test_the_cart_is_in_the_prompt(live_channel: Channel, model: FakeOpenAI, bread: None) -> None:
    model.configure(replies=[calling("cart_add", '{"sku": "PAN", "quantity": 2}'), "Listo."])
    user = receive(live_channel, "agrega dos panes a mi carrito")
    turns.run_turn(user.pk)
    receive(live_channel, "¿qué llevo hasta ahora?")
    turns.run_turn(user.pk)

    assert "<cart>\n- 2 for 2.00 USD: Pan\n</cart>" in model.requests[-1].body["messages"][0]["content"]


def test_functions_count_in_the_prompts_budget(
    live_channel: Channel, model: FakeOpenAI, bread: None, settings: Settings
) -> None:
    settings.PROMPT_TOKEN_BUDGET = 2500
    user = receive(live_channel, *("¿y si vienen más personas a la cena? " * 8 for _ in range(40)))
    turns.run_turn(user.pk)
    receive(live_channel, PERSONAL)
    turns.run_turn(user.pk)

    asked = model.requests[-1].body
    said = sum(estimated_tokens(message["content"]) for message in asked["messages"])
    offered = sum(estimated_tokens(json.dumps(tool["function"])) for tool in asked["tools"])
    assert offered > 500
    assert 1500 < said + offered <= 2500


def test_a_customer_who_wants_a_person_is_held_for_one(live_channel: Channel, model: FakeOpenAI) -> None:
    model.configure(replies=[calling("hand_over_to_person"), "Te atiende una persona."])
    user = receive(live_channel, "tengo un problema con mi factura del mes pasado")

    turns.run_turn(user.pk)

    message = Message.objects.get(user=user, direction="in")
    assert (message.state, message.reason) == ("held", "person_wanted")
    assert outbound_texts(user) == ["Te atiende una persona."]


def test_with_the_budget_spent_no_model_is_asked(live_channel: Channel, model: FakeOpenAI) -> None:
    Budget.objects.create(channel=live_channel, daily_usd=Decimal("0.0001"))
    known = receive(live_channel, "hola", sender=ANA)
    unknown = receive(live_channel, PERSONAL, sender=BEA)

    for user in (known, unknown):
        assert turns.run_turn(user.pk) == TurnResult.ANSWERED

    assert model.requests == []
    assert inbound_states(known) == ["answered"]
    held = Message.objects.get(user=unknown, direction="in")
    assert (held.state, held.reason) == ("held", "budget_spent")
    assert {run.route for run in Run.objects.all()} == {"budget spent"}
    assert all(run.degraded for run in Run.objects.all())


def test_what_an_answer_cost_is_taken_from_the_budget(live_channel: Channel, model: FakeOpenAI) -> None:
    budget = Budget.objects.create(channel=live_channel, daily_usd=Decimal(100))
    user = receive(live_channel, PERSONAL)

    turns.run_turn(user.pk)

    cost = Run.objects.get().cost_usd
    assert cost is not None
    assert budget.spendings.get(period="day").spent_usd == cost
    assert not budget.charges.filter(settled_at=None).exists()


def test_customers_see_that_an_answer_is_being_written_where_a_model_is_asked(
    live_channel: Channel, model: FakeOpenAI, graph: FakeGraph
) -> None:
    users = [receive(live_channel, OPENING, sender=sender) for sender in (ANA, BEA)]
    for user in users:  # the second answer is a kept one
        assert turns.run_turn(user.pk) == TurnResult.ANSWERED

    first = Message.objects.get(user=users[0], direction=Direction.IN)
    wait_until(lambda: graph.typing == [first.external_id])


def test_an_indicator_that_hangs_or_is_refused_keeps_no_answer(
    live_channel: Channel, model: FakeOpenAI, graph: FakeGraph
) -> None:
    graph.behave(Behaviour(on="typing", delay=20))
    graph.behave(Behaviour(on="typing", status=500))
    users = [receive(live_channel, PERSONAL, sender=sender) for sender in (ANA, BEA)]

    for user in users:
        assert turns.run_turn(user.pk) == TurnResult.ANSWERED

    assert len(graph.sent) == 2
    # The first still hangs: nobody waited for it.
    wait_until(lambda: [call.status for call in graph.requests if call.operation == "typing"] == [0, 500])
