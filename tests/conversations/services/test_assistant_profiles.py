"""Which profile answers whom, and versions that are made and never changed."""

import importlib
import threading
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from pytest_django import DjangoAssertNumQueries, Settings

from conversations.llm.opening_hours import OpeningHours, parse_intervals
from conversations.llm.profile import Profile
from conversations.models import AssistantProfile, ProfileVersion, WhatsAppUser
from conversations.services import turns
from conversations.services.assistant_profiles import (
    ProfileInUse,
    profile_in_use,
    version_publish,
    version_save,
)
from conversations.services.simulator import try_version
from sessions_app.models import Channel
from tests.conversations.builders import make_channel, outbound_texts, receive
from tests.fakes.openai_compatible import FakeOpenAI

MONDAY = {"mon": [["09:00", "18:00"]]}


def content(instructions: str = "Eres Sol.", **values: Any) -> dict[str, Any]:
    defaults = {"tone": "formal", "language": "", "week": {}, "timezone": "America/Lima", "holidays": ""}
    return {"instructions": instructions, **(defaults | values)}


def make_profile(channel: Channel | None, instructions: str = "Eres Sol.", **values: Any) -> AssistantProfile:
    """A profile with its first version in use."""
    profile = AssistantProfile.objects.create(channel=channel)
    version_save(profile, content=content(instructions, **values), author=None)
    profile.refresh_from_db()
    return profile


def draft_of(profile: AssistantProfile, instructions: str = "Eres Luna.") -> ProfileVersion:
    return version_save(profile, content=content(instructions), author=None, publish=False)


def instructions_for(user: WhatsAppUser) -> str:
    return profile_in_use(user).profile.instructions


def numbers_of(profile: AssistantProfile) -> tuple[list[int], int | None]:
    """The numbers of all versions, newest first, and of the one in use."""
    profile.refresh_from_db()
    used = profile.active.number if profile.active else None
    return [version.number for version in profile.versions.all()], used


@pytest.fixture
def user(channel: Channel) -> WhatsAppUser:
    return receive(channel, "hola")


def test_a_channels_own_profile_goes_before_the_one_for_all(user: WhatsAppUser, settings: Settings) -> None:
    settings.ASSISTANT_INSTRUCTIONS = "From the environment."
    assert instructions_for(user) == "From the environment."
    make_profile(make_channel("other", phone_number_id="2"), "Another channel's.")
    assert instructions_for(user) == "From the environment."
    make_profile(None, "For all.")
    assert instructions_for(user) == "For all."
    make_profile(user.channel, "Its own.")
    assert instructions_for(user) == "Its own."


def test_a_version_without_instructions_has_those_of_the_environment(
    user: WhatsAppUser, settings: Settings
) -> None:
    settings.ASSISTANT_INSTRUCTIONS = "From the environment."
    make_profile(user.channel, "  \n", week=MONDAY, holidays="25 Dec")

    week = (parse_intervals("9:00-18:00"), *(((),) * 6))
    hours = OpeningHours("America/Lima", week, "25 Dec")
    expected = Profile("From the environment.", "formal", "", hours)
    assert profile_in_use(user) == ProfileInUse(expected, user.channel_id)


def test_instructions_that_a_channel_still_has_are_used_until_it_has_a_profile(user: WhatsAppUser) -> None:
    user.channel.instructions = "The channel's."

    assert instructions_for(user) == "The channel's."


