"""Staff in the browser: reading a conversation, answering it, and every page in every dress."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from conversations.models import KnowledgeEntry, Message, WhatsAppUser
from sessions_app.models import Channel
from tests.browser.conftest import Open, is_within_the_window

pytestmark = pytest.mark.browser


def transcript_address(user: WhatsAppUser) -> str:
    return reverse("admin:conversations_whatsappuser_change", args=[user.pk])


def waiting_customer() -> WhatsAppUser:
    return WhatsAppUser.objects.filter(messages__state="held").get()


@pytest.mark.parametrize("width", [1440, 390])
def test_a_person_answers_from_the_start_page_on(open_page: Open, width: int) -> None:
    user = waiting_customer()
    page = open_page("/admin/", width=width)
    page.get_by_role("link", name=str(user)).click()
    expect(page.locator(".badge--held")).to_be_visible()

    page.get_by_placeholder("Responde como persona").fill("Claro, envíanos el NIT.")
    page.locator(".reply button").click()

    expect(page.locator(".bubble--staff .bubble__text")).to_have_text("Claro, envíanos el NIT.")
    expect(page.locator(".bubble--staff .tick--single")).to_be_visible()
    expect(page.locator(".badge--held")).to_have_count(0)
    page.get_by_role("button", name="Reanudar el asistente").click()
    expect(page.get_by_role("button", name="Pausar el asistente")).to_be_visible()
    assert is_within_the_window(page)


def test_the_reply_reaches_the_customer_and_new_messages_appear_by_themselves(open_page: Open) -> None:
    phone = open_page("/simulator/")
    phone.get_by_role("button", name="¿Tienen piscina climatizada?").click()
    expect(phone.locator("[data-presence]")).to_have_text("espera a una persona")
    user = WhatsAppUser.objects.get(identities__value__startswith="sim-")
    staff = open_page(transcript_address(user))

    staff.get_by_placeholder("Responde como persona").fill("Hoy no, mañana sí.")
    staff.locator(".reply button").click()

    expect(phone.get_by_text("Hoy no, mañana sí.")).to_be_visible()
    expect(phone.locator("[data-presence]")).to_have_text("te atiende una persona")
    phone.get_by_placeholder("Escribe un mensaje").fill("¡Gracias!")
    phone.keyboard.press("Enter")
    expect(staff.get_by_text("¡Gracias!")).to_be_visible()
    expect(staff.locator(".bubble--staff .tick--read")).to_be_visible()


def addresses() -> list[str]:
    user = waiting_customer()
    return [
        "/admin/",
        "/dashboard/",
        "/simulator/",
        transcript_address(user),
        reverse("admin:whatsappuser_edit", args=[user.pk]),
        reverse("admin:conversations_message_changelist"),
        reverse("admin:conversations_message_change", args=[Message.objects.values_list("pk", flat=True)[0]]),
        reverse("admin:conversations_whatsappuser_changelist"),
        reverse("admin:conversations_knowledgeentry_changelist"),
        reverse("admin:conversations_knowledgeentry_change", args=[KnowledgeEntry.objects.all()[0].pk]),
        reverse("admin:conversations_run_changelist"),
        reverse("admin:conversations_thread_changelist"),
        reverse("admin:sessions_app_channel_changelist"),
        reverse("admin:sessions_app_channel_change", args=[user.channel_id]),
        reverse("admin:sessions_app_channel_add"),
        reverse("admin:monitoring_breakerevent_changelist"),
        reverse("admin:monitoring_alert_changelist"),
        reverse("admin:monitoring_alertrule_changelist"),
        reverse("admin:monitoring_notification_changelist"),
        reverse("admin:monitoring_notificationtarget_add"),
        reverse("admin:sessions_app_forward_changelist"),
        reverse("admin:costs"),
        reverse("dashboard-health"),
        reverse("dashboard-sessions"),
        reverse("admin:password_change"),
    ]


def test_long_names_push_no_column_of_a_list_out_of_sight(open_page: Open) -> None:
    WhatsAppUser.objects.update(name="María Fernanda Rodríguez-Santamaría de los Ángeles y Castellanos")
    Channel.objects.update(name="Tienda del Centro, sucursal con un nombre larguísimo")
    Message.objects.filter(direction="in").update(text="A" * 300)

    page = open_page(reverse("admin:conversations_message_changelist"))

    fits = "document.querySelector('.results').scrollWidth <= document.querySelector('.results').clientWidth"
    assert page.evaluate(fits)
    page.goto(reverse("admin:conversations_whatsappuser_changelist"))
    assert page.evaluate(fits)


def test_the_days_are_chosen_on_a_phone_however_long_a_channels_name(open_page: Open) -> None:
    Channel.objects.update(name="Tienda del Centro, sucursal con un nombre larguísimo")

    assert is_within_the_window(open_page(reverse("dashboard-sessions"), width=390))


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize(("dark", "language"), [(False, "es"), (True, "en")], ids=["light-es", "dark-en"])
def test_every_page_fits_and_keeps_its_security_policy(
    open_page: Open, width: int, dark: bool, language: str
) -> None:
    page = open_page("/admin/", width=width, dark=dark, language=language)

    for address in addresses():
        response = page.goto(address)
        assert response is not None
        assert response.status == 200, address
        assert is_within_the_window(page), address


def test_language_and_theme_are_the_readers_choice(open_page: Open) -> None:
    page = open_page("/dashboard/")
    expect(page.get_by_role("heading", name="Panel")).to_be_visible()

    page.get_by_role("button", name="EN").click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.locator(".theme-toggle").click()

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
