"""What is remembered of customers: stored after a turn, read before the next, kept and erased by staff."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from conversations.llm.memory import REPLACED_BY_THE_NEXT, Fact, extract_facts
from conversations.llm.prompt_parts import FACT_CHARACTERS
from conversations.llm.text import one_line_text
from conversations.models import (
    Author,
    CustomerMemory,
    Direction,
    MemoryAuthor,
    Message,
    Run,
    Thread,
    WhatsAppUser,
)

MOST_FACTS = 30
"""Of one customer. More make the oldest of the assistant's go; staff are told when theirs are too many."""


class MemoryFull(Exception):
    """Staff noted MOST_FACTS facts already."""


def kept_facts(user: WhatsAppUser) -> QuerySet[CustomerMemory]:
    """Return the facts that are not erased, the newest first."""
    return CustomerMemory.objects.filter(user=user, erased_at=None).order_by("-pk")


def facts_of(user: WhatsAppUser) -> tuple[str, ...]:
    """Return the remembered facts' texts, the newest first, each once."""
    return tuple(dict.fromkeys(kept_facts(user).values_list("text", flat=True)[:MOST_FACTS]))


def remember_turn(user: WhatsAppUser, run: Run, messages: Iterable[Message]) -> int:
    """Store what the customer stated about themselves in the messages that `run` answered; returns how much.

    Nothing stated (by far the most turns): no query. The same messages again change nothing, and do not bring
    back what was erased meanwhile. To be called in the turn's transaction: the lock on the user's row keeps
    two from storing the same.
    """
    stated = [
        (message, fact)
        for message in messages
        if message.direction == Direction.IN and message.author == Author.CUSTOMER and message.kind == "text"
        for fact in extract_facts(message.text)
    ]
    if not stated:
        return 0
    with transaction.atomic():
        new = [fact for message, fact in stated if _store(user, run, message, fact)]
        _forget_the_oldest(user)
    return len(new)


def fact_note(user: WhatsAppUser, text: str) -> CustomerMemory | None:
    """Note a fact for staff, in one line; None when the very same is remembered already.

    Raises MemoryFull when as many as may be are noted by staff.
    """
    with transaction.atomic():
        WhatsAppUser.objects.select_for_update(no_key=True).get(pk=user.pk)
        if kept_facts(user).filter(author=MemoryAuthor.STAFF).count() >= MOST_FACTS:
            raise MemoryFull
        text = one_line_text(text, FACT_CHARACTERS)
        fact, is_new = CustomerMemory.objects.get_or_create(
            user=user,
            text__iexact=text,
            erased_at=None,
            defaults={"text": text, "author": MemoryAuthor.STAFF},
        )
        _forget_the_oldest(user)
    return fact if is_new else None


def fact_erase(user: WhatsAppUser, pk: int) -> bool:
    """Erase a fact of this user for good; False when there is none such (any more)."""
    return bool(_erase(kept_facts(user).filter(pk=pk)))


def summary_erase(user: WhatsAppUser) -> bool:
    """Erase the notes on what was said before the user's open thread, and in those before it."""
    return bool(Thread.objects.filter(user=user).exclude(summary="").update(summary=""))


def _store(user: WhatsAppUser, run: Run, message: Message, fact: Fact) -> bool:
    """Store one fact, unless this message has given it before or the very same is remembered."""
    if CustomerMemory.objects.filter(source=message, kind=fact.kind).exists():
        return False
    if kept_facts(user).filter(text__iexact=fact.text).exists():
        return False
    if fact.kind in REPLACED_BY_THE_NEXT:
        _erase(kept_facts(user).filter(kind=fact.kind))
    CustomerMemory.objects.create(
        user=user, kind=fact.kind, text=fact.text, author=MemoryAuthor.ASSISTANT, source=message, run=run
    )
    return True


def _forget_the_oldest(user: WhatsAppUser) -> None:
    excess = kept_facts(user).count() - MOST_FACTS
    if excess > 0:
        oldest = kept_facts(user).filter(author=MemoryAuthor.ASSISTANT).order_by("pk")
        _erase(CustomerMemory.objects.filter(pk__in=oldest.values("pk")[:excess]))


def _erase(facts: QuerySet[CustomerMemory]) -> int:
    return facts.update(text="", erased_at=Now())
