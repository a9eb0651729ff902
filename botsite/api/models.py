"""The API key: who may call what, for which channels, and until when."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator, validate_slug
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

MAX_CALLS_PER_MINUTE = 100_000


class Scope(models.TextChoices):
    """What a key can be allowed to do; the list is closed."""

    USERS_READ = "users:read", _("read users and transcripts")
    USERS_WRITE = "users:write", _("announce changed users")
    MESSAGES_READ = "messages:read", _("read messages")
    MESSAGES_WRITE = "messages:write", _("send messages, pause and resume")
    SESSIONS_READ = "sessions:read", _("read device sessions")
    SESSIONS_WRITE = "sessions:write", _("report device sessions and QR codes")
    METRICS_READ = "metrics:read", _("read metrics")


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def live(self) -> "ApiKeyQuerySet":
        """Keys that open something now, by the database's clock."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=Now()), revoked_at=None)


class ApiKey(models.Model):
    """One key of a client. Only its hash is stored; a client that rotates has two live keys of one name."""

    name = models.CharField(_("name"), max_length=100, db_index=True, help_text=_("Who uses the key."))
    prefix = models.CharField(_("prefix"), max_length=20, unique=True, editable=False)
    secret_hash = models.CharField(max_length=64, editable=False)
    scopes = ArrayField(models.CharField(max_length=30, choices=Scope), verbose_name=_("scopes"))
    # Slugs and not a relation: channels are of a layer above this one.
    channels = ArrayField(
        models.CharField(max_length=50, validators=[validate_slug]),
        verbose_name=_("channels"),
        default=list,
        blank=True,
        help_text=_("Slugs, separated by commas. Empty: all channels."),
    )
    calls_per_minute = models.PositiveIntegerField(
        _("calls per minute"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_CALLS_PER_MINUTE)],
        help_text=_("Empty: the site's limit. Sessions and QR codes are limited by items, not by calls."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ("name", "-id")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def may_use(self, channel_slug: str) -> bool:
        return not self.channels or channel_slug in self.channels

    def channel_filter(self, lookup: str = "channel__slug") -> Q:
        """Return the condition that keeps a query to the key's channels; `lookup` leads to their slug."""
        return Q(**{f"{lookup}__in": self.channels}) if self.channels else Q()