def test_looking_the_profile_up_is_one_query(
    user: WhatsAppUser, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_profile(None)
    make_profile(user.channel)

    with django_assert_num_queries(1):
        profile_in_use(user)


def test_a_version_is_saved_and_used(channel: Channel) -> None:
    author = User.objects.create_user("ana")
    profile = make_profile(channel)

    version = version_save(profile, content=content("Eres Luna."), author=author, comment="Nuevo nombre")

    assert (version.number, version.author, version.comment) == (2, author, "Nuevo nombre")
    assert numbers_of(profile) == ([2, 1], 2)


def test_a_draft_is_not_used_until_it_is_published(user: WhatsAppUser) -> None:
    profile = make_profile(user.channel)
    draft = draft_of(profile)
    assert instructions_for(user) == "Eres Sol."

    used = version_publish(draft, author=User.objects.create_user("ana"), comment="")

    assert used == draft
    assert numbers_of(profile) == ([2, 1], 2)
    assert instructions_for(user) == "Eres Luna."


def test_the_first_version_may_be_a_draft_too(user: WhatsAppUser, settings: Settings) -> None:
    settings.ASSISTANT_INSTRUCTIONS = "From the environment."
    profile = AssistantProfile.objects.create(channel=user.channel)

    draft_of(profile)

    assert numbers_of(profile) == ([1], None)
    assert instructions_for(user) == "From the environment."


def test_the_same_content_makes_no_version_but_publishes_the_draft(channel: Channel) -> None:
    profile = make_profile(channel)
    draft = draft_of(profile)

    assert version_save(profile, content=content("Eres Luna."), author=None) == draft
    assert numbers_of(profile) == ([2, 1], 2)


def test_going_back_makes_a_copy(channel: Channel) -> None:
    author = User.objects.create_user("ana")
    profile = make_profile(channel)
    version_save(profile, content=content("Eres Luna."), author=author)
    first = profile.versions.get(number=1)

    used = version_publish(first, author=author, comment="Copy of version 1.")

    assert (used.number, used.instructions, used.comment) == (3, "Eres Sol.", "Copy of version 1.")
    assert numbers_of(profile) == ([3, 2, 1], 3)


def test_a_version_is_never_changed(channel: Channel) -> None:
    version = make_profile(channel).versions.get()
    version.instructions = "Something else."

    with pytest.raises(TypeError, match="never changed"):
        version.save()

    version.refresh_from_db()
    assert version.instructions == "Eres Sol."


def test_a_channel_has_one_profile_and_so_have_all(channel: Channel) -> None:
    for owner in (channel, None):
        make_profile(owner)
        with pytest.raises(IntegrityError), transaction.atomic():
            make_profile(owner)


def test_two_who_save_at_once_make_two_versions(live_channel: Channel) -> None:
    profile = make_profile(live_channel)
    start = threading.Barrier(2)

    def save(name: str) -> None:
        start.wait()
        version_save(profile, content=content(name), author=None)
        connection.close()

    savers = [threading.Thread(target=save, args=(name,)) for name in ("Eres Ana.", "Eres Eva.")]
    for saver in savers:
        saver.start()
    for saver in savers:
        saver.join()

    assert numbers_of(profile) == ([3, 2, 1], 3)


def test_the_profile_reaches_the_model(live_channel: Channel, model: FakeOpenAI) -> None:
    make_profile(live_channel, "Eres Sol.", language="pt", week=MONDAY)
    user = receive(live_channel, "¿dónde está mi pedido?")

    turns.run_turn(user.pk)

    system = model.requests[-1].body["messages"][0]["content"]
    assert system.startswith("Eres Sol.\n\nRules")
    assert "Answer in Portuguese" in system
    assert "Monday: 09:00–18:00\nTuesday: closed" in system
    assert "\nNow: " in system


def test_a_version_on_trial_answers_in_its_own_conversation_alone(channel: Channel) -> None:
    simulator = Channel.objects.create(slug="simulator", kind="simulator")
    profile = make_profile(channel)
    chat = try_version(7, draft_of(profile))
    trying = receive(simulator, "hola", sender=chat.identity.value)
    other = receive(simulator, "hola", sender="sim-7-2")

    assert (chat.number, instructions_for(trying)) == (1, "Eres Luna.")
    assert profile_in_use(trying).channel_id == channel.pk
    assert instructions_for(other) == ""
    assert profile_in_use(other).channel_id == simulator.pk


def test_what_is_tried_in_the_simulator_reaches_the_model(
    transactional_db: None, model: FakeOpenAI, settings: Settings
) -> None:
    settings.BUFFER_SECONDS = 0
    simulator = Channel.objects.create(slug="simulator", kind="simulator")
    chat = try_version(7, draft_of(make_profile(None)))
    user = receive(simulator, "hola", sender=chat.identity.value)

    turns.run_turn(user.pk)

    assert model.requests[-1].body["messages"][0]["content"].startswith("Eres Luna.")
    assert outbound_texts(user) == ["re: hola"]


def test_a_trial_never_reaches_a_real_customer(channel: Channel) -> None:
    make_profile(channel)
    chat = try_version(7, draft_of(make_profile(None)))

    assert instructions_for(receive(channel, "hola", sender=chat.identity.value)) == "Eres Sol."


def test_trying_again_begins_another_conversation(channel: Channel) -> None:
    simulator = Channel.objects.create(slug="simulator", kind="simulator")
    draft = draft_of(make_profile(channel))
    first = try_version(7, draft)
    receive(simulator, "hola", sender=first.identity.value)

    assert (first.number, try_version(7, draft).number, try_version(8, draft).number) == (1, 2, 1)


def test_the_migration_makes_a_channels_instructions_its_first_version(channel: Channel) -> None:
    Channel.objects.filter(pk=channel.pk).update(instructions="Eres Sol.")
    make_channel("without", phone_number_id="2")
    migration = importlib.import_module("conversations.migrations.0010_profiles")

    migration.take_over_instructions(apps, None)

    profile = AssistantProfile.objects.get()
    assert profile.channel == channel
    assert profile.active is not None
    assert (profile.active.number, profile.active.instructions) == (1, "Eres Sol.")
    assert profile.active.as_profile() == Profile("Eres Sol.", "friendly", "", None)
