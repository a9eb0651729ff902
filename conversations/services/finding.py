"""Finding the one customer that an operator means, by number of the user or any name."""

from django.db.models import Q

from conversations.models import WhatsAppUser
from conversations.services.refusals import Refusal
from conversations.services.user_lookup import survivor_of, users_named


class NotOne(Refusal):
    """Nobody is meant, or more than one."""


def user_meant(text: str, *, channel: str = "") -> WhatsAppUser:
    """Return the customer with this number in admin (`12` or `#12`) or of this name, at `channel` if given.

    Raises NotOne. A phone number wins over the number of a user.
    """
    within = Q(channel__slug=channel) if channel else Q()
    found = [] if text.startswith("#") else users_named(text, within=within)
    found = found or _numbered(text.removeprefix("#"), within)
    if len(found) == 1:
        return found[0]
    if not found:
        raise NotOne("no_such_user", "There is no such user.")
    numbers = ", ".join(f"#{user.pk} at {user.channel.slug}" for user in found)
    raise NotOne("several_users", f"Several users are known by this name: {numbers}. Give one's number.")


def _numbered(digits: str, within: Q) -> list[WhatsAppUser]:
    """Return the customer of this number in admin, or whom that one was merged into."""
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 19):
        return []
    found = list(WhatsAppUser.objects.filter(within, pk=int(digits)))
    survivor = None if found else survivor_of(int(digits))
    return [survivor] if survivor else found
