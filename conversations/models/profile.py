"""How the assistant presents itself: a profile per channel, in versions that are never changed."""

from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from conversations.llm.opening_hours import OpeningHours, week_from_json
from conversations.llm.profile import Profile
from conversations.llm.prompts import INSTRUCTIONS_CHARACTERS
from sessions_app.models import Channel


class Tone(models.TextChoices):
    FRIENDLY = "friendly", _("friendly")
    FORMAL = "formal", _("formal")
    BRIEF = "brief", _("brief")
    LIVELY = "lively", _("lively")


class AnswerLanguage(models.TextChoices):
    CUSTOMERS = "", _("the customer's")
    SPANISH = "es", _("Spanish")
    ENGLISH = "en", _("English")
    PORTUGUESE = "pt", _("Portuguese")


def validate_timezone(name: str) -> None:
    """Refuse what is no IANA name of a time zone."""
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise ValidationError(_("This is no time zone: America/Bogota would be one.")) from None


class AssistantProfile(models.Model):
    """The assistant of one channel or, with none set, of all channels that have no profile of their own."""

    channel = models.OneToOneField(
        Channel,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="assistant_profile",
        verbose_name=_("channel"),
        help_text=_("Empty: for all channels without a profile of their own."),
    )
    active = models.ForeignKey(
        "ProfileVersion",
        on_delete=models.RESTRICT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("version in use"),
    )

    class Meta:
        verbose_name = _("assistant profile")
        verbose_name_plural = _("assistant profiles")
        constraints = [
            # Also for no channel: NULLs alone would not collide.
            models.UniqueConstraint(
                Coalesce("channel", 0),
                name="assistant_profile_one_per_channel",
                violation_error_message=_("There is such a profile already."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.channel) if self.channel else str(_("all channels"))


class ProfileVersion(models.Model):
    """What was decided about an assistant at one time.

    A version newer than the active one is a draft. `week` is what opening_hours.week_to_json makes.
    """

    profile = models.ForeignKey(
        AssistantProfile, on_delete=models.CASCADE, related_name="versions", verbose_name=_("profile")
    )
    number = models.PositiveIntegerField(_("number"), editable=False)
    instructions = models.TextField(
        _("instructions"),
        blank=True,
        max_length=INSTRUCTIONS_CHARACTERS,
        help_text=_("How the assistant is to answer; empty: the site's own."),
    )
    tone = models.CharField(_("tone"), max_length=10, choices=Tone, default=Tone.FRIENDLY)
    language = models.CharField(
        _("language of the answers"), max_length=5, blank=True, choices=AnswerLanguage, default=""
    )
    week = models.JSONField(_("opening hours"), default=dict, blank=True)
    timezone = models.CharField(
        _("time zone"), max_length=50, default="America/Bogota", validators=[validate_timezone]
    )
    holidays = models.CharField(
        _("holidays and exceptions"),
        max_length=400,
        blank=True,
        help_text=_("In your own words: 25 December closed, 24 December until 14:00."),
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("author"),
    )
    comment = models.CharField(
        _("comment"), max_length=200, blank=True, help_text=_("What this version changes, for the history.")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("profile version")
        verbose_name_plural = _("profile versions")
        ordering = ("-number",)
        constraints = [
            models.UniqueConstraint(fields=("profile", "number"), name="profile_version_number_unique"),
        ]

    def __str__(self) -> str:
        return str(_("version %(number)d") % {"number": self.number})

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store a new version. Raises TypeError for one that is stored: the history is not rewritten."""
        if not self._state.adding:
            raise TypeError("a profile's version is never changed")
        super().save(*args, **kwargs)

    def as_profile(self) -> Profile:
        """Return the version as the prompt takes it."""
        hours = None
        if self.week or self.holidays:
            hours = OpeningHours(self.timezone, week_from_json(self.week), self.holidays)
        return Profile(self.instructions, self.tone, self.language, hours)


class ProfileTrial(models.Model):
    """A simulated customer whom `version` answers instead of the profile in use: somebody tries it.

    `identity` is the customer's in the simulator, who need not have written yet.
    """

    identity = models.CharField(_("identity"), max_length=50, unique=True)
    version = models.ForeignKey(ProfileVersion, on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("profile trial")
        verbose_name_plural = _("profile trials")

    def __str__(self) -> str:
        return f"{self.identity} · {self.version}"
