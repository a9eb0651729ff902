"""Kept and pinned answers in the admin: seen, dropped, pinned, by whom that is allowed, and logged."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from botsite.caching import process
from conversations.models import KnowledgeEntry, PinnedAnswer, Run, Thread
from conversations.services.assistant_profiles import channel_profile
from conversations.services.response_cache import Plan, reply_for
from sessions_app.models import Channel
from tests.conversations.builders import make_channel, receive
from tests.conversations.services.cache_cases import Maker, must_not_make, planned, reply_of
from tests.staff import administrator, signed_in

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/admin/conversations/pinnedanswer/"
PAGE = f"{LIST}cached/"
VIEW = "conversations.view_pinnedanswer"
DROP = "conversations.drop_cachedanswer"


@pytest.fixture(autouse=True)
def _heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process.listener, "hears", lambda: True)


def kept(channel: Channel, question: str = "¿Venden pan?", answer: str = "Sí, <b>pan</b>.") -> Plan:
    """Keep an answer for the channel's assistant of now."""
    plan = planned(channel, question, profile=channel_profile(channel))
    reply_for(plan, Maker(reply_of(answer)))
    return plan


def is_kept(plan: Plan) -> bool:
    return reply_for(plan, Maker()).source == "cached"


def page(client: Client, url: str = PAGE, **data: Any) -> str:
    response = client.get(url, data)
    assert response.status_code == 200
    return response.content.decode()


