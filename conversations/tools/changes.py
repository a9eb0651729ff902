"""Changes made once, however often a turn is run.

The note of a change and the change are one transaction, which also holds the customer for this worker: a
worker that dies before the commit has done nothing, and one that dies after it leaves the note.
"""

from collections import Counter
from typing import Any

from django.db import transaction

from conversations.models import ExecutedCall
from conversations.shop.services.catalogue import LONGEST_SKU
from conversations.shop.text import one_line
from conversations.tools.arguments import Arguments
from conversations.tools.context import ToolContext
from conversations.tools.results import Result
from conversations.tools.table import Change

_NOT_KEPT = {"sku", "note"}
"""Arguments that stand elsewhere, or are the customer's own words."""


class Changes:
    """The changes of one turn. The n-th of a kind and subject is the n-th of an earlier attempt."""

    def __init__(self, context: ToolContext) -> None:
        self._context = context
        self._made: Counter[tuple[str, str]] = Counter()

    def make(self, name: str, change: Change, arguments: Arguments) -> tuple[Result, bool]:
        """Make the change, or show what there is when it was made before; returns that and whether it was.

        Raises ShopRefusal, which does not count as one, and LeaseLost.
        """
        subject = one_line(change.subject(arguments), LONGEST_SKU)
        occurrence = self._made[name, subject]
        with transaction.atomic():
            self._context.require_ours()
            note, is_new = ExecutedCall.objects.get_or_create(
                message_id=self._context.message_id,
                name=name,
                subject=subject,
                occurrence=occurrence,
                defaults={"details": arguments.model_dump(exclude=_NOT_KEPT)},
            )
            result = change.run(self._context, arguments, occurrence) if is_new else {}
        self._made[name, subject] += 1
        if is_new:
            return result, False
        return _told_again(note.details, change.repeated(self._context, arguments, occurrence)), True


def _told_again(details: dict[str, Any], result: Result) -> Result:
    return {"already_done": details or True, **result}
