"""Loading the demonstration. Doing it again changes nothing that is there."""

from django.db import transaction
from django.db.models.functions import Now

from conversations.demo.catalogue import seed_catalogue
from conversations.demo.conversations import CONVERSATIONS, DemoConversation
from conversations.demo.devices import seed_devices
from conversations.demo.knowledge import KNOWLEDGE
from conversations.demo.profile import seed_profile
from conversations.models import Author, Direction, KnowledgeEntry, Message, OutboundState
from conversations.services.identities import user_locked
from conversations.services.messages import outbound_append
from conversations.services.threads import open_thread
from sessions_app.models import Channel, ChannelKind
from sessions_app.providers.base import Identity, IdentityKind

SIMULATOR_SLUG = "simulator"


@transaction.atomic
def seed() -> dict[str, int]:
    """Make the simulator's channel, its catalogue, the knowledge base, some conversations and sessions.

    Returns how many are new.
    """
    channel, created = Channel.objects.get_or_create(
        slug=SIMULATOR_SLUG, defaults={"kind": ChannelKind.SIMULATOR, "name": "Casa Sol"}
    )
    return {
        "channels": int(created),
        "profiles": int(seed_profile(channel)),
        "knowledge": sum(
            _seed_entry(language, *entry) for language, entries in KNOWLEDGE.items() for entry in entries
        ),
        "products": seed_catalogue(channel),
        "sessions": seed_devices(),
        "conversations": sum(_seed_conversation(channel, demo) for demo in CONVERSATIONS),
    }


def _seed_entry(language: str, question: str, answer: str) -> bool:
    _, created = KnowledgeEntry.objects.get_or_create(
        channel=None, language=language, question=question, defaults={"answer": answer}
    )
    return created


def _seed_conversation(channel: Channel, demo: DemoConversation) -> bool:
    user = user_locked(channel, (Identity(IdentityKind.WA_ID, demo.wa_id),))
    if user.last_sequence:
        return False
    user.name, user.labels = demo.name, demo.labels
    thread = open_thread(user)
    for turn in demo.turns:
        user.last_sequence += 1
        Message.objects.create(
            channel=channel,
            user=user,
            thread=thread,
            direction=Direction.IN,
            author=Author.CUSTOMER,
            sequence=user.last_sequence,
            external_id=f"demo-{demo.wa_id}-{user.last_sequence}",
            text=turn.question,
            state=turn.state,
            reason="no_answer_known" if turn.state == "held" else "",
        )
        user.save()
        outbound_append(
            user,
            turn.answer,
            author=Author.ASSISTANT,
            thread=thread,
            state=OutboundState.READ,
            accepted_at=Now(),
            delivered_at=Now(),
            read_at=Now(),
        )
        user.refresh_from_db()
    user.last_inbound_at = Now()
    user.save(update_fields=["last_inbound_at"])
    return True
