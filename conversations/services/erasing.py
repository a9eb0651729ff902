"""Erasing a customer in every store, for good.

Whatever refers to the customer goes with them, models of later times included; what stays for the books
(runs, orders) loses the person and all free text. Turns and sends in the making find their user gone and
change nothing.
"""

from collections import Counter
from collections.abc import Iterator

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, transaction
from django.db.models import CharField, F, JSONField, Model, Q, TextField, Value
from django.db.models.functions import Cast, Concat, Now
from django.utils import timezone

from botsite.caching import LAYERS, invalidate_on_commit
from botsite.resilience.retry import database_retry
from botsite.telemetry import metrics
from botsite.telemetry.logging import get_logger
from conversations.models import (
    EarlyStatus,
    Erasure,
    Message,
    Run,
    RunState,
    WhatsAppUser,
)
from conversations.services import tombstones
from conversations.services.raw_items import items_naming
from conversations.services.references import belongings, rows_of

ATTEMPTS = 3
_ERASED_WITH_BOOKS: dict[str, tuple[str, ...]] = {"conversations.run": ("response_id", "error")}
"""Of models that stay and are not free text in all that may be blank: what of them is personal."""

log = get_logger("erasing")


class AlreadyErased(Exception):
    """There is no such user (any more); `erasure` is the record of it, None when there never was one."""

    def __init__(self, erasure: Erasure | None) -> None:
        super().__init__("erased before" if erasure else "no such user")
        self.erasure = erasure


def user_erase(user_id: int, *, requested_by: str = "") -> Erasure:
    """Erase the customer and return the record of it, with what there was. Raises AlreadyErased.

    `requested_by` is a member of staff's user name. One transaction: all of it or nothing.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return _erase(user_id, requested_by)
        except IntegrityError:
            log.warning("ERASURE_REPEATED", user_id=user_id, error="something new came to the user meanwhile")
    return _erase(user_id, requested_by)


@database_retry("erase")
@transaction.atomic
def _erase(user_id: int, requested_by: str) -> Erasure:
    user = WhatsAppUser.objects.filter(pk=user_id).select_for_update(no_key=True).first()
    if user is None:
        raise AlreadyErased(Erasure.objects.filter(user_pk=user_id).order_by("-pk").first())
    # Whoever works on the user has lost it from here on, and waits for this row to learn so.
    WhatsAppUser.objects.filter(pk=user_id).update(lease_epoch=F("lease_epoch") + 1, lease_until=None)
    erasure = Erasure.objects.create(
        channel_id=user.channel_id, user_pk=user_id, requested_by=requested_by, erased_at=timezone.now()
    )
    counts: Counter[str] = Counter()
    _bury(erasure, user)
    counts["admin.logentry"] = _scrub_admin_log(user)
    counts["conversations.webhookitem"] = items_naming(user).delete()[0]
    counts["conversations.earlystatus"] = _delete_early_statuses(user)
    _end_runs(user)
    counts += _scrub_what_stays(user)
    for layer in LAYERS.values():
        if "user" in layer.parts:
            invalidate_on_commit(layer, user=user_id)
    counts += Counter({label.lower(): rows for label, rows in user.delete()[1].items()})
    erasure.counts = dict(sorted((+counts).items()))
    erasure.save(update_fields=["counts"])
    transaction.on_commit(lambda: _report(erasure))
    return erasure


def _report(erasure: Erasure) -> None:
    metrics.count("erasures_total")
    log.info("USER_ERASED", user_id=erasure.user_pk, erasure_id=erasure.pk, rows=sum(erasure.counts.values()))


def _bury(erasure: Erasure, user: WhatsAppUser) -> None:
    tombstones.bury(
        erasure,
        names=user.identities.values_list("canonical", flat=True),
        message_ids=_message_ids(user),
    )


def _message_ids(user: WhatsAppUser) -> Iterator[str]:
    """Yield what a provider may still call the user's messages; the token where its id is not known yet."""
    for external_id, token in user.messages.values_list("external_id", "token").iterator(chunk_size=2000):
        yield external_id or str(token)


def _end_runs(user: WhatsAppUser) -> None:
    runs = Run.objects.filter(thread__user=user)
    runs.filter(state=RunState.ACTIVE).update(
        state=RunState.ABANDONED, finished_at=Now(), error="the customer was erased"
    )
    runs.update(channel=user.channel_id)


def _scrub_what_stays(user: WhatsAppUser) -> Counter[str]:
    """Empty the free text of rows that outlive the customer; the deletion takes the reference itself."""
    scrubbed: Counter[str] = Counter()
    for model, paths in belongings(WhatsAppUser).staying.items():
        if blank := _blank_values(model):
            # By key, for an update cannot follow look-ups into other tables.
            rows = model._base_manager.filter(pk__in=rows_of(model, paths, user).values("pk"))
            scrubbed[model._meta.label_lower] += rows.update(**blank)
    return scrubbed


def _blank_values(model: type[Model]) -> dict[str, object]:
    """Return the empty values of a model's free text: what may be blank and is not one of a few words."""
    named = _ERASED_WITH_BOOKS.get(model._meta.label_lower)
    if named is not None:
        return dict.fromkeys(named, "")
    values: dict[str, object] = {}
    for field in model._meta.concrete_fields:
        if isinstance(field, CharField | TextField) and field.blank and not field.choices:
            values[field.name] = ""
        elif isinstance(field, JSONField) and field.blank:
            values[field.name] = field.get_default()
    return values


def _scrub_admin_log(user: WhatsAppUser) -> int:
    """Leave in the admin's log who did what and when, without the names of the rows that it was done to."""
    logged = set(LogEntry.objects.values_list("content_type_id", flat=True).distinct())
    owned = belongings(WhatsAppUser)
    rows = {model: rows_of(model, paths, user) for model, paths in (owned.going | owned.staying).items()}
    rows[WhatsAppUser] = WhatsAppUser.objects.filter(pk=user.pk)
    about = _told_by_name(user)
    for model, found in rows.items():
        content_type = ContentType.objects.get_for_model(model)
        if content_type.pk in logged:
            keys = found.annotate(key=Cast("pk", TextField())).values("key")
            about |= Q(content_type=content_type, object_id__in=keys)
    entries = LogEntry.objects.filter(about)
    # Django's own notes are JSON and may name what was changed; ours are sentences without names.
    entries.filter(change_message__startswith="[").update(change_message="")
    return entries.update(object_repr=Concat(Value("#"), F("object_id")))


def _told_by_name(user: WhatsAppUser) -> Q:
    """Match entries about rows that are no more, by the names that rows of the customer show."""
    about = Q(pk=None)
    for value in user.identities.values_list("value", flat=True):
        about |= Q(object_repr__contains=value)
    for name in filter(None, (user.name, user.user_name)):
        about |= Q(object_repr=name) | Q(object_repr__startswith=f"{name} · ")
    return about


def _delete_early_statuses(user: WhatsAppUser) -> int:
    sent = Message.objects.filter(user=user).exclude(external_id="").values("external_id")
    return EarlyStatus.objects.filter(channel_id=user.channel_id, external_id__in=sent).delete()[0]
