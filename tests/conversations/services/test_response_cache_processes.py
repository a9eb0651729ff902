"""Several processes: one makes an answer for all, and what outdates it is known everywhere."""

from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import User
from django.db import connection

from conversations.models import AssistantProfile, KnowledgeEntry, PinnedAnswer, WhatsAppUser
from conversations.services.assistant_profiles import version_publish, version_save
from sessions_app.models import Channel
from tests.conversations.builders import receive
from tests.conversations.services.answer_peer import AnswerPeer, started
from tests.conversations.services.cache_cases import QUESTION
from tests.processes import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.stack]

CONTENT = {"tone": "formal", "language": "", "week": {}, "timezone": "America/Lima", "holidays": ""}


@pytest.fixture(scope="module")
def peers(django_db_setup: None) -> Iterator[tuple[AnswerPeer, AnswerPeer]]:
    name = str(connection.settings_dict["NAME"])
    with started(name) as one, started(name) as other:
        yield one, other


@pytest.fixture
def user(channel: Channel) -> WhatsAppUser:
    return receive(channel, QUESTION)


@pytest.fixture
def entry(channel: Channel) -> KnowledgeEntry:
    return KnowledgeEntry.objects.create(channel=channel, question=QUESTION, answer="A las nueve.")


@pytest.fixture
def profile(channel: Channel) -> AssistantProfile:
    profile = AssistantProfile.objects.create(channel=channel)
    version_save(profile, content={"instructions": "Eres Sol.", **CONTENT}, author=None)
    version_save(profile, content={"instructions": "Eres Mar.", **CONTENT}, author=None, publish=False)
    return profile


def test_what_one_process_made_another_gives(
    peers: tuple[AnswerPeer, AnswerPeer], user: WhatsAppUser
) -> None:
    assert peers[0].ask(user.pk, QUESTION, "first") == ("first", "made")

    assert peers[1].ask(user.pk, QUESTION, "second") == ("first", "cached")


def test_all_processes_wait_for_the_one_that_makes_it(
    peers: tuple[AnswerPeer, AnswerPeer], user: WhatsAppUser
) -> None:
    for number, peer in enumerate(peers):
        peer.tell(user.pk, QUESTION, str(number), hold=2.5)

    answers = [peer.answer() for peer in peers]

    assert sorted(source for _, source in answers) == ["cached", "made"]
    assert len({text for text, _ in answers}) == 1


def _edit_knowledge() -> None:
    entry = KnowledgeEntry.objects.get()
    entry.answer = "A las diez."
    entry.save()


def _switch_knowledge_off() -> None:
    KnowledgeEntry.objects.update(is_active=False)


def _delete_knowledge() -> None:
    KnowledgeEntry.objects.all().delete()


def _import_knowledge() -> None:
    KnowledgeEntry.objects.bulk_create([KnowledgeEntry(question="¿Wifi?", answer="Sí")])


def _use_another_version() -> None:
    profile = AssistantProfile.objects.get()
    version_publish(profile.versions.get(number=2), author=User.objects.create_user("ana"), comment="")


@pytest.mark.parametrize(
    "change",
    [_edit_knowledge, _switch_knowledge_off, _delete_knowledge, _import_knowledge, _use_another_version],
)
def test_what_was_made_before_a_change_is_given_by_no_process_after_it(
    peers: tuple[AnswerPeer, AnswerPeer],
    user: WhatsAppUser,
    entry: KnowledgeEntry,
    profile: AssistantProfile,
    change: Callable[[], None],
) -> None:
    for peer in peers:
        assert peer.ask(user.pk, QUESTION, "before")[0] == "before"

    change()

    # Other processes hear of it a moment later, and what they made meanwhile is not kept for later.
    wait_until(lambda: peers[0].ask(user.pk, QUESTION, "after") == ("after", "cached"))
    wait_until(lambda: peers[1].ask(user.pk, QUESTION, "unused") == ("after", "cached"))


def test_an_answer_begun_before_a_change_is_not_given_after_it(
    peers: tuple[AnswerPeer, AnswerPeer], user: WhatsAppUser, entry: KnowledgeEntry
) -> None:
    peers[0].tell(user.pk, QUESTION, "before", hold=0.5, aloud=True)
    assert peers[0].answer() == ("before", "making")

    _edit_knowledge()

    assert peers[0].answer()[0] == "before"
    wait_until(lambda: peers[1].ask(user.pk, QUESTION, "after") == ("after", "cached"))
    assert peers[0].ask(user.pk, QUESTION, "unused") == ("after", "cached")


def test_a_pin_is_given_by_every_process(peers: tuple[AnswerPeer, AnswerPeer], user: WhatsAppUser) -> None:
    for peer in peers:
        peer.ask(user.pk, QUESTION, "made")

    PinnedAnswer.objects.create(question=QUESTION, answer="Desde las 8.")

    wait_until(lambda: peers[0].ask(user.pk, QUESTION, "") == ("Desde las 8.", "pinned"))
    wait_until(lambda: peers[1].ask(user.pk, QUESTION, "") == ("Desde las 8.", "pinned"))
