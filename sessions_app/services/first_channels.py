"""The channels that the environment describes: made once, then kept in the database alone."""

import secrets

from django.conf import settings
from django.db import IntegrityError, transaction

from botsite.telemetry.logging import get_logger
from sessions_app.models import Channel, ChannelKind

WHAPI_SLUG = "whapi"

log = get_logger("channels")


def first_channels_create() -> None:
    """Make the Whapi channel when WHAPI_TOKEN is set and there is no channel of its kind.

    Its webhook secret is random: staff make one that they can copy with an action in admin. A slug that
    somebody else took meanwhile is left alone.
    """
    if not settings.WHAPI_TOKEN or Channel.objects.filter(kind=ChannelKind.WHAPI).exists():
        return
    try:
        with transaction.atomic():
            Channel.objects.create(
                slug=WHAPI_SLUG,
                name="Whapi",
                kind=ChannelKind.WHAPI,
                base_url=settings.WHAPI_BASE_URL,
                access_token=settings.WHAPI_TOKEN,
                app_secret=secrets.token_urlsafe(32),
            )
    except IntegrityError:
        log.warning("FIRST_CHANNEL_NOT_MADE", slug=WHAPI_SLUG, error="the slug is taken")
    else:
        log.info("FIRST_CHANNEL_MADE", slug=WHAPI_SLUG)
