"""What a model is shown, in which order, and what is left out when there is not room for all."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.llm.base import ChatMessage
from conversations.llm.opening_hours import OpeningHours, parse_intervals
from conversations.llm.profile import DEFAULT_INSTRUCTIONS, TONES, Profile
from conversations.llm.prompt_parts import ENTRY_CHARACTERS, CartLine, Customer, Snippet
from conversations.llm.prompts import (
    MESSAGE_CHARACTERS,
    build_impersonal_messages,
    build_messages,
    prompt_version,
)
from conversations.llm.tokens import estimated_tokens

QUESTION = ChatMessage("user", "¿hay wifi?")
HOURS = OpeningHours("America/Bogota", (parse_intervals("9:00-18:00"),) * 5 + ((), ()), "25 Dec closed")
SATURDAY = datetime(2026, 11, 21, 15, 5, tzinfo=UTC)
SOL = Customer(
    name="Sol",
    labels=("VIP", "mayorista"),
    memory=("soy celíaca", "vivo en Cali"),
    cart=(CartLine(2, "Pan", "3.50 USD"),),
)


def build(*turns: ChatMessage, profile: Profile = Profile(), **values: Any) -> list[ChatMessage]:  # noqa: B008
    defaults: dict[str, Any] = {"language": "es", "knowledge": (), "budget": 5_000}
    return build_messages(profile=profile, turns=turns, **(defaults | values))


def system_of(**values: Any) -> str:
    return build(QUESTION, **values)[0].content


def everything(budget: int) -> str:
    """All parts of the prompt in one text, of a customer with a history and a burst."""
    turns = [ChatMessage("user", "old-1"), ChatMessage("assistant", "old-2")]
    turns += [ChatMessage("user", "burst-1"), ChatMessage("user", "newest")]
    prompt = build(
        *turns,
        profile=Profile(hours=HOURS),
        knowledge=[Snippet("best", "x" * 80), Snippet("worst", "x" * 80)],
        customer=SOL,
        summary="so-far",
        now=SATURDAY,
        budget=budget,
    )
    return "\n".join(message.content for message in prompt)


def test_the_default_instructions_are_in_the_language_of_the_channel() -> None:
    assert system_of().startswith(DEFAULT_INSTRUCTIONS["es"])
    assert system_of(language="en").startswith(DEFAULT_INSTRUCTIONS["en"])
    assert system_of(language="fr").startswith(DEFAULT_INSTRUCTIONS["en"])


def test_own_instructions_replace_the_default_and_keep_the_rules() -> None:
    system, question = build(QUESTION, profile=Profile("Eres Sol."))

    assert system.role == "system"
    assert system.content.startswith("Eres Sol.\n\nRules")
    assert "Never invent" in system.content
    assert "<knowledge>\n" not in system.content
    assert question == QUESTION


def test_the_language_of_the_answers_is_the_customers_unless_the_profile_has_one() -> None:
    assert "Answer in the language of the customer's last message." in system_of()

    fixed = system_of(profile=Profile(language="pt"))

    assert "Answer in Portuguese" in fixed
    assert "customer's last message" not in fixed
    assert fixed.startswith(DEFAULT_INSTRUCTIONS["pt"])


@pytest.mark.parametrize("tone", TONES)
def test_the_tone_is_a_rule(tone: str) -> None:
    system = system_of(profile=Profile(tone=tone))

    assert [other for other, rule in TONES.items() if f"- {rule}\n" in system] == [tone]


def test_the_hours_say_whether_the_business_is_open_now() -> None:
    system = system_of(profile=Profile(hours=HOURS), now=SATURDAY)

    assert "Friday: 09:00–18:00\nSaturday: closed\nSunday: closed\nExceptions: 25 Dec closed\n" in system
    assert "Now: Saturday 2026-11-21 10:05: closed by this week\n</hours>" in system
    friday = system_of(profile=Profile(hours=HOURS), now=SATURDAY.replace(day=20))
    assert "Now: Friday 2026-11-20 10:05: open by this week\n</hours>" in friday


def test_unknown_hours_are_not_closed_ones() -> None:
    unknown = OpeningHours("America/Bogota", ((),) * 7, "Closed on Easter")

    system = system_of(profile=Profile(hours=unknown), now=SATURDAY)

    assert "<hours>\nExceptions: Closed on Easter\nNow: Saturday 2026-11-21 10:05\n</hours>" in system
    assert "<hours>\n" not in system_of(profile=Profile(hours=replace(unknown, holidays="")), now=SATURDAY)


def test_the_customer_is_shown_between_tags() -> None:
    system = system_of(customer=SOL, summary="Asked for bread.")

    assert "<customer>\nName: Sol\nLabels: VIP, mayorista\n</customer>" in system
    assert "<memory>\n- soy celíaca\n- vivo en Cali\n</memory>" in system
    assert "<cart>\n- 2 for 3.50 USD: Pan\n</cart>" in system
    assert system.endswith("<summary>\nAsked for bread.\n</summary>")


def test_nothing_about_the_customer_is_in_an_impersonal_prompt() -> None:
    prompt = build_impersonal_messages(
        profile=Profile("Eres Sol.", hours=HOURS),
        language="es",
        knowledge=[Snippet("¿Wifi?", "Sí.")],
        question="¿hay wifi?",
    )

    assert [message.role for message in prompt] == ["system", "user"]
    assert prompt[1] == QUESTION
    assert "¿Wifi?\nSí." in prompt[0].content
    assert [
        tag for tag in ("customer", "memory", "cart", "summary") if f"<{tag}>\n" in prompt[0].content
    ] == []


def test_an_impersonal_prompt_does_not_say_what_time_it_is() -> None:
    """Its answer is kept for a day: "we are open" would not stay true."""
    prompt = build_impersonal_messages(
        profile=Profile(hours=HOURS), language="es", knowledge=(), question="¿abren los sábados?"
    )

    assert "Saturday: closed" in prompt[0].content
    assert "Now:" not in prompt[0].content


def test_knowledge_is_bounded() -> None:
    bounded = system_of(knowledge=(Snippet("q", "a" * 50_000),))

    assert "a" * (ENTRY_CHARACTERS - 3) + "…\n</knowledge>" in bounded


def test_the_newest_turns_are_kept_in_order() -> None:
    turns = [ChatMessage(role, f"{number:04}" * 50) for number in range(10) for role in ("user", "assistant")]
    alone = sum(estimated_tokens(message.content) for message in build(QUESTION))

    kept = build(*turns, QUESTION, budget=alone + 3 * 52)[1:]

    assert [turn.content[:4] for turn in kept] == ["0008", "0009", "0009", "¿hay"]


def test_what_is_left_out_goes_in_a_fixed_order() -> None:
    whole = everything(5_000)
    marks = ["old-1", "old-2", "so-far", "worst", "best", "vivo en", "celíaca", "for 3.50 USD"]
    marks += ["Labels: VIP", "Name: Sol", "Now:", "burst-1"]
    assert [mark for mark in marks if mark not in whole] == []

    gone = [[mark for mark in marks if mark not in everything(budget)] for budget in range(600, 0, -1)]

    assert [lost for lost in gone if lost != marks[: len(lost)]] == []
    assert gone[-1] == marks
    assert "newest" in everything(1)


@given(st.lists(st.text(max_size=900), max_size=30), st.integers(min_value=400, max_value=3_000))
def test_a_prompt_keeps_to_its_budget(texts: list[str], budget: int) -> None:
    turns = [ChatMessage("user" if place % 2 else "assistant", text) for place, text in enumerate(texts)]
    customer = Customer(name="".join(texts), memory=texts, labels=texts)

    prompt = build(*turns, ChatMessage("user", "¿hay wifi?"), customer=customer, budget=max(budget, 450))

    assert sum(estimated_tokens(message.content) for message in prompt) <= max(budget, 450)
    assert prompt[-1].content.endswith("¿hay wifi?")


def test_a_burst_is_one_message() -> None:
    burst = [ChatMessage("user", "hola"), ChatMessage("user", "¿hay wifi?")]

    assert build(ChatMessage("assistant", "¡Hola!"), *burst)[1:] == [
        ChatMessage("assistant", "¡Hola!"),
        ChatMessage("user", "hola\n¿hay wifi?"),
    ]


def test_the_last_message_is_kept_but_clipped() -> None:
    (last,) = build(ChatMessage("user", "old"), ChatMessage("user", "x" * 100_000), budget=100)[1:]

    assert last.content == "x" * (MESSAGE_CHARACTERS - 1) + "…"


def test_the_version_is_the_same_for_the_same_and_another_for_everything_else() -> None:
    profile = Profile("Eres Sol.", "formal", "es", HOURS)
    others = [
        (replace(profile, instructions="Eres Luna."), "1"),
        (replace(profile, tone="brief"), "1"),
        (replace(profile, language=""), "1"),
        (replace(profile, hours=None), "1"),
        (replace(profile, hours=replace(HOURS, holidays="")), "1"),
        (profile, "2"),
    ]

    version = prompt_version(profile=profile, knowledge_state="1")

    assert version == prompt_version(profile=replace(profile), knowledge_state="1")
    assert len(version) == 64
    assert len({version, *(prompt_version(profile=p, knowledge_state=k) for p, k in others)}) == 7
