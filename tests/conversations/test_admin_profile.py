"""Assistants' profiles in the admin: each saving makes a version, and each can be compared, tried, used."""

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from conversations.llm.opening_hours import DAYS
from conversations.models import AssistantProfile, ProfileTrial
from sessions_app.models import Channel
from tests.conversations.builders import make_channel
from tests.staff import administrator, signed_in

pytestmark = pytest.mark.django_db
LIST = "/admin/conversations/assistantprofile/"
FORM = {
    "instructions": "Eres Sol.\r\nAlquilamos casas.",  # as browsers send it
    "tone": "formal",
    "language": "",
    "mon": "9:00-13:00, 15:00-19:00",
    "timezone": "America/Lima",
    "holidays": "",
    "comment": "Primera",
}
SAVE, DRAFT, TRY = {"_save": "1"}, {"_draft": "1"}, {"_try": "1"}


@pytest.fixture
def client() -> Client:
    return administrator()


@pytest.fixture
def profile(client: Client, channel: Channel) -> AssistantProfile:
    """A profile that was added through the form."""
    return added(client, channel)


def added(client: Client, channel: Channel | None) -> AssistantProfile:
    answer = client.post(f"{LIST}add/", FORM | {"channel": channel.pk if channel else ""} | SAVE)
    assert answer.status_code == 302, answer.content.decode()
    return AssistantProfile.objects.get(channel=channel)


def page_of(profile: AssistantProfile, step: str = "change/") -> str:
    return f"{LIST}{profile.pk}/{step}"


def change(client: Client, profile: AssistantProfile, **values: Any) -> str:
    """Save the profile's form with other values, based on the newest version; returns what is shown next."""
    newest = {"based_on": profile.versions.latest("number").number}
    answer = client.post(page_of(profile), FORM | newest | values, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def state_of(profile: AssistantProfile) -> tuple[list[int], int | None]:
    profile.refresh_from_db()
    used = profile.active.number if profile.active else None
    return [version.number for version in profile.versions.all()], used


def html(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def test_a_profile_is_added_with_its_first_version(client: Client, profile: AssistantProfile) -> None:
    version = profile.versions.get()

    assert profile.active == version
    assert (version.number, version.tone, version.comment) == (1, "formal", "Primera")
    assert (version.timezone, version.week) == (
        "America/Lima",
        {"mon": [["09:00", "13:00"], ["15:00", "19:00"]]},
    )
    assert str(version.author) == "administrator"


def test_the_form_shows_the_newest_version(client: Client, profile: AssistantProfile) -> None:
    change(client, profile, instructions="Eres Luna.", **DRAFT)

    page = html(client, page_of(profile))

    assert "Eres Luna.</textarea>" in page
    assert 'value="09:00–13:00, 15:00–19:00"' in page
    assert re.search(r'name="based_on" value="2"', page)
    assert 'value="Primera"' not in page


def test_saving_makes_a_version_and_uses_it(client: Client, profile: AssistantProfile) -> None:
    page = change(client, profile, instructions="Eres Luna.", **SAVE)

    assert state_of(profile) == ([2, 1], 2)
    assert "Version 2 is in use." in page
    assert profile.versions.get(number=1).instructions == "Eres Sol.\nAlquilamos casas."


def test_a_draft_is_kept_and_not_used(client: Client, profile: AssistantProfile) -> None:
    page = change(client, profile, instructions="Eres Luna.", **DRAFT)

    assert state_of(profile) == ([2, 1], 1)
    assert "Version 2 is kept as a draft" in page
    assert page.count("badge--pending") == 1


def test_saving_what_is_there_already_makes_no_version(client: Client, profile: AssistantProfile) -> None:
    page = change(client, profile, mon="09.00 – 13.00; 15:00-19:00", **DRAFT)

    assert state_of(profile) == ([1], 1)
    assert "Version 1 is in use." in page


def test_nobody_overwrites_what_they_have_not_seen(client: Client, profile: AssistantProfile) -> None:
    change(client, profile, instructions="Eres Luna.", **SAVE)

    page = change(client, profile, instructions="Eres Mar.", based_on=1, **SAVE)

    assert "Somebody has saved another version meanwhile" in page
    assert "Eres Mar.</textarea>" in page
    assert state_of(profile) == ([2, 1], 2)


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"mon": "9-5"}, "“9-5” is no opening time that fits here."),
        ({"tue": "9:00-13:00, 12:00-15:00"}, "“12:00-15:00” is no opening time that fits here."),
        ({"timezone": "Mars/Olympus"}, "Select a valid choice."),
        ({"tone": "rude"}, "Select a valid choice."),
        ({"instructions": "x" * 8_001}, "at most 8000 characters"),
        ({"holidays": "x" * 401}, "at most 400 characters"),
    ],
)
def test_bad_values_are_refused_and_nothing_typed_is_lost(
    client: Client, profile: AssistantProfile, values: dict[str, str], complaint: str
) -> None:
    page = change(client, profile, comment="Segunda", **values, **SAVE)

    assert complaint in page
    assert 'value="Segunda"' in page
    assert state_of(profile) == ([1], 1)


