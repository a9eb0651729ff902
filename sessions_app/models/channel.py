"""The channel: one WhatsApp number of one business. It is the tenant that everything else belongs to."""

from django.core.validators import validate_slug
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from botsite.encryption import EncryptedTextField
from sessions_app.providers.base import Account


class ChannelKind(models.TextChoices):
    CLOUD_API = "cloud_api", _("WhatsApp Cloud API (Meta)")
    WHAPI = "whapi", "Whapi"
    EVOLUTION = "evolution", "Evolution API"
    WAHA = "waha", "WAHA"
    GATEWAY = "gateway", _("Own device gateway")
    SIMULATOR = "simulator", _("Simulator")


class UnknownSendPolicy(models.TextChoices):
    """What to do with a send whose outcome stays unknown after the time given to statuses."""

    PARK = "park", _("Park it for a person")
    RESEND = "resend", _("Send it again (the customer may get it twice)")


class Channel(models.Model):
    """A number or connection of one provider, with its secrets (stored encrypted)."""

    slug = models.CharField(_("slug"), max_length=50, unique=True, validators=[validate_slug])
    name = models.CharField(_("name"), max_length=100, blank=True)
    kind = models.CharField(_("kind"), max_length=20, choices=ChannelKind)
    is_active = models.BooleanField(_("active"), default=True)
    language = models.CharField(
        _("language"), max_length=5, default="es", choices=[("es", _("Spanish")), ("en", _("English"))]
    )
    instructions = models.TextField(
        _("instructions"), blank=True, help_text=_("How the assistant is to answer; empty: the site's own.")
    )

    phone_number_id = models.CharField(_("phone number id"), max_length=50, blank=True)
    base_url = models.CharField(
        _("base URL"), max_length=300, blank=True, help_text=_("Empty: the provider's own address.")
    )
    # Typed on a page, not set by the operator: only public and allowed addresses are called.
    base_url_guarded = models.BooleanField(default=False, editable=False)
    api_version = models.CharField(_("API version"), max_length=10, blank=True)
    instance = models.CharField(_("instance"), max_length=100, blank=True)
    app_secret = EncryptedTextField(_("app secret"), blank=True, default="")
    previous_app_secret = EncryptedTextField(
        _("previous app secret"), blank=True, default="", help_text=_("Still accepted while it is rotated.")
    )
    access_token = EncryptedTextField(_("access token"), blank=True, default="")
    verify_token = EncryptedTextField(_("verify token"), blank=True, default="")

    unknown_send_policy = models.CharField(
        _("sends with an unknown outcome"),
        max_length=10,
        choices=UnknownSendPolicy,
        default=UnknownSendPolicy.PARK,
    )
    window_template = models.CharField(_("template outside the 24-hour window"), max_length=200, blank=True)
    window_template_takes_text = models.BooleanField(
        _("the template takes the text"),
        default=False,
        help_text=_("Its one parameter is what would have been said."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        ordering = ("slug",)
        constraints = [
            models.UniqueConstraint(
                fields=("kind", "phone_number_id"),
                condition=~Q(phone_number_id=""),
                name="channel_phone_number_id_unique",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.slug

    def account(self) -> Account:
        """Return the channel as the provider adapters see it."""
        return Account(
            slug=self.slug,
            kind=self.kind,
            base_url=self.base_url,
            guarded=self.base_url_guarded,
            api_version=self.api_version,
            phone_number_id=self.phone_number_id,
            instance=self.instance,
            access_token=self.access_token,
            verify_token=self.verify_token,
            app_secrets=tuple(filter(None, (self.app_secret, self.previous_app_secret))),
        )
