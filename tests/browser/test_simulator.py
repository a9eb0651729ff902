"""The simulator as people use it: type, wait for the bubble, lose the connection, write again."""

import re

import pytest
from playwright.sync_api import Page, expect

from conversations.models import Message
from sessions_app.models import Channel
from tests.browser.conftest import Open, is_within_the_window
from tests.processes import wait_until

pytestmark = pytest.mark.browser


def write(page: Page, text: str) -> None:
    page.get_by_placeholder("Escribe un mensaje").fill(text)
    page.keyboard.press("Enter")


def last_answer(page: Page) -> str:
    return page.locator(".bubble--assistant .bubble__text").last.inner_text()


@pytest.mark.parametrize("width", [1440, 390])
def test_a_customer_signs_in_asks_and_is_answered(open_page: Open, width: int) -> None:
    page = open_page("/simulator/", width=width, signed_in=False)
    page.get_by_label("Nombre de usuario").fill("boss")
    page.get_by_label("Contraseña").fill("a long password")
    page.get_by_role("button", name="Iniciar sesión").click()

    write(page, "hola")
    expect(page.locator(".bubble--assistant")).to_have_count(1)
    write(page, "¿A qué hora abren?")
    expect(page.locator(".bubble--assistant")).to_have_count(2)

    assert "8:00 a 20:00" in last_answer(page)
    expect(page.locator(".bubble--own .tick--read")).to_have_count(2)
    expect(page.get_by_text("en línea")).to_be_visible()
    assert is_within_the_window(page)


def test_the_phone_reports_what_was_read(open_page: Open) -> None:
    page = open_page("/simulator/")
    write(page, "hola")
    expect(page.locator(".bubble--assistant")).to_have_count(1)

    sent = Message.objects.filter(direction="out", user__identities__value__startswith="sim-")
    wait_until(lambda: sent.get().state == "read")
    assert sent.get().accepted_at is not None


def test_a_question_that_nobody_can_answer_waits_for_a_person(open_page: Open) -> None:
    page = open_page("/simulator/")

    page.get_by_role("button", name="¿Tienen piscina climatizada?").click()

    expect(page.locator("[data-presence]")).to_have_text("espera a una persona")
    expect(page.locator(".bubble--assistant")).to_have_count(1)


def test_a_hasty_double_click_sends_one_message(open_page: Open) -> None:
    page = open_page("/simulator/")
    page.get_by_placeholder("Escribe un mensaje").fill("hola")

    page.get_by_role("button", name="Enviar").dblclick()

    expect(page.locator(".bubble--assistant")).to_have_count(1)
    expect(page.locator(".bubble--own")).to_have_count(1)


def test_messages_arrive_in_the_order_in_which_they_were_written(open_page: Open) -> None:
    page = open_page("/simulator/")
    texts = [f"mensaje {number}" for number in range(6)]

    for text in texts:
        write(page, text)

    expect(page.locator(".bubble--draft")).to_have_count(0)
    assert page.locator(".bubble--own .bubble__text").all_inner_texts() == texts


def test_shift_and_enter_make_a_new_line(open_page: Open) -> None:
    page = open_page("/simulator/")
    page.get_by_placeholder("Escribe un mensaje").fill("hola")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("buenas")

    assert page.locator(".bubble").count() == 0
    page.keyboard.press("Enter")

    expect(page.locator(".bubble--own .bubble__text")).to_have_text(re.compile("hola\nbuenas"))
    expect(page.locator(".bubble--assistant")).to_have_count(1)  # nothing is under way when the test ends


def test_without_a_connection_nothing_is_lost_or_doubled(open_page: Open) -> None:
    page = open_page("/simulator/")
    expect(page.locator("[data-empty]")).to_be_visible()
    page.context.set_offline(True)
    write(page, "hola")
    expect(page.get_by_text("Sin conexión con el servidor")).to_be_visible()
    page.context.set_offline(False)

    page.get_by_role("button", name="No se envió. Reintentar").click()

    expect(page.locator(".bubble--assistant")).to_have_count(1)
    expect(page.locator(".bubble--own")).to_have_count(1)
    expect(page.get_by_text("Sin conexión con el servidor")).to_be_hidden()


def test_a_new_conversation_is_a_new_customer(open_page: Open) -> None:
    page = open_page("/simulator/")
    write(page, "hola")
    expect(page.locator(".bubble--assistant")).to_have_count(1)
    page.reload()

    page.get_by_role("link", name="Nueva conversación").click()

    expect(page.locator("[data-empty]")).to_be_visible()
    expect(page.locator(".bubble")).to_have_count(0)
    page.get_by_role("link", name="Conversación 1").click()
    expect(page.locator(".bubble")).to_have_count(2)


def test_a_channel_that_is_switched_off_says_so(open_page: Open) -> None:
    Channel.objects.update(is_active=False)

    page = open_page("/simulator/")

    expect(page.get_by_text("El canal del simulador está apagado")).to_be_visible()
    expect(page.get_by_placeholder("Escribe un mensaje")).to_be_disabled()