def test_a_second_profile_for_the_same_is_refused(client: Client, profile: AssistantProfile) -> None:
    added(client, None)

    for channel in (profile.channel_id, ""):
        page = client.post(f"{LIST}add/", FORM | {"channel": channel} | SAVE).content.decode()
        assert "already" in page

    assert AssistantProfile.objects.count() == 2


def test_a_version_is_compared_with_the_one_before(client: Client, profile: AssistantProfile) -> None:
    change(
        client, profile, instructions="Eres <b>Luna</b>.\nAlquilamos casas.", mon="", sun="8:00-12:00", **SAVE
    )

    page = html(client, page_of(profile, "versions/2/"))

    assert "<del>Eres Sol.</del>" in page
    assert "<ins>Eres &lt;b&gt;Luna&lt;/b&gt;.</ins>" in page
    assert 'diff__line--same">Alquilamos casas.</li>' in page
    assert "<del>Monday: 09:00–13:00, 15:00–19:00</del>" in page
    assert "<ins>Sunday: 08:00–12:00</ins>" in page
    assert page.count(">changed<") == 2


def test_any_two_versions_can_be_compared(client: Client, profile: AssistantProfile) -> None:
    change(client, profile, tone="brief", **SAVE)
    change(client, profile, tone="lively", **SAVE)

    assert "<del>brief</del>" in html(client, page_of(profile, "versions/3/"))
    assert "<del>formal</del>" in html(client, page_of(profile, "versions/3/?against=1"))
    assert "<del>brief</del>" in html(client, page_of(profile, "versions/3/?against=mañana"))
    assert "<del>" not in html(client, page_of(profile, "versions/1/"))


def test_going_back_is_a_new_version_and_is_logged(client: Client, profile: AssistantProfile) -> None:
    change(client, profile, instructions="Eres Luna.", **SAVE)
    assert "Go back to this version" in html(client, page_of(profile, "versions/1/"))

    page = client.post(page_of(profile, "versions/1/use/"), follow=True).content.decode()

    assert "Version 3 is in use." in page
    assert state_of(profile) == ([3, 2, 1], 3)
    copy = profile.versions.get(number=3)
    assert (copy.instructions, copy.comment) == ("Eres Sol.\nAlquilamos casas.", "Copy of version 1.")
    assert LogEntry.objects.latest("pk").change_message == "Used version 1 as 3."


def test_a_draft_is_published(client: Client, profile: AssistantProfile) -> None:
    change(client, profile, instructions="Eres Luna.", **DRAFT)

    client.post(page_of(profile, "versions/2/use/"))

    assert state_of(profile) == ([2, 1], 2)


def test_trying_opens_the_simulator_with_the_version(client: Client, profile: AssistantProfile) -> None:
    answer = client.post(page_of(profile, "versions/1/try/"))

    assert (answer.status_code, answer.headers["Location"]) == (302, "/simulator?conversation=1")
    assert "Here you try version 1 of the profile for shop" in html(client, "/simulator?conversation=1")
    assert "Here you try" not in html(client, "/simulator?conversation=2")


def test_saving_to_try_keeps_a_draft_and_opens_the_simulator(
    client: Client, profile: AssistantProfile
) -> None:
    page = change(client, profile, instructions="Eres Luna.", **TRY)

    assert "Here you try version 2" in page
    assert state_of(profile) == ([2, 1], 1)
    assert ProfileTrial.objects.get().version == profile.versions.get(number=2)


def test_the_list_tells_what_is_in_use_at_bounded_cost(client: Client, profile: AssistantProfile) -> None:
    queries = []
    for number in range(3):
        with CaptureQueriesContext(connection) as captured:
            page = html(client, LIST)
        queries.append(sum("django_session" not in query["sql"] for query in captured.captured_queries))
        added(client, make_channel(f"shop-{number}", phone_number_id=str(number)))

    assert queries[2] <= queries[1] <= queries[0] + 1
    assert re.search(r'field-tone">formal<', page)
    assert re.search(r"badge--(up|closed)", page)


def test_who_may_only_look_changes_nothing(client: Client, profile: AssistantProfile) -> None:
    reader = signed_in("conversations.view_assistantprofile")

    page = html(reader, page_of(profile, "versions/1/"))

    assert "Try it" not in page
    assert "_draft" not in html(reader, page_of(profile))
    assert [reader.post(page_of(profile, f"versions/1/{step}/")).status_code for step in ("use", "try")] == [
        403,
        403,
    ]
    assert client.post(page_of(profile, "delete/"), {"post": "yes"}).status_code == 403


def test_who_may_not_look_sees_nothing(profile: AssistantProfile) -> None:
    assert signed_in().get(page_of(profile, "versions/1/")).status_code == 403


def test_what_does_not_exist_is_not_found(client: Client, profile: AssistantProfile) -> None:
    assert client.get(page_of(profile, "versions/2/")).status_code == 404
    assert client.get(f"{LIST}999/versions/1/").status_code == 404
    assert client.get(page_of(profile, "versions/1/use/")).status_code == 405


def test_every_day_has_its_field(client: Client) -> None:
    page = html(client, f"{LIST}add/")

    assert [day for day in DAYS if f'name="{day}"' not in page] == []