def post(client: Client, step: str, **data: Any) -> str:
    response = client.post(f"{PAGE}{step}/", data, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def pin(client: Client, **values: Any) -> str:
    defaults = {"question": "¿Venden pan?", "answer": "Claro.", "language": "", "channel": ""}
    return client.post(f"{LIST}add/", defaults | values, follow=True).content.decode()


def answered_run(channel: Channel, key: str, usd: str | None, **values: Any) -> Run:
    user = receive(channel, "hola")
    thread, _ = Thread.objects.get_or_create(user=user, closed_at=None)
    saved = None if usd is None else Decimal(usd)
    defaults: dict[str, Any] = {"state": "completed", "provider": "cache"}
    return Run.objects.create(thread=thread, epoch=1, cache_key=key, saved_usd=saved, **(defaults | values))


def test_the_page_tells_what_is_kept_for_a_channel(channel: Channel) -> None:
    plan = kept(channel)
    answered_run(channel, plan.key, "0.001")
    answered_run(channel, plan.key, None)
    other = make_channel("other", phone_number_id="2")
    kept(other, "¿Venden queso?")

    text = page(administrator(), channel=channel.pk)

    assert "¿Venden pan?" in text
    assert "Sí, &lt;b&gt;pan&lt;/b&gt;." in text
    assert "openai · gpt-5.4-mini · es" in text
    assert "0 minutes old" in text
    assert re.search(r"given 2 times · saved USD 0[.,]0010", text)
    assert "of another version" not in text
    assert "queso" not in text
    assert "queso" in page(another_reader(), channel=other.pk)


def another_reader() -> Client:
    return signed_in(VIEW, name="reader")


def test_what_is_not_given_any_more_is_marked(channel: Channel) -> None:
    kept(channel)
    KnowledgeEntry.objects.create(channel=channel, question="¿Pan?", answer="No.")

    assert "of another version" in page(administrator())


def test_the_page_costs_the_same_however_much_is_kept(channel: Channel) -> None:
    client = administrator()
    page(client)
    queries = []
    for number in ("pan", "queso", "leche"):
        kept(channel, f"¿venden {number}?")
        with CaptureQueriesContext(connection) as captured:
            page(client)
        queries.append(len(captured))

    assert queries[0] == queries[2] <= 12


@pytest.mark.parametrize("channel_id", ["", "x", "4711"])
def test_a_channel_that_is_not_there_leads_to_the_first(channel: Channel, channel_id: str) -> None:
    kept(channel)

    assert "¿Venden pan?" in page(administrator(), channel=channel_id)


def test_without_channels_there_is_nothing(db: None) -> None:
    assert "Nothing is kept" in page(administrator())


def test_without_redis_the_page_says_so(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process.listener, "hears", lambda: False)

    assert "Redis does not answer" in page(administrator())


def test_an_answer_is_dropped_and_that_is_logged_without_its_text(channel: Channel) -> None:
    plan, other = kept(channel), kept(channel, "¿venden queso?")

    text = post(administrator(), "drop", channel=channel.pk, key=plan.key)

    assert "Dropped. The next who asks gets a new answer." in text
    assert (is_kept(plan), is_kept(other)) == (False, True)
    entry = LogEntry.objects.get()
    assert entry.change_message == f"Dropped the cached answer {plan.key[:12]}."
    assert str(entry.user) == "administrator"


def test_all_answers_of_a_channel_are_dropped_and_no_others(channel: Channel) -> None:
    other = make_channel("other", phone_number_id="2")
    plans = [kept(channel), kept(channel, "¿venden queso?"), kept(other)]

    assert "All dropped." in post(administrator(), "drop-all", channel=channel.pk)

    assert [is_kept(plan) for plan in plans] == [False, False, True]
    assert LogEntry.objects.get().change_message == "Dropped all cached answers."


@pytest.mark.parametrize(
    ("step", "data"),
    [
        ("drop", {}),
        ("drop", {"key": "*"}),
        ("drop", {"key": "a" * 64, "channel": "4711"}),
        ("drop-all", {}),
        ("drop-all", {"channel": "*"}),
    ],
)
def test_what_is_not_named_rightly_drops_nothing(channel: Channel, step: str, data: dict[str, str]) -> None:
    plan = kept(channel)

    assert "There is no such" in post(administrator(), step, **data)

    assert is_kept(plan)
    assert not LogEntry.objects.exists()


def test_who_may_only_look_drops_and_pins_nothing(channel: Channel) -> None:
    plan = kept(channel)
    client = signed_in(VIEW)

    text = page(client)

    assert "¿Venden pan?" in text
    assert "/drop" not in text
    assert f"{LIST}add/" not in text
    assert client.post(f"{PAGE}drop/", {"channel": channel.pk, "key": plan.key}).status_code == 403
    assert client.post(f"{PAGE}drop-all/", {"channel": channel.pk}).status_code == 403
    assert is_kept(plan)


def test_dropping_has_a_permission_of_its_own(channel: Channel) -> None:
    plan = kept(channel)

    post(signed_in(VIEW, DROP), "drop", channel=channel.pk, key=plan.key)

    assert not is_kept(plan)


def test_who_may_not_look_sees_nothing(channel: Channel) -> None:
    assert signed_in().get(PAGE).status_code == 403
    assert Client().get(PAGE).status_code == 302


def test_it_takes_a_post_with_a_token(channel: Channel) -> None:
    client = administrator()
    assert [client.get(f"{PAGE}{step}/").status_code for step in ("drop", "drop-all")] == [405, 405]
    client.handler.enforce_csrf_checks = True

    assert client.post(f"{PAGE}drop-all/", {"channel": channel.pk}).status_code == 403


def test_a_kept_answer_is_taken_over_edited_and_pinned(channel: Channel) -> None:
    plan, client = kept(channel), administrator()
    form = page(client, f"{LIST}add/", channel=channel.pk, key=plan.key)
    assert "¿Venden pan?" in form
    assert "Sí, &lt;b&gt;pan&lt;/b&gt;.</textarea>" in form
    assert re.search(rf'<option value="{channel.pk}" selected>', form)
    assert '<option value="es" selected>' in form

    pin(client, answer="Todos los días.", channel=channel.pk, language="es")

    [pinned] = PinnedAnswer.objects.all()
    assert (str(pinned.author), pinned.answer) == ("administrator", "Todos los días.")
    again = planned(channel, "venden pan")
    assert reply_for(again, must_not_make).reply.text == "Todos los días."
    assert LogEntry.objects.get().action_flag == 1


def test_what_is_gone_meanwhile_is_no_obstacle(channel: Channel) -> None:
    form = page(administrator(), f"{LIST}add/", channel=channel.pk, key="a" * 64)

    assert re.search(rf'<option value="{channel.pk}" selected>', form)


def test_an_answer_is_unpinned_by_deleting_the_pin(channel: Channel) -> None:
    client = administrator()
    pin(client)
    pinned = PinnedAnswer.objects.get()
    assert reply_for(planned(channel, "¿Venden pan?"), must_not_make).source == "pinned"

    client.post(f"{LIST}{pinned.pk}/delete/", {"post": "yes"})

    assert reply_for(planned(channel, "¿Venden pan?"), Maker()).source == "made"
    assert LogEntry.objects.filter(action_flag=3).count() == 1


@pytest.mark.parametrize("question", ["sí", "2", "¿dónde está mi pedido?", "¿lo venden?", "ﷺ" * 200])
def test_what_depends_on_who_asks_cannot_be_pinned(db: None, question: str) -> None:
    text = pin(administrator(), question=question, answer="Lo de siempre.")

    assert "Only a question that is complete in itself" in text
    assert "Lo de siempre.</textarea>" in text
    assert not PinnedAnswer.objects.exists()


def test_a_question_is_pinned_once_for_whom_it_concerns(channel: Channel) -> None:
    client = administrator()
    pin(client)

    assert "There is a pinned answer to this question already." in pin(client, question="VENDEN PAN")

    pin(client, channel=channel.pk)
    pin(client, language="en")
    assert PinnedAnswer.objects.count() == 3


def test_the_list_leads_to_the_cache(channel: Channel) -> None:
    client = administrator()
    pin(client, answer="palabra " * 40)

    text = page(client, LIST)

    assert f'href="{PAGE}"' in text
    assert "palabra…" in text
    assert f'href="{PAGE}"' in page(signed_in(VIEW), LIST)
