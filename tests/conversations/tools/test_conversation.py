"""A model that calls functions, over real sockets and the real shop: from the question to the answer."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from conversations.llm.base import ChatMessage, Reply, ToolRequest, ToolSpec
from conversations.llm.providers import OpenAICompatible
from conversations.llm.tool_rounds import MOST_ROUNDS, Rounds, answer_with_tools
from conversations.models import WhatsAppUser
from conversations.shop.models import CartItem, Order
from conversations.tools.context import LeaseLost
from conversations.tools.toolbox import Toolbox, for_turn
from sessions_app.models import Channel
from tests.conversations.builders import make_channel, receive
from tests.conversations.shop.builders import make_product
from tests.conversations.tools.builders import context_of, turn_of, unfenced
from tests.fakes.openai_compatible import FakeOpenAI, tool_calls


@pytest.fixture
def channel(transactional_db: None) -> Channel:
    return make_channel()


@pytest.fixture
def user(channel: Channel) -> WhatsAppUser:
    make_product(channel, "Pan integral", sku="PAN", price=Decimal("2.50"), stock=10)
    return receive(channel, "dos panes integrales, por favor")


def converse(openai_fake: FakeOpenAI, toolbox: Toolbox, *replies: str | dict[str, Any]) -> Rounds:
    """Let the fake model play `replies` in a conversation with the functions of `toolbox`."""
    openai_fake.configure(replies=replies)
    provider = OpenAICompatible("openai", "sk-test", openai_fake.base_url, "gpt-5.4-mini", 5.0)

    def ask(messages: Sequence[ChatMessage], specs: Sequence[ToolSpec]) -> Reply | ToolRequest:
        connection.close()  # none is held while a provider thinks
        return provider.complete(messages, tools=specs)

    return answer_with_tools(
        [ChatMessage("system", "Sell."), ChatMessage("user", "dos panes integrales, por favor")],
        specs=toolbox.specs,
        ask=ask,
        run=toolbox.run,
        seconds=30,
    )


def told(openai_fake: FakeOpenAI) -> list[dict[str, Any]]:
    """What the model was told by functions, in its last request."""
    messages = openai_fake.requests[-1].body["messages"]
    return [unfenced(message["content"]) for message in messages if message["role"] == "tool"]


def test_a_customer_buys_in_one_turn(openai_fake: FakeOpenAI, user: WhatsAppUser) -> None:
    toolbox = for_turn(context_of(user))

    result = converse(
        openai_fake,
        toolbox,
        tool_calls(("search_products", {"text": "pan integral"}), ("product_stock", {"sku": "PAN"})),
        tool_calls(("cart_add", {"sku": "PAN", "quantity": 2})),
        tool_calls(("place_order", {"note": ""})),
        "Listo: pedido 1 por 5.00 USD.",
    )

    assert result.reply.text == "Listo: pedido 1 por 5.00 USD."
    assert result.used == ("search_products", "product_stock", "cart_add", "place_order")
    assert list(result.used) == toolbox.used
    order = Order.objects.get()
    assert (order.user, order.number, order.total) == (user, 1, Decimal("5.00"))
    found, stock, cart, placed = told(openai_fake)
    assert (found["products"][0]["sku"], stock["in_stock"]) == ("PAN", 10)
    assert (cart["total"], placed["order_number"]) == ("5.00 USD", 1)
    assert len(openai_fake.requests) == 4
    assert result.reply.usage.input_tokens == sum(answer.usage.input_tokens for answer in result.answers)


def test_mistakes_are_told_and_can_be_mended(openai_fake: FakeOpenAI, user: WhatsAppUser) -> None:
    result = converse(
        openai_fake,
        for_turn(context_of(user)),
        tool_calls(
            ("cart_add", '{"sku": "PAN", '), ("add_to_basket", {"sku": "PAN"}), ("cart_add", {"sku": 7})
        ),
        tool_calls(("cart_add", {"sku": "PAN", "quantity": 50})),
        "No hay tantos.",
    )

    broken, unknown, wrong, refused = told(openai_fake)
    assert "not valid JSON" in broken["error"]
    assert "no such function" in unknown["error"]
    assert wrong["error"] == "Not done: sku: Input should be a valid string"
    assert refused["refused"] == "out_of_stock"
    assert result.reply.text == "No hay tantos."
    assert not CartItem.objects.exists()


def test_fifty_calls_at_once_are_cut(openai_fake: FakeOpenAI, user: WhatsAppUser) -> None:
    calls = [("cart_add", {"sku": "PAN"})] * 50

    result = converse(openai_fake, for_turn(context_of(user)), tool_calls(*calls), "Van ocho.")

    assert result.reply.text == "Van ocho."
    assert CartItem.objects.get().quantity == 8


def test_a_model_that_only_calls_is_made_to_answer(openai_fake: FakeOpenAI, user: WhatsAppUser) -> None:
    rounds = [tool_calls(("cart_show", {}))] * MOST_ROUNDS

    result = converse(openai_fake, for_turn(context_of(user)), *rounds, "Su carrito está vacío.")

    assert result.reply.text == "Su carrito está vacío."
    assert len(openai_fake.requests) == MOST_ROUNDS + 1
    last = openai_fake.requests[-1].body
    assert "tools" not in last
    assert last["messages"][-1]["role"] == "system"


def test_a_person_is_wanted(openai_fake: FakeOpenAI, user: WhatsAppUser) -> None:
    toolbox = for_turn(context_of(user))

    result = converse(openai_fake, toolbox, tool_calls(("hand_over_to_person", {})), "Ya le atienden.")

    assert toolbox.wants_person
    assert result.reply.text == "Ya le atienden."


def test_a_worker_that_lost_the_customer_asks_no_more(openai_fake: FakeOpenAI, user: WhatsAppUser) -> None:
    toolbox = for_turn(context_of(user, still_ours=lambda: False))

    with pytest.raises(LeaseLost):
        converse(openai_fake, toolbox, tool_calls(("cart_add", {"sku": "PAN"})), "Listo.")

    assert not CartItem.objects.exists()
    assert len(openai_fake.requests) == 1


def test_a_text_that_asks_for_another_customer_reaches_nobody_else(
    openai_fake: FakeOpenAI, channel: Channel, user: WhatsAppUser
) -> None:
    victim = turn_of(channel, sender="573009999999")

    converse(
        openai_fake,
        for_turn(context_of(user)),
        tool_calls(("cart_add", {"sku": "PAN", "phone": "573009999999"}), ("cart_add", {"sku": "PAN"})),
        tool_calls(
            ("place_order", {"to": "573009999999"}),
            ("place_order", {"note": "for 573009999999"}),
            ("track_order", {"number": 1, "customer": "573009999999"}),
        ),
        "Listo.",
    )

    errors = [json.dumps(result) for result in told(openai_fake) if "error" in result]
    assert len(errors) == 3
    assert "573009999999" not in "".join(errors)
    assert Order.objects.get().user == user
    assert victim.used == []
    assert not CartItem.objects.exists()
