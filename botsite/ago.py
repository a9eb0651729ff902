"""How long ago something was, for people."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext


def ago(moment: datetime) -> str:
    """Return "4 minutes ago", and "just now" for less than a minute, in the active language."""
    if timezone.now() - moment < timedelta(minutes=1):
        return gettext("just now")
    return gettext("%(time)s ago") % {"time": timesince(moment)}
